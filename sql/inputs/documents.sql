-- documents: the documents as delivered, and due dates that no row says
-- grain:   company_id, document_id, item_no
-- inputs:  documents_as_delivered (with source_file), customers_versions (every version that is known), ledger_files
-- columns: those of the document, source_file, recorded_at, and due_date_rule: customer or default where that filled the due date
-- Not a twin but one of their inputs, and so free to say it as DuckDB does.
-- An invoice or debit note without a due date is due after the days that its customer's row said at the end of its date, else after
-- those that a row said first after it; else after the default of its source. Versions that say no days between 0 and 365 say nothing.
WITH undated AS (
    SELECT d.company_id, d.document_id, d.item_no, d.customer_id, d.document_date, f.fills_from_customer, f.default_payment_days
    FROM documents_as_delivered AS d
    JOIN ledger_files AS f ON f.source_file = d.source_file
    WHERE d.due_date IS NULL AND d.document_type IN ('invoice', 'debit_note')
),
terms AS (
    SELECT
        v.company_id, v.customer_id, v.payment_terms_days, v.recorded_at,
        ROW_NUMBER() OVER (
            PARTITION BY v.company_id, v.customer_id
            ORDER BY v.recorded_at NULLS FIRST, CASE WHEN v.source_line > 0 THEN f.says_at ELSE f.follows_at END, v.source_line
        ) AS place
    FROM customers_versions AS v
    JOIN ledger_files AS f ON f.source_file = v.source_file
    WHERE NOT COALESCE(v.is_deleted, FALSE) AND v.payment_terms_days BETWEEN 0 AND 365
),
places AS (
    SELECT
        u.company_id, u.document_id, u.item_no,
        MIN(t.place) AS first_place,
        MAX(CASE
            WHEN t.recorded_at IS NULL OR epoch_us(t.recorded_at) < (epoch_us(CAST(u.document_date AS TIMESTAMP)) + 86400000000) THEN t.place
        END) AS last_place
    FROM undated AS u
    JOIN terms AS t ON t.company_id = u.company_id AND t.customer_id = u.customer_id
    WHERE u.fills_from_customer
    GROUP BY u.company_id, u.document_id, u.item_no
),
filled AS (
    SELECT
        u.company_id, u.document_id, u.item_no,
        u.document_date + CAST(COALESCE(t.payment_terms_days, u.default_payment_days) AS INTEGER) AS due_date,
        CASE WHEN t.place IS NOT NULL THEN 'customer' WHEN u.default_payment_days IS NOT NULL THEN 'default' END AS due_date_rule
    FROM undated AS u
    LEFT JOIN places AS p ON p.company_id = u.company_id AND p.document_id = u.document_id AND p.item_no = u.item_no
    LEFT JOIN terms AS t
        ON t.company_id = u.company_id
        AND t.customer_id = u.customer_id
        AND t.place = COALESCE(p.last_place, p.first_place)
)
SELECT d.* EXCLUDE (due_date), COALESCE(d.due_date, f.due_date) AS due_date, f.due_date_rule
FROM documents_as_delivered AS d
LEFT JOIN filled AS f
    ON d.due_date IS NULL
    AND f.company_id = d.company_id
    AND f.document_id = d.document_id
    AND f.item_no = d.item_no
