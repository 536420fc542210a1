-- What cash will come in each of the next 13 weeks, and how sure is that, by company?
SELECT
    company_id,
    horizon AS week,
    period_start,
    period_end,
    mean AS expected,
    p100 AS low_of_80_percent_band,
    p900 AS high_of_80_percent_band,
    calibration
FROM cash_forecast_latest
WHERE scope = 'company' AND basis = 'base' AND grid = 'week' AND component = 'total' AND horizon <= 13
ORDER BY company_id, week
