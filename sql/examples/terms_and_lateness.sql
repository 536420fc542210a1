-- Which payment terms are kept: what was agreed, how late the money came, and how much came on time?
SELECT
    scope_value AS payment_terms,
    ROUND(MAX(CASE WHEN metric = 'weighted_average_terms' THEN value END), 1) AS agreed_days,
    ROUND(MAX(CASE WHEN metric = 'days_beyond_terms' THEN value END), 1) AS days_beyond_terms,
    ROUND(100 * MAX(CASE WHEN metric = 'on_time_rate' THEN value END), 1) AS on_time_percent
FROM kpis_latest
WHERE company_id = '(all)' AND scope = 'payment_terms' AND period_end = as_of_date AND time_window = 'trailing_12m'
    AND metric || '/' || convention IN ('weighted_average_terms/standard', 'days_beyond_terms/standard', 'on_time_rate/by_count')
GROUP BY scope_value
HAVING MAX(CASE WHEN metric = 'days_beyond_terms' THEN value END) IS NOT NULL
ORDER BY days_beyond_terms DESC, payment_terms
