-- Which customers broke most of the promises that fell due in the last three months?
-- may be empty
SELECT
    k.company_id,
    k.scope_value AS customer_id,
    c.name AS customer_name,
    CAST(k.denominator AS BIGINT) AS promises_due,
    ROUND(100 * k.value, 1) AS kept_percent
FROM kpis_latest AS k
LEFT JOIN customers AS c ON c.company_id = k.company_id AND c.customer_id = k.scope_value
WHERE k.metric = 'promises_kept' AND k.convention = 'kept' AND k.scope = 'customer' AND k.value < 0.5
ORDER BY promises_due DESC, kept_percent, customer_id
