-- application_values: each application with the historical value of both its sides
-- grain:   none (one row an application of applications_resolved)
-- inputs:  applications_resolved, items, proportional_values, settings, calendar_days
-- columns: debit_item_key, credit_item_key, visible_day, month_index (of visible_day), debit_amount (document currency),
--          debit_base, credit_base (base currency), debit_due_day,
--          and of both items document_type, document_day, label_key, customer_key, is_intercompany; differs_in_customer, differs_in_currency
-- Each value is rounded by itself, at the rate of its own document; a negative application has minus the value of the positive.
SELECT
    a.debit_item_key,
    a.credit_item_key,
    a.visible_day,
    m.month_index,
    a.debit_amount,
    CASE
        WHEN d.base_amount IS NOT NULL THEN CASE WHEN a.debit_amount < 0 THEN -dp.part_base ELSE dp.part_base END
        WHEN d.currency = s.base_currency THEN a.debit_amount
        ELSE CAST(CAST(a.debit_amount * d.document_rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END AS debit_base,
    CASE
        WHEN c.base_amount IS NOT NULL THEN CASE WHEN a.credit_amount < 0 THEN -cp.part_base ELSE cp.part_base END
        WHEN c.currency = s.base_currency THEN a.credit_amount
        ELSE CAST(CAST(a.credit_amount * c.document_rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END AS credit_base,
    d.document_type AS debit_document_type,
    d.document_day AS debit_document_day,
    d.due_day AS debit_due_day,
    d.label_key AS debit_label_key,
    d.customer_key AS debit_customer_key,
    d.is_intercompany AS debit_is_intercompany,
    c.document_type AS credit_document_type,
    c.document_day AS credit_document_day,
    c.label_key AS credit_label_key,
    c.customer_key AS credit_customer_key,
    c.is_intercompany AS credit_is_intercompany,
    d.customer_id <> c.customer_id AS differs_in_customer,
    d.currency <> c.currency AS differs_in_currency
FROM applications_resolved AS a
CROSS JOIN settings AS s
JOIN items AS d ON d.item_key = a.debit_item_key
JOIN items AS c ON c.item_key = a.credit_item_key
JOIN calendar_days AS m ON m.day_number = a.visible_day
LEFT JOIN proportional_values AS dp ON dp.item_key = a.debit_item_key AND dp.part_amount = ABS(a.debit_amount)
LEFT JOIN proportional_values AS cp ON cp.item_key = a.credit_item_key AND cp.part_amount = ABS(a.credit_amount)
