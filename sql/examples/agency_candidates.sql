-- What should be given to an agency, what would it bring after its fee, and how good would it have to be?
-- may be empty
SELECT
    company_id,
    customer_id,
    customer_name,
    document_id,
    days_past_due,
    action_amount_base,
    ROUND(100 * paid_probability_90d, 1) AS paid_in_90_days_percent,
    ROUND(100 * agency_break_even_probability, 1) AS break_even_percent,
    own_expected,
    agency_expected,
    ROUND(100 * agency_recovery_needed, 1) AS agency_must_recover_percent,
    agency_decision
FROM worklist_latest
WHERE agency_decision IN ('send', 'keep')
ORDER BY agency_expected - own_expected DESC, company_id, customer_id, document_id
