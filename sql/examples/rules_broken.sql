-- Which rules of quality are broken, by how many rows and how much money, and what did the night do about it?
-- may be empty
SELECT
    rule,
    table_name,
    severity,
    outcome,
    row_count,
    rows_share,
    max_rows_share,
    amount,
    amount_share
FROM quality_rules_latest
WHERE file = '(all)' AND row_count > 0
ORDER BY CASE outcome WHEN 'fails' THEN 1 WHEN 'warns' THEN 2 ELSE 3 END, row_count DESC, rule, table_name
