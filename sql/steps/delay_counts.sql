-- delay_counts: how many settled items had which delay, and took how many days, at as_of
-- grain:   scope_id, time_window, measure (delay, days_to_pay), value
-- inputs:  settled_spells, windows, settings, label_scopes, scopes
-- columns: items, amount (Σ amount_base), amount_weighted (Σ amount_base × value)
-- A spell counts in a window when it began in it and has not ended. No window needs shortening: nothing is settled before the first sale.
-- An item without a due date has no delay. A customer has trailing_3m only.
WITH counting AS (
    SELECT w.time_window, x.label_key, x.customer_key, x.delay, x.days_to_pay, x.amount_base
    FROM settled_spells AS x
    CROSS JOIN settings AS s
    JOIN windows AS w ON w.period_end_day = s.as_of_day AND x.from_day > w.begin_day
    WHERE x.until_day IS NULL AND x.has_cash
),
by_label AS (
    SELECT
        time_window, label_key, 'delay' AS measure, delay AS value,
        COUNT(*) AS items, SUM(amount_base) AS amount, SUM(amount_base * delay) AS amount_weighted
    FROM counting
    WHERE delay IS NOT NULL
    GROUP BY time_window, label_key, delay
    UNION ALL
    SELECT time_window, label_key, 'days_to_pay', days_to_pay, COUNT(*), SUM(amount_base), SUM(amount_base * days_to_pay)
    FROM counting
    GROUP BY time_window, label_key, days_to_pay
),
by_customer AS (
    SELECT
        time_window, customer_key, 'delay' AS measure, delay AS value,
        COUNT(*) AS items, SUM(amount_base) AS amount, SUM(amount_base * delay) AS amount_weighted
    FROM counting
    WHERE delay IS NOT NULL AND time_window = 'trailing_3m'
    GROUP BY time_window, customer_key, delay
    UNION ALL
    SELECT time_window, customer_key, 'days_to_pay', days_to_pay, COUNT(*), SUM(amount_base), SUM(amount_base * days_to_pay)
    FROM counting
    WHERE time_window = 'trailing_3m'
    GROUP BY time_window, customer_key, days_to_pay
),
by_scope AS (
    SELECT
        l.scope_id, l.all_scope_id, x.time_window, x.measure, x.value,
        SUM(x.items) AS items, SUM(x.amount) AS amount, SUM(x.amount_weighted) AS amount_weighted
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.time_window, x.measure, x.value
),
gathered AS (
    SELECT scope_id, time_window, measure, value, items, amount, amount_weighted
    FROM by_scope
    UNION ALL
    SELECT all_scope_id, time_window, measure, value, items, amount, amount_weighted
    FROM by_scope
    UNION ALL
    SELECT v.scope_id, x.time_window, x.measure, x.value, x.items, x.amount, x.amount_weighted
    FROM by_customer AS x
    JOIN scopes AS v ON v.customer_key = x.customer_key
)
SELECT
    scope_id,
    time_window,
    measure,
    value,
    CAST(SUM(items) AS BIGINT) AS items,
    CAST(SUM(amount) AS DECIMAL(38, 4)) AS amount,
    CAST(SUM(amount_weighted) AS DECIMAL(38, 4)) AS amount_weighted
FROM gathered
GROUP BY scope_id, time_window, measure, value
