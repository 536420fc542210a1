-- How much is there to do of each kind, and how much of it has to wait, and why?
SELECT
    company_id,
    action,
    COALESCE(quiet_reason, '(to do)') AS waits_for,
    COUNT(*) AS items,
    COUNT(DISTINCT customer_id) AS customers,
    SUM(action_amount_base) AS amount_base,
    MIN(quiet_until) AS first_of_them_on
FROM worklist_latest
GROUP BY company_id, action, waits_for
ORDER BY company_id, amount_base DESC, action, waits_for
