-- How long after delivery do we invoice, and how many invoices do we have to credit?
SELECT
    company_id,
    ROUND(MAX(CASE WHEN metric = 'billing_lag' THEN value END), 1) AS days_from_delivery_to_invoice,
    ROUND(100 * MAX(CASE WHEN metric = 'credit_note_rate' AND convention = 'by_count' THEN value END), 2) AS credit_notes_per_100_invoices,
    ROUND(100 * MAX(CASE WHEN metric = 'credit_note_rate' AND convention = 'by_amount' THEN value END), 2) AS credited_amount_percent
FROM kpis_latest
WHERE scope = 'company' AND time_window = 'trailing_12m' AND period_end = as_of_date
    AND (metric = 'credit_note_rate' OR (metric = 'billing_lag' AND convention = 'by_count'))
GROUP BY company_id
ORDER BY company_id
