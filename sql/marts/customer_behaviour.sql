-- customer_behaviour: how each customer pays: its class, how much it buys, and whether its delays are changing
-- grain:      company_id, customer_id: with a sale by the latest month end
-- parameters: as_of
-- inputs:     customer_months, customer_classes, customer_changes, customer_keys, items, calendar_days
-- columns:    evaluated_date (the latest month end not after as_of)
--             size (large: the customers that make up the first 80 % of the company's sales of twelve months; medium: up to 95 %; small; none)
--             behaviour, behaviour_now (at_risk, new, deteriorating, erratic, slow_but_sure, reliable; see customer_classes)
--             items (settled in twelve months), mean_delay, delay_deviation (sample), late_share: null below 5 items (reason too_few)
--             consistently_late (late_share 0.8 or more), trend_days_per_month, change_month, change_days, change_statistic (see customer_changes)
--             sales_12m (invoices and debit notes, base currency)
WITH latest AS (
    SELECT
        m.*,
        CASE WHEN items >= 5 THEN CAST(late_items AS DOUBLE) / CAST(items AS DOUBLE) END AS late_share
    FROM customer_months AS m
    WHERE m.months_back = 0
),
sales AS (
    SELECT i.customer_key, SUM(i.amount_base) AS sales_12m
    FROM items AS i
    JOIN calendar_days AS c ON c.day_number = i.document_day
    CROSS JOIN (SELECT MAX(month_index) AS month_index FROM latest) AS l
    WHERE i.document_type IN ('invoice', 'debit_note') AND NOT i.is_intercompany
        AND c.month_index > l.month_index - 12 AND c.month_index <= l.month_index
    GROUP BY i.customer_key
),
ranked AS (
    SELECT
        k.company_id,
        k.customer_id,
        l.*,
        COALESCE(s.sales_12m, 0) AS sales_12m,
        SUM(COALESCE(s.sales_12m, 0)) OVER (
            PARTITION BY k.company_id ORDER BY COALESCE(s.sales_12m, 0) DESC, k.customer_id ROWS UNBOUNDED PRECEDING
        ) AS sales_so_far,
        SUM(COALESCE(s.sales_12m, 0)) OVER (PARTITION BY k.company_id) AS sales_of_company
    FROM latest AS l
    JOIN customer_keys AS k ON k.customer_key = l.customer_key
    LEFT JOIN sales AS s ON s.customer_key = l.customer_key
)
SELECT
    r.company_id,
    r.customer_id,
    e.calendar_date AS evaluated_date,
    CASE
        WHEN r.sales_12m = 0 THEN 'none'
        WHEN (r.sales_so_far - r.sales_12m) * 100 < r.sales_of_company * 80 THEN 'large'
        WHEN (r.sales_so_far - r.sales_12m) * 100 < r.sales_of_company * 95 THEN 'medium'
        ELSE 'small'
    END AS size,
    b.behaviour,
    b.behaviour_now,
    CAST(r.items AS BIGINT) AS items,
    CASE WHEN r.items >= 5 THEN CAST(r.delays AS DOUBLE) / CAST(r.items AS DOUBLE) END AS mean_delay,
    CASE
        WHEN r.items >= 5 THEN SQRT(
            CAST(CAST(r.items AS DECIMAL(19, 0)) * CAST(r.delays_squared AS DECIMAL(19, 0))
                - CAST(r.delays AS DECIMAL(19, 0)) * CAST(r.delays AS DECIMAL(19, 0)) AS DOUBLE)
            / CAST(r.items AS DOUBLE) / CAST(r.items - 1 AS DOUBLE)
        )
    END AS delay_deviation,
    r.late_share,
    COALESCE(r.late_share >= 0.8 - 1e-9, FALSE) AS consistently_late,
    c.trend_days_per_month,
    m.calendar_date AS change_month,
    c.change_days,
    c.change_statistic,
    CAST(r.sales_12m AS DECIMAL(38, 4)) AS sales_12m,
    CASE WHEN r.items >= 5 THEN NULL ELSE 'too_few' END AS reason
FROM ranked AS r
JOIN customer_classes AS b ON b.customer_key = r.customer_key
JOIN calendar_days AS e ON e.month_index = r.month_index AND e.is_month_end
LEFT JOIN customer_changes AS c ON c.customer_key = r.customer_key
LEFT JOIN calendar_days AS m ON m.month_index = c.change_month_index AND m.day_of_month = 1
ORDER BY r.company_id, r.customer_id
