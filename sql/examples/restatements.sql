-- Which figures of earlier month ends are no longer what was first published, and by how much did they change?
-- may be empty
SELECT
    company_id,
    table_name,
    period_end,
    line,
    first_as_of_date,
    first_amount,
    amount,
    amount - first_amount AS difference,
    ROUND(first_value, 4) AS first_value,
    ROUND(value, 4) AS value
FROM restatements_latest
WHERE scope = 'company'
ORDER BY period_end DESC, company_id, table_name, line
LIMIT 100
