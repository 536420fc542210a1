-- customer_keys: the customers that have a document, each under a number
-- grain:   customer_key
-- inputs:  items_admitted
-- columns: customer_key, company_id, customer_id, first_document_day, first_sale_day
WITH present AS (
    SELECT
        company_id, customer_id,
        MIN(document_day) AS first_document_day,
        MIN(CASE WHEN document_type IN ('invoice', 'debit_note') THEN document_day END) AS first_sale_day
    FROM items_admitted
    WHERE NOT is_intercompany
    GROUP BY company_id, customer_id
)
SELECT ROW_NUMBER() OVER (ORDER BY company_id, customer_id) AS customer_key, p.*
FROM present AS p
