-- customer_classes: how each customer pays, as seen at a month end, and as seen at six of them
-- grain:   customer_key
-- inputs:  customer_months
-- columns: behaviour_now (the class at the latest month end), behaviour: the class that was last seen at two month ends running, or last
--          at_risk; that of the oldest month end if there is none. at_risk is believed at once, anything else only the second time.
-- Of the classes the first that holds: at_risk (something written off in twelve months, or a quarter of what is open more than 60 days past
-- due), new (fewer than 5 settled items), deteriorating (the last three months 10 days later than the nine before, 3 items in each), erratic
-- (standard deviation of the delay 20 days), slow_but_sure (more than 5 days late on average), reliable.
WITH measured AS (
    SELECT
        m.*,
        CASE WHEN items > 0 THEN CAST(delays AS DOUBLE) / CAST(items AS DOUBLE) END AS mean_delay,
        CASE
            WHEN items > 1 THEN SQRT(
                CAST(CAST(items AS DECIMAL(19, 0)) * CAST(delays_squared AS DECIMAL(19, 0))
                    - CAST(delays AS DECIMAL(19, 0)) * CAST(delays AS DECIMAL(19, 0)) AS DOUBLE)
                / CAST(items AS DOUBLE) / CAST(items - 1 AS DOUBLE)
            )
        END AS deviation,
        CASE
            WHEN recent_items >= 3 AND items - recent_items >= 3
                THEN CAST(recent_delays AS DOUBLE) / CAST(recent_items AS DOUBLE)
                    - CAST(delays - recent_delays AS DOUBLE) / CAST(items - recent_items AS DOUBLE)
        END AS worsening
    FROM customer_months AS m
),
classes AS (
    SELECT
        customer_key,
        months_back,
        CASE
            WHEN written_off > 0 THEN 'at_risk'
            WHEN open_over_60 > 0 AND CAST(open_over_60 AS DOUBLE) / CAST(open_base AS DOUBLE) >= 0.25 - 1e-9 THEN 'at_risk'
            WHEN items < 5 THEN 'new'
            WHEN worsening >= 10 - 1e-9 THEN 'deteriorating'
            WHEN deviation >= 20 - 1e-9 THEN 'erratic'
            WHEN mean_delay > 5 + 1e-9 THEN 'slow_but_sure'
            ELSE 'reliable'
        END AS class
    FROM measured
),
side_by_side AS (
    SELECT
        customer_key,
        MAX(CASE WHEN months_back = 0 THEN class END) AS class_0,
        MAX(CASE WHEN months_back = 1 THEN class END) AS class_1,
        MAX(CASE WHEN months_back = 2 THEN class END) AS class_2,
        MAX(CASE WHEN months_back = 3 THEN class END) AS class_3,
        MAX(CASE WHEN months_back = 4 THEN class END) AS class_4,
        MAX(CASE WHEN months_back = 5 THEN class END) AS class_5
    FROM classes
    GROUP BY customer_key
)
SELECT
    customer_key,
    class_0 AS behaviour_now,
    CASE
        WHEN class_0 = class_1 OR class_0 = 'at_risk' THEN class_0
        WHEN class_1 = class_2 OR class_1 = 'at_risk' THEN class_1
        WHEN class_2 = class_3 OR class_2 = 'at_risk' THEN class_2
        WHEN class_3 = class_4 OR class_3 = 'at_risk' THEN class_3
        WHEN class_4 = class_5 OR class_4 = 'at_risk' THEN class_4
        ELSE class_5
    END AS behaviour
FROM side_by_side
