-- How much of what is sold is written off, by segment, over the last twelve months?
SELECT
    scope_value AS segment,
    numerator AS written_off,
    denominator AS net_credit_sales,
    ROUND(100 * value, 2) AS write_off_percent,
    reason
FROM kpis_latest
WHERE company_id = '(all)' AND scope = 'segment' AND metric = 'write_off_rate' AND convention = 'standard'
    AND time_window = 'trailing_12m' AND period_end = as_of_date
ORDER BY write_off_percent DESC, segment
