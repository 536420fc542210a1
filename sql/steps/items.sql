-- items: the items that count at as_of, each under a number, intercompany included
-- grain:   item_key
-- inputs:  items_admitted, labels, customer_keys
-- columns: item_key, label_key and customer_key (null for an intercompany customer), side_sign (+1 debit, −1 credit), those of items_admitted,
--          and is_first_item: of its document's items that are admitted it has the smallest item_no
WITH numbered_otherwise AS (
    -- All other documents have but one item, and that is number 1.
    SELECT company_id, document_id
    FROM items_admitted
    WHERE item_no <> 1
    GROUP BY company_id, document_id
),
first_items AS (
    SELECT i.company_id, i.document_id, MIN(i.item_no) AS item_no
    FROM items_admitted AS i
    JOIN numbered_otherwise AS n ON n.company_id = i.company_id AND n.document_id = i.document_id
    GROUP BY i.company_id, i.document_id
)
SELECT
    ROW_NUMBER() OVER () AS item_key,
    l.label_key,
    k.customer_key,
    CASE i.side WHEN 'debit' THEN 1 ELSE -1 END AS side_sign,
    i.company_id, i.document_id, i.item_no, i.document_type, i.side, i.customer_id, i.currency,
    i.document_date, i.document_day, i.due_date, i.due_day,
    i.amount, i.base_amount, i.amount_base, i.document_rate_minor,
    i.discount_percent, i.discount_day, i.delivery_day,
    i.payment_terms, i.account_manager, i.is_intercompany,
    COALESCE(i.item_no = f.item_no, TRUE) AS is_first_item
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
LEFT JOIN first_items AS f ON f.company_id = i.company_id AND f.document_id = i.document_id
LEFT JOIN customer_keys AS k
    ON k.company_id = i.company_id
    AND k.customer_id = i.customer_id
    AND NOT i.is_intercompany
