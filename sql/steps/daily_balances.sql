-- daily_balances: the closing balance of every day, summed up day by day, for the average of daily balances
-- grain:   scope_id (customers left out), day_number: every day from the first window's opening day to as_of
-- inputs:  item_events, label_scopes, labels, rates_daily, windows, settings
-- columns: scope_id, day_number, balance_days = Σ over the days up to this one of Σ currencies of balance × that day's rate, not rounded
--          (the sum of a window is the value at its end less the value on its opening day)
-- Before a currency's first rate nothing can be open in it: such a day counts 0.
WITH span AS (
    SELECT MIN(begin_day) AS first_day FROM windows
),
by_label AS (
    SELECT
        e.label_key,
        CASE WHEN e.day_number < p.first_day THEN p.first_day ELSE e.day_number END AS day_number,
        SUM(e.side_sign * e.open_change) AS balance_change
    FROM item_events AS e
    CROSS JOIN span AS p
    GROUP BY e.label_key, CASE WHEN e.day_number < p.first_day THEN p.first_day ELSE e.day_number END
),
by_scope AS (
    SELECT s.scope_id, s.all_scope_id, l.currency, b.day_number, SUM(b.balance_change) AS balance_change
    FROM by_label AS b
    JOIN labels AS l ON l.label_key = b.label_key
    JOIN label_scopes AS s ON s.label_key = b.label_key
    GROUP BY s.scope_id, s.all_scope_id, l.currency, b.day_number
),
changes AS (
    SELECT scope_id, currency, day_number, balance_change
    FROM by_scope
    UNION ALL
    SELECT all_scope_id, currency, day_number, balance_change
    FROM by_scope
    UNION ALL
    SELECT x.scope_id, x.currency, c.day_number, 0
    FROM (
        SELECT scope_id, currency FROM by_scope
        UNION
        SELECT all_scope_id, currency FROM by_scope
    ) AS x
    CROSS JOIN settings AS s
    CROSS JOIN span AS p
    JOIN calendar_days AS c ON c.day_number >= p.first_day AND c.day_number <= s.as_of_day
),
dense AS (
    SELECT scope_id, currency, day_number, SUM(balance_change) AS balance_change
    FROM changes
    GROUP BY scope_id, currency, day_number
),
balances_by_day AS (
    SELECT
        scope_id, currency, day_number,
        SUM(balance_change) OVER (PARTITION BY scope_id, currency ORDER BY day_number ROWS UNBOUNDED PRECEDING) AS balance
    FROM dense
),
valued AS (
    SELECT b.scope_id, b.day_number, SUM(CAST(b.balance AS DECIMAL(20, 4)) * COALESCE(r.rate, CAST(0 AS DECIMAL(18, 10)))) AS balance_base
    FROM balances_by_day AS b
    LEFT JOIN rates_daily AS r ON r.currency = b.currency AND r.day_number = b.day_number
    GROUP BY b.scope_id, b.day_number
)
SELECT
    scope_id, day_number,
    SUM(balance_base) OVER (PARTITION BY scope_id ORDER BY day_number ROWS UNBOUNDED PRECEDING) AS balance_days
FROM valued
