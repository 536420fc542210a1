-- windows: the windows that end at each period end, before any is shortened to a scope's first invoice
-- grain:   period_end_day, time_window (month, trailing_3m, trailing_12m, trailing_90d)
-- inputs:  period_ends, calendar_days
-- columns: period_end_day, time_window, begin_day (the day before the first day: the opening balance stands there)
-- At a month end the window is whole calendar months; inside a month it begins after the same day n months before,
-- clipped where that month is shorter.
WITH lengths AS (
    SELECT 'month' AS time_window, 1 AS months
    UNION ALL SELECT 'trailing_3m', 3
    UNION ALL SELECT 'trailing_12m', 12
)
SELECT e.period_end_day, l.time_window, b.day_number AS begin_day
FROM period_ends AS e
CROSS JOIN lengths AS l
JOIN calendar_days AS m ON m.month_index = e.month_index - l.months AND m.is_month_end
JOIN calendar_days AS b
    ON b.month_index = m.month_index
    AND b.day_of_month = CASE WHEN e.is_month_end OR e.day_of_month > m.day_of_month THEN m.day_of_month ELSE e.day_of_month END
UNION ALL
SELECT e.period_end_day, 'trailing_90d', e.period_end_day - 90
FROM period_ends AS e
