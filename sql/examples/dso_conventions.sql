-- What is the DSO in each of its conventions, and how is each computed?
SELECT
    k.convention,
    k.time_window,
    ROUND(k.value, 1) AS days,
    k.numerator,
    k.denominator,
    k.reason,
    d.description AS formula
FROM kpis_latest AS k
LEFT JOIN 'dictionary.parquet' AS d ON d.layer = 'metrics' AND d.column_name = k.metric || '/' || k.convention
WHERE k.metric = 'dso' AND k.company_id = '(all)' AND k.scope = 'company' AND k.period_end = k.as_of_date
    AND k.time_window IN ('point', 'trailing_3m')
ORDER BY k.convention, k.time_window
