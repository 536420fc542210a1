-- Do the open items agree with the control account of the general ledger at the last month ends, and what lies between them?
-- may be empty
SELECT
    company_id,
    balance_date,
    account,
    SUM(CASE WHEN line = 'sub_ledger' THEN amount ELSE 0 END) AS sub_ledger,
    SUM(CASE WHEN line = 'control_account' THEN amount ELSE 0 END) AS control_account,
    SUM(CASE WHEN line = 'difference' THEN amount ELSE 0 END) AS difference,
    SUM(CASE WHEN line = 'recorded_later' THEN amount ELSE 0 END) AS recorded_later,
    SUM(CASE WHEN line = 'dated_later' THEN amount ELSE 0 END) AS dated_later,
    SUM(CASE WHEN line = 'left_out_documents' THEN amount ELSE 0 END) AS left_out_documents,
    SUM(CASE WHEN line = 'fx_rounding' THEN amount ELSE 0 END) AS fx_rounding,
    SUM(CASE WHEN line = 'unexplained' THEN amount ELSE 0 END) AS unexplained
FROM gl_tie_out_latest
GROUP BY company_id, balance_date, account
ORDER BY balance_date DESC, company_id, account
LIMIT 24
