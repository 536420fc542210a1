-- How many promises to pay are kept, by account manager, over the last twelve months?
SELECT
    scope_value AS account_manager,
    CAST(MAX(denominator) AS BIGINT) AS promises_due,
    ROUND(100 * MAX(CASE WHEN convention = 'kept' THEN value END), 1) AS kept_percent,
    ROUND(100 * MAX(CASE WHEN convention = 'partly' THEN value END), 1) AS partly_percent,
    ROUND(100 * MAX(CASE WHEN convention = 'broken' THEN value END), 1) AS broken_percent
FROM kpis_latest
WHERE metric = 'promises_kept' AND company_id = '(all)' AND scope = 'account_manager'
    AND time_window = 'trailing_12m' AND period_end = as_of_date
GROUP BY scope_value
HAVING MAX(denominator) > 0
ORDER BY kept_percent, account_manager
