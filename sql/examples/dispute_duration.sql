-- How long do disputes stay open, and how many are open now?
SELECT
    company_id,
    CAST(MAX(CASE WHEN convention = 'open_count' THEN value END) AS BIGINT) AS open_disputes,
    ROUND(MAX(CASE WHEN convention = 'open_age' THEN value END), 1) AS mean_age_of_open_days,
    ROUND(MAX(CASE WHEN convention = 'standard' AND time_window = 'trailing_12m' THEN value END), 1) AS mean_days_of_closed_12m,
    CAST(MAX(CASE WHEN convention = 'censored_median' THEN value END) AS BIGINT) AS half_are_closed_within_days
FROM kpis_latest
WHERE metric = 'dispute_days' AND scope = 'company' AND period_end = as_of_date
GROUP BY company_id
ORDER BY company_id
