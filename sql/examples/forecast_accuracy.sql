-- How far were cash forecasts off, week by week ahead, beside the rules of thumb: as published, and as replayed?
SELECT
    kind,
    target,
    horizon AS weeks_ahead,
    method,
    origins,
    ROUND(100 * wape, 1) AS error_percent,
    ROUND(100 * wape_lower, 1) AS error_percent_from,
    ROUND(100 * wape_upper, 1) AS error_percent_to,
    ROUND(100 * bias, 1) AS bias_percent,
    CASE WHEN wape IS NOT NULL THEN RANK() OVER (PARTITION BY kind, target, horizon ORDER BY wape) END AS place,
    ROUND(100 * coverage_80, 1) AS inside_80_percent_band,
    reason
FROM forecast_accuracy_latest
WHERE company_id = '(all)' AND basis = 'base' AND horizon IN (0, 1, 4, 8, 13)
ORDER BY kind, target, weeks_ahead, place, method
