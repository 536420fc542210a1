-- scope_settlements: the items settled in each window and how late they were
-- grain:   scope_id, period_end_day, time_window (windows with such items only; a customer has trailing_3m at as_of)
-- inputs:  settled_spells, closing_days, window_days, windows, label_scopes, scopes, settings
-- columns: settled_items, on_time_items (delay within the grace), settled_amount, on_time_amount, settled_amount_delayed (Σ amount × delay),
--          settled_cash, settled_cash_delayed (Σ of each receipt × its own delay): items with a due date settled with some cash; base currency
-- A spell counts in a window when it began there and still lasted at its end. So it is counted on the day it began, and taken back on the
-- day it ended, but only in the windows in which it also began.
WITH settled AS (
    SELECT
        x.label_key, x.customer_key, x.from_day, x.until_day, x.delay, x.amount_base, x.cash_base, x.cash_base_delayed,
        CASE WHEN x.delay <= s.on_time_grace_days THEN 1 ELSE 0 END AS on_time
    FROM settled_spells AS x
    CROSS JOIN settings AS s
    WHERE x.has_cash AND x.due_day IS NOT NULL
),
changes AS (
    SELECT
        label_key, customer_key, from_day AS anchor_day, from_day AS change_day,
        1 AS settled_items,
        on_time AS on_time_items,
        amount_base AS settled_amount,
        amount_base * on_time AS on_time_amount,
        amount_base * delay AS settled_amount_delayed,
        cash_base AS settled_cash,
        cash_base_delayed AS settled_cash_delayed
    FROM settled
    UNION ALL
    SELECT
        label_key, customer_key, from_day, until_day,
        -1, -on_time, -amount_base, -amount_base * on_time, -amount_base * delay, -cash_base, -cash_base_delayed
    FROM settled
    WHERE until_day IS NOT NULL
),
by_label AS (
    SELECT
        x.label_key, a.closing_day AS anchor_closing_day, c.closing_day AS change_closing_day,
        SUM(x.settled_items) AS settled_items, SUM(x.on_time_items) AS on_time_items,
        SUM(x.settled_amount) AS settled_amount, SUM(x.on_time_amount) AS on_time_amount, SUM(x.settled_amount_delayed) AS settled_amount_delayed,
        SUM(x.settled_cash) AS settled_cash, SUM(x.settled_cash_delayed) AS settled_cash_delayed
    FROM changes AS x
    JOIN closing_days AS a ON a.day_number = x.anchor_day
    JOIN closing_days AS c ON c.day_number = x.change_day
    GROUP BY x.label_key, a.closing_day, c.closing_day
),
in_company AS (
    SELECT
        l.scope_id, l.all_scope_id, x.anchor_closing_day, x.change_closing_day,
        SUM(x.settled_items) AS settled_items, SUM(x.on_time_items) AS on_time_items,
        SUM(x.settled_amount) AS settled_amount, SUM(x.on_time_amount) AS on_time_amount, SUM(x.settled_amount_delayed) AS settled_amount_delayed,
        SUM(x.settled_cash) AS settled_cash, SUM(x.settled_cash_delayed) AS settled_cash_delayed
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.anchor_closing_day, x.change_closing_day
),
by_scope AS (
    SELECT
        scope_id, anchor_closing_day, change_closing_day,
        settled_items, on_time_items, settled_amount, on_time_amount, settled_amount_delayed, settled_cash, settled_cash_delayed
    FROM in_company
    UNION ALL
    SELECT
        all_scope_id, anchor_closing_day, change_closing_day,
        settled_items, on_time_items, settled_amount, on_time_amount, settled_amount_delayed, settled_cash, settled_cash_delayed
    FROM in_company
)
SELECT
    x.scope_id, w.period_end_day, w.time_window,
    SUM(x.settled_items) AS settled_items, SUM(x.on_time_items) AS on_time_items,
    SUM(x.settled_amount) AS settled_amount, SUM(x.on_time_amount) AS on_time_amount, SUM(x.settled_amount_delayed) AS settled_amount_delayed,
    SUM(x.settled_cash) AS settled_cash, SUM(x.settled_cash_delayed) AS settled_cash_delayed
FROM by_scope AS x
JOIN window_days AS w ON w.closing_day = x.anchor_closing_day AND w.period_end_day >= x.change_closing_day
GROUP BY x.scope_id, w.period_end_day, w.time_window
UNION ALL
SELECT
    v.scope_id, w.period_end_day, w.time_window,
    SUM(x.settled_items), SUM(x.on_time_items),
    SUM(x.settled_amount), SUM(x.on_time_amount), SUM(x.settled_amount_delayed),
    SUM(x.settled_cash), SUM(x.settled_cash_delayed)
FROM changes AS x
CROSS JOIN settings AS s
JOIN windows AS w ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m' AND w.begin_day < x.anchor_day
JOIN scopes AS v ON v.customer_key = x.customer_key
GROUP BY v.scope_id, w.period_end_day, w.time_window
