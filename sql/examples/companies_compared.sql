-- How do the companies of the group compare?
SELECT
    company_id,
    MAX(CASE WHEN metric || '/' || convention = 'ar_net/closing' THEN amount END) AS receivable,
    ROUND(100 * MAX(CASE WHEN metric || '/' || convention = 'overdue_share/standard' THEN value END), 1) AS overdue_percent,
    ROUND(MAX(CASE WHEN metric || '/' || convention = 'dso/conventional' THEN value END), 1) AS dso_days,
    ROUND(MAX(CASE WHEN metric || '/' || convention = 'days_beyond_terms/standard' THEN value END), 1) AS days_beyond_terms,
    ROUND(MAX(CASE WHEN metric || '/' || convention = 'receivables_turnover/begin_end' THEN value END), 1) AS turnover_a_year
FROM kpis_latest
WHERE scope = 'company' AND period_end = as_of_date AND time_window IN ('point', 'trailing_3m')
GROUP BY company_id
ORDER BY company_id
