-- How much more cash would be in the bank if every customer paid on the due date, and what does the wait cost?
SELECT
    company_id,
    MAX(CASE WHEN metric = 'trapped_cash' THEN amount END) AS trapped_cash,
    MAX(CASE WHEN metric = 'late_interest_memo' THEN amount END) AS interest_on_what_is_late,
    MAX(unit) AS currency
FROM kpis_latest
WHERE scope = 'company' AND period_end = as_of_date AND metric IN ('trapped_cash', 'late_interest_memo')
GROUP BY company_id
ORDER BY company_id
