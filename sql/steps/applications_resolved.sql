-- applications_resolved: each application that counts at as_of, with both its items
-- grain:   company_id, application_id
-- inputs:  applications (current versions), items, settings
-- columns: debit_item_key, credit_item_key, visible_day (the later of the applied date and both document dates),
--          debit_amount (in the debit document's currency), credit_amount (in the credit document's)
-- Left out: an unknown item or one that was left out (unknown_document), a debit side that is not a debit type or a credit side that is
-- not a credit type (wrong_side), two currencies without credit_amount (missing_credit_amount), and whatever becomes visible after as_of.
-- credit_amount is read only where the currencies differ.
WITH matched AS (
    SELECT
        d.item_key AS debit_item_key,
        c.item_key AS credit_item_key,
        GREATEST(CAST(EXTRACT(EPOCH FROM a.applied_date) / 86400.0 AS BIGINT), d.document_day, c.document_day) AS visible_day,
        a.amount AS debit_amount,
        CASE WHEN d.currency = c.currency THEN a.amount ELSE a.credit_amount END AS credit_amount
    FROM applications AS a
    JOIN items AS d
        ON d.company_id = a.company_id AND d.document_id = a.debit_document_id AND d.item_no = a.debit_item_no
    JOIN items AS c
        ON c.company_id = a.company_id AND c.document_id = a.credit_document_id AND c.item_no = a.credit_item_no
    WHERE d.side = 'debit' AND c.side = 'credit'
)
SELECT m.debit_item_key, m.credit_item_key, m.visible_day, m.debit_amount, m.credit_amount
FROM matched AS m
JOIN settings AS s ON m.visible_day <= s.as_of_day
WHERE m.credit_amount IS NOT NULL
