-- Which invoices should be chased first: undisputed, past due, largest first?
SELECT
    account_manager,
    customer_name,
    document_id,
    item_no,
    due_date,
    days_past_due,
    open_amount,
    currency,
    open_amount_base - COALESCE(disputed_amount_base, 0) AS undisputed_amount_base
FROM open_items_latest
WHERE side = 'debit'
    AND days_past_due > 0
    AND open_amount_base > COALESCE(disputed_amount_base, 0)
ORDER BY undisputed_amount_base DESC, document_id, item_no
LIMIT 25
