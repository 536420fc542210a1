-- Which disputed invoices hold back the most money?
SELECT
    company_id,
    customer_name,
    document_id,
    due_date,
    days_past_due,
    open_amount_base,
    disputed_amount_base
FROM open_items_latest
WHERE disputed_amount_base > 0
ORDER BY disputed_amount_base DESC, document_id
