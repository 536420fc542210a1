-- book_documents: every document of the book with its whole value, those after as_of and customers of the same group included
-- grain:   company_id, document_id, item_no
-- inputs:  documents (with source_file, recorded_at, due_date_rule), customers, rates_daily, fx_rates, settings
-- columns: company_id, document_id, item_no, document_type, side, side_sign, customer_id, is_intercompany, currency, amount, base_amount,
--          rate_minor (of the document date), document_day, due_day, recorded_day (null: known from the beginning), reference, due_date_rule, source_file,
--          has_rate (a document without a rate on or before its date is left out), amount_base (historical), booked_base (base_amount)
WITH spans AS (
    SELECT
        f.currency,
        f.rate,
        CAST(EXTRACT(EPOCH FROM f.rate_date) / 86400.0 AS BIGINT) AS from_day,
        COALESCE(
            LEAD(CAST(EXTRACT(EPOCH FROM f.rate_date) / 86400.0 AS BIGINT)) OVER (PARTITION BY f.currency ORDER BY f.rate_date),
            99999999
        ) AS until_day
    FROM fx_rates AS f
    JOIN settings AS s ON f.currency <> s.base_currency
),
dated AS (
    SELECT
        d.company_id, d.document_id, d.item_no, d.document_type, d.customer_id, d.currency, d.amount, d.base_amount, d.reference,
        d.due_date_rule, d.source_file,
        CASE WHEN d.document_type IN ('invoice', 'debit_note', 'receipt_reversal', 'refund', 'reinstatement', 'increase') THEN 'debit' ELSE 'credit' END AS side,
        CAST(EXTRACT(EPOCH FROM d.document_date) / 86400.0 AS BIGINT) AS document_day,
        CAST(EXTRACT(EPOCH FROM d.due_date) / 86400.0 AS BIGINT) AS due_day,
        CAST(FLOOR(CAST(EXTRACT(EPOCH FROM d.recorded_at) AS DOUBLE) / 86400.0) AS BIGINT) AS recorded_day
    FROM documents AS d
    WHERE d.document_type IN (
        'invoice', 'debit_note', 'receipt_reversal', 'refund', 'reinstatement', 'increase',
        'receipt', 'credit_note', 'write_off', 'discount', 'decrease'
    )
),
rated AS (
    SELECT d.*, r.rate
    FROM dated AS d
    JOIN settings AS s ON d.document_day <= s.as_of_day
    LEFT JOIN rates_daily AS r ON r.currency = d.currency AND r.day_number = d.document_day
    UNION ALL
    SELECT d.*, CASE WHEN d.currency = s.base_currency THEN CAST(1 AS DECIMAL(18, 10)) ELSE p.rate END
    FROM dated AS d
    JOIN settings AS s ON d.document_day > s.as_of_day
    LEFT JOIN spans AS p ON p.currency = d.currency AND p.from_day <= d.document_day AND p.until_day > d.document_day
)
SELECT
    d.company_id, d.document_id, d.item_no, d.document_type, d.side,
    CASE d.side WHEN 'debit' THEN 1 ELSE -1 END AS side_sign,
    d.customer_id,
    COALESCE(c.is_intercompany, FALSE) AS is_intercompany,
    d.currency, d.amount, d.base_amount, d.document_day, d.due_day, d.recorded_day, d.reference, d.due_date_rule, d.source_file,
    d.rate IS NOT NULL AS has_rate,
    CAST(CAST(d.rate AS DECIMAL(20, 10)) * s.minor_units AS DECIMAL(20, 10)) AS rate_minor,
    CASE
        WHEN d.amount = 0 THEN CAST(0 AS DECIMAL(18, 4))
        WHEN d.base_amount IS NOT NULL THEN CAST(CAST(CAST(d.base_amount AS DECIMAL(24, 4)) * s.minor_units AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
        WHEN d.currency = s.base_currency THEN d.amount
        ELSE CAST(CAST(d.amount * CAST(CAST(d.rate AS DECIMAL(20, 10)) * s.minor_units AS DECIMAL(20, 10)) AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END AS amount_base,
    COALESCE(d.base_amount, CAST(0 AS DECIMAL(18, 4))) AS booked_base
FROM rated AS d
CROSS JOIN settings AS s
LEFT JOIN customers AS c ON c.company_id = d.company_id AND c.customer_id = d.customer_id
