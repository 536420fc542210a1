-- period_ends: the last history_months calendar month ends not after as_of, and as_of
-- grain:   one row a period end; no two stand in one month
-- inputs:  calendar_days, settings
-- columns: period_end, period_end_day, month_index, day_of_month, is_month_end, previous_month_end_day (the month end before)
WITH month_ends AS (
    SELECT c.*, ROW_NUMBER() OVER (ORDER BY c.day_number DESC) AS months_back
    FROM calendar_days AS c
    CROSS JOIN settings AS s
    WHERE c.is_month_end AND c.day_number <= s.as_of_day
),
ends AS (
    SELECT m.calendar_date, m.day_number, m.month_index, m.day_of_month, m.is_month_end
    FROM month_ends AS m
    JOIN settings AS s ON m.months_back <= s.history_months
    UNION
    SELECT c.calendar_date, c.day_number, c.month_index, c.day_of_month, c.is_month_end
    FROM calendar_days AS c
    JOIN settings AS s ON c.day_number = s.as_of_day
)
SELECT
    e.calendar_date AS period_end,
    e.day_number AS period_end_day,
    e.month_index,
    e.day_of_month,
    e.is_month_end,
    p.day_number AS previous_month_end_day
FROM ends AS e
JOIN calendar_days AS p ON p.month_index = e.month_index - 1 AND p.is_month_end
