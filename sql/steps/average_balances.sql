-- average_balances: the average receivable of each window, three ways
-- grain:   scope_id, period_end_day, time_window, convention (begin_end, month_ends, daily)
-- inputs:  scope_windows, scope_balances, balance_dates, daily_balances, scopes
-- columns: total (Σ of the balances), parts (how many), average (total ÷ parts, rounded half away from zero to 4 decimals)
-- month_ends: the window's begin, every calendar month end strictly between, and its end. daily: every day of the window.
-- A customer has begin_end only.
-- The rounding is exact: the DOUBLE quotient is a guess, what it leaves over is computed in decimals and corrects it.
WITH begin_end AS (
    SELECT w.scope_id, w.period_end_day, w.time_window, b.net_closing + e.net_closing AS total
    FROM scope_windows AS w
    JOIN scope_balances AS b ON b.scope_id = w.scope_id AND b.day_number = w.begin_day
    JOIN scope_balances AS e ON e.scope_id = w.scope_id AND e.day_number = w.period_end_day
),
month_end_balances AS (
    SELECT b.scope_id, b.day_number, b.net_closing
    FROM scope_balances AS b
    JOIN balance_dates AS d ON d.day_number = b.day_number AND d.is_month_end
    JOIN scopes AS v ON v.scope_id = b.scope_id AND v.scope <> 'customer'
),
between_month_ends AS (
    SELECT w.scope_id, w.period_end_day, w.time_window, SUM(b.net_closing) AS total, COUNT(*) AS parts
    FROM scope_windows AS w
    JOIN month_end_balances AS b
        ON b.scope_id = w.scope_id
        AND b.day_number > w.begin_day
        AND b.day_number < w.period_end_day
    GROUP BY w.scope_id, w.period_end_day, w.time_window
),
totals AS (
    SELECT scope_id, period_end_day, time_window, 'begin_end' AS convention, CAST(total AS DECIMAL(38, 14)) AS total, CAST(2 AS BIGINT) AS parts
    FROM begin_end
    UNION ALL
    SELECT
        t.scope_id, t.period_end_day, t.time_window, 'month_ends',
        CAST(t.total + COALESCE(m.total, 0) AS DECIMAL(38, 14)),
        2 + COALESCE(m.parts, 0)
    FROM begin_end AS t
    JOIN scopes AS v ON v.scope_id = t.scope_id AND v.scope <> 'customer'
    LEFT JOIN between_month_ends AS m
        ON m.scope_id = t.scope_id
        AND m.period_end_day = t.period_end_day
        AND m.time_window = t.time_window
    UNION ALL
    SELECT w.scope_id, w.period_end_day, w.time_window, 'daily', CAST(e.balance_days - b.balance_days AS DECIMAL(38, 14)), w.days
    FROM scope_windows AS w
    JOIN daily_balances AS b ON b.scope_id = w.scope_id AND b.day_number = w.begin_day
    JOIN daily_balances AS e ON e.scope_id = w.scope_id AND e.day_number = w.period_end_day
),
guessed AS (
    SELECT t.*, CAST(CAST(total AS DOUBLE) / CAST(parts AS DOUBLE) AS DECIMAL(24, 4)) AS guess
    FROM totals AS t
),
corrected AS (
    SELECT
        scope_id, period_end_day, time_window, convention, total, parts,
        CAST(guess + CAST(CAST(total - guess * parts AS DOUBLE) / CAST(parts AS DOUBLE) AS DECIMAL(24, 4)) AS DECIMAL(24, 4)) AS quotient
    FROM guessed
),
compared AS (
    SELECT c.*, total - quotient * parts AS remainder, CAST(0.0001 AS DECIMAL(5, 4)) * parts AS step
    FROM corrected AS c
)
SELECT
    scope_id, period_end_day, time_window, convention, total, parts,
    CAST(CASE
        WHEN total >= 0 AND 2 * remainder >= step THEN quotient + CAST(0.0001 AS DECIMAL(5, 4))
        WHEN total >= 0 AND 2 * remainder < -1 * step THEN quotient - CAST(0.0001 AS DECIMAL(5, 4))
        WHEN total < 0 AND 2 * remainder > step THEN quotient + CAST(0.0001 AS DECIMAL(5, 4))
        WHEN total < 0 AND 2 * remainder <= -1 * step THEN quotient - CAST(0.0001 AS DECIMAL(5, 4))
        ELSE quotient
    END AS DECIMAL(38, 4)) AS average
FROM compared
