-- How early or late are invoices paid, in weeks?
SELECT
    CAST(FLOOR(CAST(days AS DOUBLE) / 7) AS BIGINT) AS weeks_after_due_date,
    SUM(items) AS items,
    SUM(amount) AS amount,
    ROUND(100 * CAST(SUM(items) AS DOUBLE) / SUM(SUM(items)) OVER (), 1) AS items_percent
FROM delay_histogram_latest
WHERE company_id = '(all)' AND scope = 'company'
GROUP BY weeks_after_due_date
ORDER BY weeks_after_due_date
