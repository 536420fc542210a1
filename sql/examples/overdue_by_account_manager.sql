-- How much is overdue in each account manager's book, and what part of it is older than 90 days?
SELECT
    scope_value AS account_manager,
    SUM(CASE WHEN bucket NOT IN ('unapplied') THEN amount END) AS open_amount,
    SUM(CASE WHEN bucket NOT IN ('unapplied', 'not_due', 'no_due_date') THEN amount ELSE 0 END) AS overdue_amount,
    SUM(CASE WHEN bucket IN ('91_120', 'over_120') THEN amount ELSE 0 END) AS over_90_amount,
    ROUND(100 * CAST(SUM(CASE WHEN bucket NOT IN ('unapplied', 'not_due', 'no_due_date') THEN amount ELSE 0 END) AS DOUBLE)
        / NULLIF(CAST(SUM(CASE WHEN bucket NOT IN ('unapplied') THEN amount END) AS DOUBLE), 0), 1) AS overdue_percent
FROM aging_latest
WHERE company_id = '(all)' AND scope = 'account_manager' AND basis = 'due_date' AND period_end = as_of_date
GROUP BY scope_value
ORDER BY overdue_amount DESC, account_manager
