-- How much of what each segment is invoiced is still unpaid after 30, 60, 90 and 180 days?
SELECT
    scope_value AS segment,
    ROUND(100 * MAX(CASE WHEN days = 30 THEN survival END), 1) AS unpaid_after_30_days_percent,
    ROUND(100 * MAX(CASE WHEN days = 60 THEN survival END), 1) AS unpaid_after_60_days_percent,
    ROUND(100 * MAX(CASE WHEN days = 90 THEN survival END), 1) AS unpaid_after_90_days_percent,
    ROUND(100 * MAX(CASE WHEN days = 180 THEN survival END), 1) AS unpaid_after_180_days_percent,
    MIN(CASE WHEN survival <= 0.5 THEN days END) AS half_is_paid_after_days
FROM payment_curves_latest
WHERE company_id = '(all)' AND scope = 'segment' AND weighting = 'amount'
GROUP BY scope_value
ORDER BY unpaid_after_60_days_percent DESC, segment
