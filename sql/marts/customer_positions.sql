-- customer_positions: what each customer owes at as_of, by currency
-- grain:      company_id, customer_id, currency: customers with an open item
-- parameters: as_of, base_currency
-- inputs:     balances, items, customers, rates_daily, settings
-- columns:    debit_amount, credit_amount (positive), net_amount, overdue_amount (days past due > 0) in document currency, and the same …_base
--             at closing rate; open_items, overdue_items; oldest_document_date, oldest_due_date, days_past_due_max over open debit items
--             credit_limit, credit_limit_currency (default: base); utilisation = net over all currencies ÷ the limit in base currency at
--             closing rate, not rounded; utilisation_reason: not_supplied (no limit), zero_base (a limit of 0), no_rate
WITH positions AS (
    SELECT
        i.company_id,
        i.customer_id,
        i.currency,
        SUM(CASE WHEN b.side_sign = 1 THEN b.open_amount ELSE 0 END) AS debit_amount,
        SUM(CASE WHEN b.side_sign = -1 THEN b.open_amount ELSE 0 END) AS credit_amount,
        SUM(b.side_sign * b.open_amount) AS net_amount,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.open_amount ELSE 0 END) AS overdue_amount,
        SUM(CASE WHEN b.side_sign = 1 THEN b.closing_base ELSE 0 END) AS debit_amount_base,
        SUM(CASE WHEN b.side_sign = -1 THEN b.closing_base ELSE 0 END) AS credit_amount_base,
        SUM(b.side_sign * b.closing_base) AS net_amount_base,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.closing_base ELSE 0 END) AS overdue_amount_base,
        COUNT(*) AS open_items,
        SUM(CASE WHEN b.days_past_due > 0 THEN 1 ELSE 0 END) AS overdue_items,
        MIN(CASE WHEN b.side_sign = 1 THEN i.document_date END) AS oldest_document_date,
        MIN(CASE WHEN b.side_sign = 1 THEN i.due_date END) AS oldest_due_date,
        MAX(b.days_past_due) AS days_past_due_max
    FROM balances AS b
    JOIN settings AS s ON b.day_number = s.as_of_day
    JOIN items AS i ON i.item_key = b.item_key
    GROUP BY i.company_id, i.customer_id, i.currency
),
totals AS (
    SELECT company_id, customer_id, SUM(net_amount_base) AS net_amount_base
    FROM positions
    GROUP BY company_id, customer_id
),
limits AS (
    SELECT
        c.company_id,
        c.customer_id,
        c.credit_limit,
        CASE WHEN c.credit_limit IS NOT NULL THEN COALESCE(NULLIF(c.credit_limit_currency, ''), s.base_currency) END AS credit_limit_currency,
        r.rate
    FROM customers AS c
    CROSS JOIN settings AS s
    LEFT JOIN rates_daily AS r
        ON r.currency = COALESCE(NULLIF(c.credit_limit_currency, ''), s.base_currency)
        AND r.day_number = s.as_of_day
)
SELECT
    p.company_id,
    p.customer_id,
    p.currency,
    CAST(p.debit_amount AS DECIMAL(38, 4)) AS debit_amount,
    CAST(p.credit_amount AS DECIMAL(38, 4)) AS credit_amount,
    CAST(p.net_amount AS DECIMAL(38, 4)) AS net_amount,
    CAST(p.overdue_amount AS DECIMAL(38, 4)) AS overdue_amount,
    CAST(p.debit_amount_base AS DECIMAL(38, 4)) AS debit_amount_base,
    CAST(p.credit_amount_base AS DECIMAL(38, 4)) AS credit_amount_base,
    CAST(p.net_amount_base AS DECIMAL(38, 4)) AS net_amount_base,
    CAST(p.overdue_amount_base AS DECIMAL(38, 4)) AS overdue_amount_base,
    CAST(p.open_items AS BIGINT) AS open_items,
    CAST(p.overdue_items AS BIGINT) AS overdue_items,
    p.oldest_document_date,
    p.oldest_due_date,
    p.days_past_due_max,
    l.credit_limit,
    l.credit_limit_currency,
    CASE
        WHEN l.credit_limit <> 0 AND l.rate IS NOT NULL
            THEN CAST(t.net_amount_base AS DOUBLE) / (CAST(l.credit_limit AS DOUBLE) * CAST(l.rate AS DOUBLE))
    END AS utilisation,
    CASE
        WHEN l.credit_limit IS NULL THEN 'not_supplied'
        WHEN l.credit_limit = 0 THEN 'zero_base'
        WHEN l.rate IS NULL THEN 'no_rate'
    END AS utilisation_reason
FROM positions AS p
JOIN totals AS t ON t.company_id = p.company_id AND t.customer_id = p.customer_id
LEFT JOIN limits AS l ON l.company_id = p.company_id AND l.customer_id = p.customer_id
ORDER BY p.company_id, p.customer_id, p.currency
