-- gl_days: the days for which a company has balances of its general ledger
-- grain:   company_id, balance_date
-- inputs:  gl_balances (company_id, balance_date, account, amount), settings
-- columns: company_id, balance_date, balance_day, account (the only one, or '(all)' of several), account_count, control_amount
SELECT
    b.company_id,
    b.balance_date,
    CAST(EXTRACT(EPOCH FROM b.balance_date) / 86400.0 AS BIGINT) AS balance_day,
    CASE WHEN COUNT(*) = 1 THEN MIN(b.account) ELSE '(all)' END AS account,
    COUNT(*) AS account_count,
    CAST(SUM(b.amount) AS DECIMAL(38, 4)) AS control_amount
FROM gl_balances AS b
JOIN settings AS s ON CAST(EXTRACT(EPOCH FROM b.balance_date) / 86400.0 AS BIGINT) <= s.as_of_day
GROUP BY b.company_id, b.balance_date
