-- interval_values: the intervals with what a balance needs of their item
-- grain:   item_key, from_day
-- inputs:  open_intervals, items, proportional_values, settings
-- columns: item_key, label_key, customer_key, side_sign, is_sale (invoice or debit note), currency, in_base_currency, document_day, due_day, from_day, until_day, open_amount,
--          historical_base (open_amount at the document's own rate, or its part of base_amount; rounded to the base minor unit)
SELECT
    o.item_key,
    i.label_key,
    i.customer_key,
    i.side_sign,
    i.document_type IN ('invoice', 'debit_note') AS is_sale,
    i.currency,
    i.currency = s.base_currency AS in_base_currency,
    i.document_day,
    i.due_day,
    o.from_day,
    o.until_day,
    o.open_amount,
    CASE
        WHEN i.base_amount IS NOT NULL THEN p.part_base
        WHEN i.currency = s.base_currency THEN o.open_amount
        ELSE CAST(CAST(o.open_amount * i.document_rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END AS historical_base
FROM open_intervals AS o
JOIN items AS i ON i.item_key = o.item_key
CROSS JOIN settings AS s
LEFT JOIN proportional_values AS p ON p.item_key = o.item_key AND p.part_amount = o.open_amount
