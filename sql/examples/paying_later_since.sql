-- Which customers began to pay later, in which month, and by how many days?
-- may be empty
SELECT
    company_id,
    customer_id,
    customer_name,
    change_month,
    ROUND(change_days, 1) AS later_by_days,
    ROUND(mean_delay, 1) AS mean_delay_days,
    sales_12m
FROM customer_behaviour_latest
WHERE change_days > 0
ORDER BY sales_12m DESC, company_id, customer_id
