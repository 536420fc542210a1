-- How did DSO, the best DSO possible and the days lost to late payment develop, month by month?
SELECT
    period_end,
    ROUND(MAX(CASE WHEN metric = 'dso' THEN value END), 1) AS dso_days,
    ROUND(MAX(CASE WHEN metric = 'best_possible_dso' THEN value END), 1) AS best_possible_dso_days,
    ROUND(MAX(CASE WHEN metric = 'average_days_delinquent' THEN value END), 1) AS average_days_delinquent
FROM kpis_latest
WHERE company_id = '(all)' AND scope = 'company' AND time_window = 'trailing_3m'
    AND metric || '/' || convention IN ('dso/conventional', 'best_possible_dso/standard', 'average_days_delinquent/standard')
GROUP BY period_end
ORDER BY period_end DESC
LIMIT 13
