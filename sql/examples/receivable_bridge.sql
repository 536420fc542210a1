-- How did the receivable come from the month end before to today: what was invoiced, paid, credited, written off?
SELECT
    line,
    amount
FROM roll_forward_latest
WHERE company_id = '(all)' AND scope = 'company' AND period_end = as_of_date
ORDER BY CASE line
    WHEN 'opening' THEN 1 WHEN 'invoice' THEN 2 WHEN 'debit_note' THEN 3 WHEN 'receipt' THEN 5 WHEN 'discount' THEN 6 WHEN 'credit_note' THEN 7
    WHEN 'write_off' THEN 8 WHEN 'transfer' THEN 10 WHEN 'realised_fx' THEN 11 WHEN 'unrealised_fx' THEN 12 WHEN 'closing' THEN 13
    WHEN 'residual' THEN 14 ELSE 9 END, line
