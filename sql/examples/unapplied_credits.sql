-- Which customers have receipts or credit notes that nobody has applied, while invoices of theirs are open?
SELECT
    company_id,
    customer_id,
    customer_name,
    currency,
    credit_amount,
    debit_amount,
    overdue_amount
FROM customer_positions_latest
WHERE credit_amount > 0 AND debit_amount > 0
ORDER BY credit_amount_base DESC, company_id, customer_id, currency
