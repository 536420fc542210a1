-- calendar_days: the calendar with its numbers
-- grain:   one row a day
-- inputs:  calendar (day DATE): without gaps, from the first document or history_months + 13 months before as_of, whichever is earlier,
--          to the end of the month after as_of
-- columns: calendar_date, day_number (since 1970-01-01), month_index (year × 12 + month − 1), day_of_month, is_month_end
WITH numbered AS (
    SELECT
        day AS calendar_date,
        CAST(EXTRACT(EPOCH FROM day) / 86400.0 AS BIGINT) AS day_number,
        CAST(EXTRACT(YEAR FROM day) AS BIGINT) * 12 + CAST(EXTRACT(MONTH FROM day) AS BIGINT) - 1 AS month_index,
        CAST(EXTRACT(DAY FROM day) AS BIGINT) AS day_of_month
    FROM calendar
),
followed AS (
    SELECT n.*, LEAD(n.month_index) OVER (ORDER BY n.day_number) AS next_month_index
    FROM numbered AS n
)
SELECT
    calendar_date,
    day_number,
    month_index,
    day_of_month,
    CASE WHEN next_month_index <> month_index THEN TRUE ELSE FALSE END AS is_month_end
FROM followed
