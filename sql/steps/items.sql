-- items: the items that count at as_of, each under a number, intercompany included
-- grain:   item_key
-- inputs:  items_admitted, labels, customer_keys
-- columns: item_key, label_key and customer_key (null for an intercompany customer), side_sign (+1 debit, −1 credit), and those of items_admitted
SELECT
    ROW_NUMBER() OVER () AS item_key,
    l.label_key,
    k.customer_key,
    CASE i.side WHEN 'debit' THEN 1 ELSE -1 END AS side_sign,
    i.company_id, i.document_id, i.item_no, i.document_type, i.side, i.customer_id, i.currency,
    i.document_date, i.document_day, i.due_date, i.due_day,
    i.amount, i.base_amount, i.amount_base, i.document_rate_minor,
    i.payment_terms, i.account_manager, i.is_intercompany
FROM items_admitted AS i
LEFT JOIN labels AS l
    ON l.company_id = i.company_id
    AND l.segment = i.segment
    AND l.region = i.region
    AND l.country = i.country
    AND l.industry = i.industry
    AND l.account_manager = i.account_manager
    AND l.payment_terms = i.payment_terms
    AND l.currency = i.currency
    AND NOT i.is_intercompany
LEFT JOIN customer_keys AS k
    ON k.company_id = i.company_id
    AND k.customer_id = i.customer_id
    AND NOT i.is_intercompany
