-- How much cash discount was taken, missed, and taken too late in the last twelve months, and what interest a year does it come to?
SELECT
    company_id,
    MAX(CASE WHEN metric || '/' || convention = 'discount_taken/amount' THEN amount END) AS taken_amount,
    MAX(CASE WHEN metric || '/' || convention = 'discount_missed/amount' THEN amount END) AS missed_amount,
    MAX(CASE WHEN metric || '/' || convention = 'discount_leaked/amount' THEN amount END) AS leaked_amount,
    ROUND(100 * MAX(CASE WHEN metric || '/' || convention = 'discount_taken/items' THEN value END), 1) AS taken_items_percent,
    ROUND(100 * MAX(CASE WHEN metric || '/' || convention = 'discount_cost/standard' THEN value END), 1) AS cost_percent_a_year
FROM kpis_latest
WHERE scope = 'company' AND time_window = 'trailing_12m' AND period_end = as_of_date
    AND metric IN ('discount_taken', 'discount_missed', 'discount_leaked', 'discount_cost')
GROUP BY company_id
ORDER BY company_id
