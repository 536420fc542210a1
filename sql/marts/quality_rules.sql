-- quality_rules: the rules of the book, as far as the ledger's tables say them: how much of each file breaks each
-- grain:   rule, table_name, source, file
-- inputs:  book_documents, customers, applications, currencies, settings, ledger_files, quality_settings (rule, severity, max_rows_share,
--          max_amount_share: what the configuration says), quality_parameters (one row: future_days, unapplied_days, earliest_date,
--          has_customers)
-- columns: those of the published table
-- Not here: text_would_run, which is about characters and not about a ledger, and what was judged when files were read or rows were left
-- out, whose rows and amounts data_quality has. Customers of the same group break no rule.
WITH items AS (
    SELECT b.*, b.document_type IN ('invoice', 'debit_note') AS is_sale
    FROM book_documents AS b
    WHERE b.has_rate AND NOT b.is_intercompany
),
pairs AS (
    SELECT
        a.company_id, a.source_file,
        a.debit_document_id, a.debit_item_no, a.credit_document_id, a.credit_item_no,
        CAST(EXTRACT(EPOCH FROM a.applied_date) / 86400.0 AS BIGINT) AS applied_day,
        GREATEST(CAST(EXTRACT(EPOCH FROM a.applied_date) / 86400.0 AS BIGINT), d.document_day, c.document_day) AS visible_day,
        LEAST(d.document_day, c.document_day) AS first_day,
        a.amount AS debit_amount,
        CASE WHEN d.currency = c.currency THEN a.amount ELSE a.credit_amount END AS credit_amount,
        d.currency <> c.currency AS joins_currencies,
        c.document_type AS credit_document_type,
        d.is_intercompany AS debit_is_intercompany,
        -- The part of a base_amount is rounded half away from zero to the base minor unit, in whole numbers.
        CASE
            WHEN d.base_amount IS NULL AND d.currency = s.base_currency THEN a.amount
            WHEN d.base_amount IS NULL THEN CAST(CAST(a.amount * d.rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
            WHEN d.amount = 0 THEN CAST(0 AS DECIMAL(18, 4))
            ELSE CAST(
                CAST(
                    SIGN(a.amount) * (
                        (2 * CAST(d.base_amount * s.minor_units AS HUGEINT) * CAST(ABS(a.amount) * 10000 AS HUGEINT) + CAST(d.amount * 10000 AS HUGEINT))
                        // (2 * CAST(d.amount * 10000 AS HUGEINT))
                    ) AS DECIMAL(38, 0)
                ) * s.minor_unit AS DECIMAL(18, 4)
            )
        END AS debit_base
    FROM applications AS a
    CROSS JOIN settings AS s
    JOIN book_documents AS d
        ON d.company_id = a.company_id AND d.document_id = a.debit_document_id AND d.item_no = a.debit_item_no AND d.has_rate
    JOIN book_documents AS c
        ON c.company_id = a.company_id AND c.document_id = a.credit_document_id AND c.item_no = a.credit_item_no AND c.has_rate
    WHERE d.side = 'debit' AND c.side = 'credit' AND (d.currency = c.currency OR a.credit_amount IS NOT NULL)
),
debits AS (
    SELECT
        company_id, debit_document_id AS document_id, debit_item_no AS item_no,
        SUM(debit_amount) AS applied,
        SUM(CASE WHEN credit_document_type = 'credit_note' THEN debit_amount ELSE 0 END) AS credited,
        MAX(visible_day) AS last_day
    FROM pairs
    WHERE visible_day <= (SELECT as_of_day FROM settings)
    GROUP BY company_id, debit_document_id, debit_item_no
),
early AS (
    SELECT DISTINCT p.company_id, p.debit_document_id AS document_id, p.debit_item_no AS item_no
    FROM pairs AS p
    JOIN debits AS d ON d.company_id = p.company_id AND d.document_id = p.debit_document_id AND d.item_no = p.debit_item_no
    WHERE p.visible_day = d.last_day AND p.applied_day < p.first_day
),
credits AS (
    SELECT company_id, credit_document_id AS document_id, credit_item_no AS item_no, SUM(credit_amount) AS applied
    FROM pairs
    WHERE visible_day <= (SELECT as_of_day FROM settings)
    GROUP BY company_id, credit_document_id, credit_item_no
),
currency_counts AS (
    SELECT company_id, customer_id, currency, COUNT(*) AS documents, SUM(COUNT(*)) OVER (PARTITION BY company_id, customer_id) AS all_documents
    FROM items
    GROUP BY company_id, customer_id, currency
),
usual AS (
    SELECT company_id, customer_id, currency FROM currency_counts WHERE all_documents >= 10 AND documents * 10 >= all_documents * 9
),
ranked AS (
    SELECT
        company_id, customer_id, currency, amount,
        ROW_NUMBER() OVER (PARTITION BY company_id, customer_id, currency ORDER BY amount) AS place,
        COUNT(*) OVER (PARTITION BY company_id, customer_id, currency) AS sales
    FROM items
    WHERE is_sale AND amount > 0
),
medians AS (
    SELECT company_id, customer_id, currency, amount FROM ranked WHERE sales >= 5 AND place = (sales + 1) // 2
),
invoices AS (
    SELECT i.*
    FROM items AS i
    JOIN (SELECT company_id, document_id, MIN(item_no) AS item_no FROM book_documents WHERE has_rate GROUP BY company_id, document_id) AS f
        ON f.company_id = i.company_id AND f.document_id = i.document_id AND f.item_no = i.item_no
    LEFT JOIN debits AS d ON d.company_id = i.company_id AND d.document_id = i.document_id AND d.item_no = i.item_no
    WHERE i.document_type = 'invoice' AND i.amount > 0 AND COALESCE(d.credited, 0) < i.amount
),
repeated AS (
    SELECT
        company_id, document_id, item_no, NULLIF(reference, '') IS NOT NULL AS has_reference,
        ROW_NUMBER() OVER (PARTITION BY company_id, customer_id, currency, document_day, amount ORDER BY source_file, document_id) AS place_of_amount,
        ROW_NUMBER() OVER (
            PARTITION BY company_id, customer_id, NULLIF(reference, '') ORDER BY document_day, amount, source_file, document_id
        ) AS place_of_reference
    FROM invoices
),
said AS (
    SELECT
        i.source_file, i.amount_base,
        UNNEST([
            CASE WHEN u.currency <> i.currency THEN 'currency_not_usual' END,
            CASE WHEN i.document_day < p.earliest_day OR i.document_date < k.opened_date THEN 'date_before_company' END,
            CASE WHEN i.document_day > s.as_of_day + p.future_days THEN 'date_in_future' END,
            CASE WHEN i.due_day < i.document_day THEN 'due_before_document' END,
            CASE i.due_date_rule WHEN 'default' THEN 'due_date_by_default' WHEN 'customer' THEN 'due_date_from_customer' END,
            CASE WHEN r.place_of_amount > 1 THEN 'duplicate_invoice' END,
            CASE WHEN r.has_reference AND r.place_of_reference > 1 THEN 'duplicate_reference' END,
            CASE WHEN CAST(i.amount * 10000 AS HUGEINT) % CAST(POWER(10, 4 - n.minor_digits) AS HUGEINT) <> 0 THEN 'finer_than_minor_unit' END,
            CASE WHEN i.is_sale AND i.amount >= m.amount * 100 THEN 'invoice_100_times_median' END,
            CASE WHEN i.is_sale AND i.due_day IS NULL THEN 'missing_due_date' END,
            CASE
                WHEN i.document_type = 'receipt' AND s.as_of_day - i.document_day > p.unapplied_days AND COALESCE(c.applied, 0) < i.amount
                    THEN 'receipt_unapplied_long'
            END,
            CASE WHEN i.amount <> 0 AND e.document_id IS NOT NULL AND d.applied = i.amount THEN 'settled_before_documents' END,
            CASE WHEN p.has_customers AND k.customer_id IS NULL THEN 'unknown_customer_of_document' END,
            CASE WHEN i.amount = 0 THEN 'zero_amount' END
        ]) AS rule
    FROM (SELECT items.*, CAST('1970-01-01' AS DATE) + CAST(document_day AS INTEGER) AS document_date FROM items) AS i
    CROSS JOIN settings AS s
    CROSS JOIN (
        SELECT *, CAST(EXTRACT(EPOCH FROM earliest_date) / 86400.0 AS BIGINT) AS earliest_day FROM quality_parameters
    ) AS p
    JOIN currencies AS n ON n.currency = i.currency
    LEFT JOIN customers AS k ON k.company_id = i.company_id AND k.customer_id = i.customer_id
    LEFT JOIN usual AS u ON u.company_id = i.company_id AND u.customer_id = i.customer_id
    LEFT JOIN medians AS m ON m.company_id = i.company_id AND m.customer_id = i.customer_id AND m.currency = i.currency
    LEFT JOIN repeated AS r ON r.company_id = i.company_id AND r.document_id = i.document_id AND r.item_no = i.item_no
    LEFT JOIN debits AS d ON d.company_id = i.company_id AND d.document_id = i.document_id AND d.item_no = i.item_no
    LEFT JOIN early AS e ON e.company_id = i.company_id AND e.document_id = i.document_id AND e.item_no = i.item_no
    LEFT JOIN credits AS c ON c.company_id = i.company_id AND c.document_id = i.document_id AND c.item_no = i.item_no
),
people AS (
    SELECT company_id, customer_id, source_file FROM customers WHERE NOT COALESCE(is_intercompany, FALSE)
    UNION ALL
    SELECT DISTINCT d.company_id, d.customer_id, -1
    FROM documents AS d
    LEFT JOIN customers AS k ON k.company_id = d.company_id AND k.customer_id = d.customer_id
    WHERE k.customer_id IS NULL
),
-- What was looked at, and what breaks rules, by file.
looked_at AS (
    SELECT 'documents' AS table_name, source_file, COUNT(*) AS row_count, SUM(ABS(amount_base)) AS amount FROM items GROUP BY source_file
    UNION ALL
    SELECT 'applications', source_file, COUNT(*), SUM(ABS(debit_base)) FROM pairs WHERE NOT debit_is_intercompany GROUP BY source_file
    UNION ALL
    SELECT 'customers', source_file, COUNT(*), NULL FROM people GROUP BY source_file
),
broken AS (
    SELECT rule, source_file, COUNT(*) AS row_count, SUM(ABS(amount_base)) AS amount FROM said WHERE rule IS NOT NULL GROUP BY rule, source_file
    UNION ALL
    SELECT 'applied_before_document', source_file, COUNT(*), SUM(ABS(debit_base))
    FROM pairs
    WHERE applied_day < visible_day AND NOT debit_is_intercompany
    GROUP BY source_file
    UNION ALL
    SELECT 'mixed_currencies', source_file, COUNT(*), SUM(ABS(debit_base))
    FROM pairs
    WHERE joins_currencies AND NOT debit_is_intercompany
    GROUP BY source_file
    UNION ALL
    SELECT 'customer_without_documents', p.source_file, COUNT(*), NULL
    FROM people AS p
    WHERE NOT EXISTS (SELECT 1 FROM items AS i WHERE i.company_id = p.company_id AND i.customer_id = p.customer_id)
    GROUP BY p.source_file
),
told AS (
    SELECT
        r.*,
        CASE r.rule
            WHEN 'applied_before_document' THEN 'applications'
            WHEN 'mixed_currencies' THEN 'applications'
            WHEN 'customer_without_documents' THEN 'customers'
            ELSE 'documents'
        END AS table_name
    FROM quality_settings AS r
    WHERE r.rule IN (
        'applied_before_document', 'currency_not_usual', 'customer_without_documents', 'date_before_company', 'date_in_future',
        'due_before_document', 'due_date_by_default', 'due_date_from_customer', 'duplicate_invoice', 'duplicate_reference',
        'finer_than_minor_unit', 'invoice_100_times_median', 'missing_due_date', 'mixed_currencies', 'receipt_unapplied_long',
        'settled_before_documents', 'unknown_customer_of_document', 'zero_amount'
    )
),
by_file AS (
    SELECT
        t.rule, t.table_name, COALESCE(f.source, '') AS source, COALESCE(f.file, '') AS file,
        COALESCE(b.row_count, 0) AS row_count,
        l.row_count AS rows_checked,
        CASE WHEN t.table_name <> 'customers' THEN COALESCE(b.amount, 0) END AS amount,
        l.amount AS amount_checked
    FROM told AS t
    JOIN looked_at AS l ON l.table_name = t.table_name
    LEFT JOIN broken AS b ON b.rule = t.rule AND b.source_file = l.source_file
    LEFT JOIN ledger_files AS f ON f.source_file = l.source_file
),
sums AS (
    SELECT
        rule, table_name, source, file,
        SUM(row_count) AS row_count, SUM(rows_checked) AS rows_checked, SUM(amount) AS amount, SUM(amount_checked) AS amount_checked
    FROM by_file
    GROUP BY rule, table_name, source, file
    HAVING SUM(row_count) > 0
    UNION ALL
    SELECT
        t.rule,
        CASE WHEN COUNT(b.rule) = 0 THEN '(all)' ELSE t.table_name END, '(all)', '(all)',
        COALESCE(SUM(b.row_count), 0), SUM(b.rows_checked), SUM(b.amount), SUM(b.amount_checked)
    FROM told AS t
    LEFT JOIN by_file AS b ON b.rule = t.rule
    GROUP BY t.rule, t.table_name
),
shares AS (
    SELECT
        s.*,
        CASE WHEN rows_checked > 0 THEN CAST(row_count AS DOUBLE) / CAST(rows_checked AS DOUBLE) END AS rows_share,
        CASE WHEN amount_checked > 0 THEN CAST(amount AS DOUBLE) / CAST(amount_checked AS DOUBLE) END AS amount_share
    FROM sums AS s
)
SELECT
    s.rule, s.table_name, s.source, s.file,
    'ledger' AS stage,
    t.severity,
    CAST(s.row_count AS BIGINT) AS row_count,
    CAST(s.rows_checked AS BIGINT) AS rows_checked,
    s.rows_share,
    t.max_rows_share,
    CAST(s.amount AS DECIMAL(38, 4)) AS amount,
    CAST(s.amount_checked AS DECIMAL(38, 4)) AS amount_checked,
    s.amount_share,
    t.max_amount_share,
    CASE
        WHEN s.file <> '(all)' THEN NULL
        WHEN s.row_count = 0 THEN 'holds'
        WHEN t.severity = 'info'
            OR NOT (COALESCE(s.rows_share > t.max_rows_share, t.max_rows_share < 1.0) OR COALESCE(s.amount_share > t.max_amount_share, FALSE))
            THEN 'noted'
        WHEN t.severity = 'warn' THEN 'warns'
        ELSE 'fails'
    END AS outcome
FROM shares AS s
JOIN told AS t ON t.rule = s.rule
