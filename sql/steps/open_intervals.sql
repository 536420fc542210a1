-- open_intervals: from when to when an item was open with which amount
-- grain:   item_key, from_day
-- inputs:  item_events
-- columns: item_key, from_day, until_day (exclusive; null: still so at as_of), open_amount (document currency, not 0)
WITH daily AS (
    SELECT item_key, day_number, SUM(open_change) AS open_change
    FROM item_events
    GROUP BY item_key, day_number
),
running AS (
    SELECT
        item_key,
        day_number AS from_day,
        LEAD(day_number) OVER (PARTITION BY item_key ORDER BY day_number) AS until_day,
        SUM(open_change) OVER (PARTITION BY item_key ORDER BY day_number ROWS UNBOUNDED PRECEDING) AS open_amount
    FROM daily
)
SELECT item_key, from_day, until_day, CAST(open_amount AS DECIMAL(18, 4)) AS open_amount
FROM running
WHERE open_amount <> 0
