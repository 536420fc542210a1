-- How much of the receivable hangs on the ten largest customers, today and a year ago?
SELECT
    period_end,
    ROUND(100 * MAX(CASE WHEN metric = 'top_10_share' THEN value END), 1) AS top_10_percent,
    ROUND(MAX(CASE WHEN metric = 'hhi' THEN value END), 4) AS hhi,
    CAST(MAX(CASE WHEN metric = 'customers_for_80_percent' THEN value END) AS BIGINT) AS customers_with_80_percent_of_overdue
FROM kpis_latest
WHERE company_id = '(all)' AND scope = 'company' AND metric IN ('top_10_share', 'hhi', 'customers_for_80_percent')
    AND (period_end = as_of_date OR (EXTRACT(YEAR FROM period_end) = EXTRACT(YEAR FROM as_of_date) - 1
        AND EXTRACT(MONTH FROM period_end) = EXTRACT(MONTH FROM as_of_date)))
GROUP BY period_end
ORDER BY period_end DESC
