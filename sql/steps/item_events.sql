-- item_events: what opens and closes an item, day by day
-- grain:   none (an item may have several events on a day)
-- inputs:  items, applications_resolved
-- columns: item_key, label_key, side_sign, day_number, open_change (document currency: + the document's amount, − an application, + an un-application)
-- Intercompany items are left out; an intercompany receipt on an outside customer's invoice still closes the invoice.
SELECT item_key, label_key, side_sign, document_day AS day_number, amount AS open_change
FROM items
WHERE NOT is_intercompany AND amount <> 0
UNION ALL
SELECT i.item_key, i.label_key, i.side_sign, a.visible_day, -a.debit_amount
FROM applications_resolved AS a
JOIN items AS i ON i.item_key = a.debit_item_key
WHERE NOT i.is_intercompany
UNION ALL
SELECT i.item_key, i.label_key, i.side_sign, a.visible_day, -a.credit_amount
FROM applications_resolved AS a
JOIN items AS i ON i.item_key = a.credit_item_key
WHERE NOT i.is_intercompany
