-- Which customers owe the most past due, and since when?
SELECT
    company_id,
    customer_id,
    customer_name,
    SUM(overdue_amount_base) AS overdue_amount_base,
    SUM(net_amount_base) AS net_amount_base,
    MIN(oldest_due_date) AS oldest_due_date,
    MAX(days_past_due_max) AS days_past_due_max
FROM customer_positions_latest
GROUP BY company_id, customer_id, customer_name
HAVING SUM(overdue_amount_base) > 0
ORDER BY overdue_amount_base DESC, company_id, customer_id
LIMIT 20
