-- labels: the combinations of labels that occur, each under a number
-- grain:   label_key
-- inputs:  items_admitted
-- columns: label_key, company_id, segment, region, country, industry, account_manager, payment_terms, currency,
--          first_document_day, first_sale_day (first invoice or debit note; null without one)
-- Facts are first summed by label_key and only then by scope, so that eight scopes cost little more than one.
-- Intercompany customers are left out here, and so out of every mart.
WITH combinations AS (
    SELECT
        company_id, segment, region, country, industry, account_manager, payment_terms, currency,
        MIN(document_day) AS first_document_day,
        MIN(CASE WHEN document_type IN ('invoice', 'debit_note') THEN document_day END) AS first_sale_day
    FROM items_admitted
    WHERE NOT is_intercompany
    GROUP BY company_id, segment, region, country, industry, account_manager, payment_terms, currency
)
SELECT
    ROW_NUMBER() OVER (
        ORDER BY company_id, segment, region, country, industry, account_manager, payment_terms, currency
    ) AS label_key,
    c.*
FROM combinations AS c
