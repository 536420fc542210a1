-- Which customers' open items move the expected cash of the next 30 days most, and how far is that from what is due by then?
WITH items AS (
    SELECT
        f.company_id,
        f.customer_id,
        o.customer_name,
        f.paid_probability_30d,
        o.days_past_due,
        -- What unapplied credits take is no cash to come.
        CAST(o.open_amount_base AS DOUBLE) * (1 - CAST(f.unapplied_credit AS DOUBLE) / CAST(f.open_amount AS DOUBLE)) AS amount
    FROM invoice_forecasts_latest AS f
    JOIN open_items_latest AS o ON o.company_id = f.company_id AND o.document_id = f.document_id AND o.item_no = f.item_no
),
customers AS (
    SELECT
        company_id,
        customer_id,
        customer_name,
        SUM(amount) AS open_amount,
        SUM(CASE WHEN days_past_due >= -30 THEN amount ELSE 0 END) AS due_amount,
        SUM(amount * paid_probability_30d) AS expected_amount
    FROM items
    GROUP BY company_id, customer_id, customer_name
)
SELECT
    company_id,
    customer_id,
    customer_name,
    ROUND(open_amount, 2) AS open_base,
    ROUND(due_amount, 2) AS due_within_30_days_base,
    ROUND(expected_amount, 2) AS expected_within_30_days_base,
    ROUND(100 * expected_amount / SUM(expected_amount) OVER (), 1) AS percent_of_all_expected,
    ROUND(expected_amount - due_amount, 2) AS expected_less_due_base
FROM customers
ORDER BY expected_amount DESC, company_id, customer_id
LIMIT 20
