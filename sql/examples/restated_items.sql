-- Which documents changed a receivable that was published before, and why?
-- may be empty
SELECT
    company_id,
    period_end,
    line,
    document_id,
    item_no,
    cause,
    first_amount,
    amount,
    difference
FROM restatement_rows_latest
WHERE scope = 'company' AND table_name = 'roll_forward'
ORDER BY ABS(difference) DESC, company_id, period_end, line, document_id, item_no
LIMIT 100
