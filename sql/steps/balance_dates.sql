-- balance_dates: the days on which balances are needed
-- grain:   day_number
-- inputs:  period_ends, windows, calendar_days
-- columns: day_number, is_period_end, is_month_end
-- Period ends, the days on which a window opens, and every month end in between (for the average of month ends).
WITH wanted AS (
    SELECT period_end_day AS day_number FROM period_ends
    UNION
    SELECT previous_month_end_day FROM period_ends
    UNION
    SELECT begin_day FROM windows
    UNION
    SELECT c.day_number
    FROM calendar_days AS c
    CROSS JOIN (SELECT MIN(begin_day) AS first_day, MAX(period_end_day) AS last_day FROM windows) AS span
    WHERE c.is_month_end AND c.day_number >= span.first_day AND c.day_number <= span.last_day
)
SELECT
    c.day_number,
    CASE WHEN e.period_end_day IS NULL THEN FALSE ELSE TRUE END AS is_period_end,
    c.is_month_end
FROM wanted AS w
JOIN calendar_days AS c ON c.day_number = w.day_number
LEFT JOIN period_ends AS e ON e.period_end_day = w.day_number
