-- application_pairs: the applications that settle sales, each with the day its money was there
-- grain:   none (one row an application on an invoice or a debit note that is not intercompany's)
-- inputs:  application_values
-- columns: item_key, credit_item_key (together the pair), label_key, customer_key, document_day, due_day (of the sale item)
--          credit_document_type, kind (cash: receipt and discount; credit: credit note and decrease; write_off), credit_document_day
--          effective_day (of the pair: the later of both document days), visible_day (of the application, never before it)
--          debit_amount (document currency), debit_base (historical value): negative on un-applications
SELECT
    a.debit_item_key AS item_key,
    a.credit_item_key,
    a.debit_label_key AS label_key,
    a.debit_customer_key AS customer_key,
    a.debit_document_day AS document_day,
    a.debit_due_day AS due_day,
    a.credit_document_type,
    CASE
        WHEN a.credit_document_type IN ('receipt', 'discount') THEN 'cash'
        WHEN a.credit_document_type = 'write_off' THEN 'write_off'
        ELSE 'credit'
    END AS kind,
    a.credit_document_day,
    GREATEST(a.credit_document_day, a.debit_document_day) AS effective_day,
    a.visible_day,
    a.debit_amount,
    a.debit_base
FROM application_values AS a
WHERE a.debit_document_type IN ('invoice', 'debit_note') AND NOT a.debit_is_intercompany
