-- scope_flows_daily: what flowed on each day in each scope value
-- grain:   scope_id, day_number (days with a flow only)
-- inputs:  items, application_values, label_scopes, scopes, settings, windows
-- columns: all in base currency at the historical rate of the document, or of the debit document
--          invoices_and_debit_notes, credit_notes, reinstatements: by document date
--          cash: receipts applied to invoices and debit notes, by visible date     write_offs: write-offs applied, by visible date
--          cohort_write_offs: write-offs applied to invoices and debit notes by as_of, on the date of the invoice
--          invoices; invoice_documents, credit_note_documents: documents, by the date of their first item
--          terms_weighted, terms_amount: Σ amount × (due date − document date) and Σ amount, invoices and debit notes with a due date
-- An application's flow belongs to the labels and the customer of its debit item. A customer's flows start with its one window.
WITH flows AS (
    SELECT
        i.label_key,
        i.customer_key,
        i.document_day AS day_number,
        CASE WHEN i.document_type IN ('invoice', 'debit_note') THEN i.amount_base ELSE 0 END AS invoices_and_debit_notes,
        CASE WHEN i.document_type = 'credit_note' THEN i.amount_base ELSE 0 END AS credit_notes,
        0 AS cash,
        0 AS write_offs,
        CASE WHEN i.document_type = 'reinstatement' THEN i.amount_base ELSE 0 END AS reinstatements,
        0 AS cohort_write_offs,
        CASE WHEN i.document_type IN ('invoice', 'debit_note') AND i.due_day IS NOT NULL THEN i.amount_base * (i.due_day - i.document_day) ELSE 0 END AS terms_weighted,
        CASE WHEN i.document_type IN ('invoice', 'debit_note') AND i.due_day IS NOT NULL THEN i.amount_base ELSE 0 END AS terms_amount,
        CASE WHEN i.document_type = 'invoice' THEN i.amount_base ELSE 0 END AS invoices,
        CASE WHEN i.document_type = 'invoice' AND i.is_first_item THEN 1 ELSE 0 END AS invoice_documents,
        CASE WHEN i.document_type = 'credit_note' AND i.is_first_item THEN 1 ELSE 0 END AS credit_note_documents
    FROM items AS i
    WHERE i.document_type IN ('invoice', 'debit_note', 'credit_note', 'reinstatement') AND NOT i.is_intercompany
    UNION ALL
    SELECT
        a.debit_label_key,
        a.debit_customer_key,
        a.visible_day,
        0,
        0,
        CASE WHEN a.credit_document_type = 'receipt' AND a.debit_document_type IN ('invoice', 'debit_note') THEN a.debit_base ELSE 0 END,
        CASE WHEN a.credit_document_type = 'write_off' THEN a.debit_base ELSE 0 END,
        0,
        0,
        0,
        0,
        0,
        0,
        0
    FROM application_values AS a
    WHERE a.credit_document_type IN ('receipt', 'write_off') AND NOT a.debit_is_intercompany
    UNION ALL
    SELECT a.debit_label_key, a.debit_customer_key, a.debit_document_day, 0, 0, 0, 0, 0, a.debit_base, 0, 0, 0, 0, 0
    FROM application_values AS a
    WHERE a.credit_document_type = 'write_off' AND a.debit_document_type IN ('invoice', 'debit_note') AND NOT a.debit_is_intercompany
),
by_label AS (
    SELECT
        x.label_key,
        x.day_number,
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
    FROM flows AS x
    GROUP BY x.label_key, x.day_number
),
by_scope AS (
    SELECT
        l.scope_id,
        l.all_scope_id,
        x.day_number,
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
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.day_number
)
SELECT
    scope_id, day_number, invoices_and_debit_notes, credit_notes, cash, write_offs, reinstatements, cohort_write_offs, terms_weighted, terms_amount,
    invoices, invoice_documents, credit_note_documents
FROM by_scope
UNION ALL
SELECT
    x.all_scope_id,
    x.day_number,
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
FROM by_scope AS x
GROUP BY x.all_scope_id, x.day_number
UNION ALL
SELECT
    v.scope_id,
    x.day_number,
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
FROM flows AS x
CROSS JOIN settings AS s
JOIN windows AS w ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m' AND x.day_number > w.begin_day
JOIN scopes AS v ON v.customer_key = x.customer_key
GROUP BY v.scope_id, x.day_number
