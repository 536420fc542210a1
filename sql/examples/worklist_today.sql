-- Whom should collectors call today, what about, and in what order?
SELECT
    company_id,
    rank_by_expected_value,
    customer_id,
    customer_name,
    MIN(account_manager) AS account_manager,
    customer_stage,
    COUNT(*) AS items,
    STRING_AGG(DISTINCT action, ', ' ORDER BY action) AS actions,
    SUM(action_amount_base) AS to_talk_about_base,
    MAX(customer_overdue_amount_base) AS overdue_amount_base,
    MAX(customer_days_past_due_max) AS days_past_due_max,
    MAX(customer_expected_value) AS expected_value,
    MAX(last_contact_date) AS last_contact_date
FROM worklist_latest
WHERE NOT is_quiet AND action NOT IN ('dispute_open', 'apply_credit', 'agency_candidate')
GROUP BY company_id, rank_by_expected_value, customer_id, customer_name, customer_stage
ORDER BY company_id, rank_by_expected_value NULLS LAST, customer_id
