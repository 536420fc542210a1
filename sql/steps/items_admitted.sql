-- items_admitted: the documents' items that count at as_of, with their labels
-- grain:   company_id, document_id, item_no
-- inputs:  documents, customers (current versions), rates_daily, settings
-- columns: those of the document; side (debit, credit); document_day, due_day; payment_terms and account_manager as labels;
--          segment, region, country, industry, is_intercompany of the customer; amount_base (historical); document_rate_minor;
--          discount_percent (2 = 2 %), discount_day, delivery_day
-- Left out: documents after as_of (rates_daily ends there), and documents without a rate on or before their date (no_rate). A missing or empty label is '(none)'.
-- amount_base: base_amount if given, else amount × the rate of the document date; rounded half away from zero to the minor unit.
SELECT
    d.company_id,
    d.document_id,
    d.item_no,
    d.document_type,
    CASE WHEN d.document_type IN ('invoice', 'debit_note', 'receipt_reversal', 'refund', 'reinstatement', 'increase') THEN 'debit' ELSE 'credit' END AS side,
    d.customer_id,
    d.currency,
    d.document_date,
    r.day_number AS document_day,
    d.due_date,
    CAST(EXTRACT(EPOCH FROM d.due_date) / 86400.0 AS BIGINT) AS due_day,
    d.discount_percent,
    CAST(EXTRACT(EPOCH FROM d.discount_date) / 86400.0 AS BIGINT) AS discount_day,
    CAST(EXTRACT(EPOCH FROM d.delivery_date) / 86400.0 AS BIGINT) AS delivery_day,
    d.amount,
    d.base_amount,
    CASE
        WHEN d.amount = 0 THEN CAST(0 AS DECIMAL(18, 4))
        WHEN d.base_amount IS NOT NULL THEN CAST(CAST(CAST(d.base_amount AS DECIMAL(24, 4)) * s.minor_units AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
        WHEN d.currency = s.base_currency THEN d.amount
        ELSE CAST(CAST(d.amount * r.rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END AS amount_base,
    r.rate_minor AS document_rate_minor,
    COALESCE(
        NULLIF(d.terms, ''),
        'net ' || CAST(CAST(EXTRACT(EPOCH FROM d.due_date) / 86400.0 AS BIGINT) - r.day_number AS VARCHAR),
        '(none)'
    ) AS payment_terms,
    COALESCE(NULLIF(d.account_manager, ''), NULLIF(c.account_manager, ''), '(none)') AS account_manager,
    COALESCE(NULLIF(c.segment, ''), '(none)') AS segment,
    COALESCE(NULLIF(c.region, ''), '(none)') AS region,
    COALESCE(NULLIF(c.country, ''), '(none)') AS country,
    COALESCE(NULLIF(c.industry, ''), '(none)') AS industry,
    COALESCE(c.is_intercompany, FALSE) AS is_intercompany
FROM documents AS d
CROSS JOIN settings AS s
JOIN rates_daily AS r
    ON r.currency = d.currency
    AND r.day_number = CAST(EXTRACT(EPOCH FROM d.document_date) / 86400.0 AS BIGINT)
LEFT JOIN customers AS c ON c.company_id = d.company_id AND c.customer_id = d.customer_id
WHERE d.document_type IN (
    'invoice', 'debit_note', 'receipt_reversal', 'refund', 'reinstatement', 'increase',
    'receipt', 'credit_note', 'write_off', 'discount', 'decrease'
)
