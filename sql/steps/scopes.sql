-- scopes: every scope and scope value that has figures, each under a number
-- grain:   scope_id
-- inputs:  label_values, labels, customer_keys, items, item_events, balances, windows, settings
-- columns: scope_id, company_id, scope, scope_value, all_scope_id (the same value over all companies; null on those rows and on customers),
--          first_document_day, first_sale_day (first invoice or debit note; null without one), customer_key (scope customer only)
-- A customer has figures at as_of only, and only with an open item there or an event in the trailing_3m window that ends there.
WITH dated_values AS (
    SELECT v.company_id, v.scope, v.scope_value, l.first_document_day, l.first_sale_day
    FROM label_values AS v
    JOIN labels AS l ON l.label_key = v.label_key
),
over_all AS (
    SELECT company_id, scope, scope_value, first_document_day, first_sale_day FROM dated_values
    UNION ALL
    SELECT '(all)', scope, CASE scope WHEN 'company' THEN '(all)' ELSE scope_value END, first_document_day, first_sale_day FROM dated_values
),
grouped AS (
    SELECT company_id, scope, scope_value, MIN(first_document_day) AS first_document_day, MIN(first_sale_day) AS first_sale_day
    FROM over_all
    GROUP BY company_id, scope, scope_value
),
numbered AS (
    SELECT ROW_NUMBER() OVER (ORDER BY company_id, scope, scope_value) AS scope_id, g.*
    FROM grouped AS g
),
present_customers AS (
    SELECT i.customer_key
    FROM item_events AS e
    JOIN items AS i ON i.item_key = e.item_key
    CROSS JOIN settings AS s
    JOIN windows AS w
        ON w.period_end_day = s.as_of_day
        AND w.time_window = 'trailing_3m'
        AND e.day_number > w.begin_day
    UNION
    SELECT b.customer_key
    FROM balances AS b
    JOIN settings AS s ON b.day_number = s.as_of_day
)
SELECT
    n.scope_id, n.company_id, n.scope, n.scope_value, a.scope_id AS all_scope_id,
    n.first_document_day, n.first_sale_day, CAST(NULL AS BIGINT) AS customer_key
FROM numbered AS n
LEFT JOIN numbered AS a
    ON n.company_id <> '(all)'
    AND a.company_id = '(all)'
    AND a.scope = n.scope
    AND a.scope_value = CASE n.scope WHEN 'company' THEN '(all)' ELSE n.scope_value END
UNION ALL
SELECT
    1000000000 + k.customer_key, k.company_id, 'customer', k.customer_id, CAST(NULL AS BIGINT),
    k.first_document_day, k.first_sale_day, k.customer_key
FROM present_customers AS p
JOIN customer_keys AS k ON k.customer_key = p.customer_key
