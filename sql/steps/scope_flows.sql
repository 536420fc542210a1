-- scope_flows: each scope value's flows up to and including the days it needs
-- grain:   scope_id, day_number
-- inputs:  scope_flows_daily, scope_days
-- columns: those of scope_flows_daily, as running totals: a window's flow is the total at its end less the total on its opening day
WITH gathered AS (
    SELECT
        scope_id, day_number, invoices_and_debit_notes, credit_notes, cash, write_offs, reinstatements, cohort_write_offs, terms_weighted, terms_amount,
        invoices, invoice_documents, credit_note_documents, 0 AS needed
    FROM scope_flows_daily
    UNION ALL
    SELECT scope_id, day_number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
    FROM scope_days
),
daily AS (
    SELECT
        x.scope_id,
        x.day_number,
        MAX(x.needed) AS needed,
        SUM(x.invoices_and_debit_notes) AS invoices_and_debit_notes,
        SUM(x.credit_notes) AS credit_notes,
        SUM(x.cash) AS cash,
        SUM(x.write_offs) AS write_offs,
        SUM(x.reinstatements) AS reinstatements,
        SUM(x.cohort_write_offs) AS cohort_write_offs,
        SUM(x.terms_weighted) AS terms_weighted,
        SUM(x.terms_amount) AS terms_amount,
        SUM(x.invoices) AS invoices,
        SUM(x.invoice_documents) AS invoice_documents,
        SUM(x.credit_note_documents) AS credit_note_documents
    FROM gathered AS x
    GROUP BY x.scope_id, x.day_number
),
running AS (
    SELECT
        g.scope_id,
        g.day_number,
        g.needed,
        SUM(g.invoices_and_debit_notes) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS invoices_and_debit_notes,
        SUM(g.credit_notes) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS credit_notes,
        SUM(g.cash) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS cash,
        SUM(g.write_offs) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS write_offs,
        SUM(g.reinstatements) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS reinstatements,
        SUM(g.cohort_write_offs) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS cohort_write_offs,
        SUM(g.terms_weighted) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS terms_weighted,
        SUM(g.terms_amount) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS terms_amount,
        SUM(g.invoices) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS invoices,
        SUM(g.invoice_documents) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS invoice_documents,
        SUM(g.credit_note_documents) OVER (PARTITION BY g.scope_id ORDER BY g.day_number ROWS UNBOUNDED PRECEDING) AS credit_note_documents
    FROM daily AS g
)
SELECT
    scope_id, day_number, invoices_and_debit_notes, credit_notes, cash, write_offs, reinstatements, cohort_write_offs, terms_weighted, terms_amount,
    invoices, invoice_documents, credit_note_documents
FROM running
WHERE needed = 1
