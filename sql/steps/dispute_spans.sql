-- dispute_spans: from when to when each dispute of a sale lasted
-- grain:   company_id, dispute_id
-- inputs:  disputes (current versions), items, settings
-- columns: label_key, customer_key (of the item), opened_day (not before the document), closed_day (not before opened_day; null: open at as_of)
-- Disputes of items that are not sales, or of intercompany customers, count nowhere.
WITH opened AS (
    SELECT
        i.label_key,
        i.customer_key,
        GREATEST(CAST(EXTRACT(EPOCH FROM d.opened_date) / 86400.0 AS BIGINT), i.document_day) AS opened_day,
        CAST(EXTRACT(EPOCH FROM d.closed_date) / 86400.0 AS BIGINT) AS closed_day
    FROM disputes AS d
    JOIN items AS i ON i.company_id = d.company_id AND i.document_id = d.document_id AND i.item_no = d.item_no
    WHERE i.document_type IN ('invoice', 'debit_note') AND NOT i.is_intercompany
)
SELECT
    o.label_key,
    o.customer_key,
    o.opened_day,
    CASE WHEN o.closed_day < o.opened_day THEN o.opened_day WHEN o.closed_day <= s.as_of_day THEN o.closed_day END AS closed_day
FROM opened AS o
JOIN settings AS s ON o.opened_day <= s.as_of_day
