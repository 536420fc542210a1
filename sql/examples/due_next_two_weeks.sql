-- What falls due in the next fourteen days, day by day?
SELECT
    due_date,
    COUNT(*) AS items,
    COUNT(DISTINCT company_id || '/' || customer_id) AS customers,
    SUM(open_amount_base) AS open_amount_base
FROM open_items_latest
WHERE side = 'debit' AND days_past_due BETWEEN -14 AND 0
GROUP BY due_date
ORDER BY due_date
