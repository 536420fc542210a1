-- How much of each month's invoices was collected within 30, 60 and 90 days, and what is to be expected where it is too early to tell?
SELECT
    cohort_month,
    MAX(billed) AS billed,
    ROUND(100 * MAX(CASE WHEN days = 30 THEN rate END), 1) AS within_30_days_percent,
    ROUND(100 * MAX(CASE WHEN days = 60 THEN rate END), 1) AS within_60_days_percent,
    ROUND(100 * MAX(CASE WHEN days = 90 THEN rate END), 1) AS within_90_days_percent,
    ROUND(100 * MAX(CASE WHEN days = 60 THEN estimate END), 1) AS expected_within_60_days_percent,
    ROUND(100 * MAX(CASE WHEN days = 90 THEN estimate END), 1) AS expected_within_90_days_percent
FROM collection_curves_latest
WHERE company_id = '(all)' AND scope = 'company'
GROUP BY cohort_month
ORDER BY cohort_month DESC
LIMIT 13
