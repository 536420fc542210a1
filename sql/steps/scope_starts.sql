-- scope_starts: the balance of a scope value on the day before its first invoice or debit note
-- grain:   scope_id, day_number (= first_sale_day − 1); only where it is not 0
-- inputs:  scopes, label_scopes, labels, items, open_intervals, rates_daily, settings
-- columns: scope_id, day_number, net_closing (AR at that day's rate)
-- It is the opening balance of shortened windows, and seldom more than a few prepayments.
WITH label_starts AS (
    SELECT l.label_key, v.scope_id, v.first_sale_day
    FROM label_scopes AS l
    JOIN scopes AS v ON v.scope_id = l.scope_id
    UNION ALL
    SELECT l.label_key, v.scope_id, v.first_sale_day
    FROM label_scopes AS l
    JOIN scopes AS v ON v.scope_id = l.all_scope_id
),
label_latest AS (
    SELECT label_key, MAX(first_sale_day) AS latest_sale_day
    FROM label_starts
    GROUP BY label_key
),
early_items AS (
    SELECT v.scope_id, v.first_sale_day - 1 AS day_number, e.item_key, e.side_sign, e.currency
    FROM (
        SELECT i.item_key, i.label_key, i.side_sign, i.currency, i.document_day
        FROM items AS i
        JOIN label_latest AS m ON m.label_key = i.label_key AND i.document_day < m.latest_sale_day
    ) AS e
    JOIN label_starts AS v ON v.label_key = e.label_key AND e.document_day < v.first_sale_day
    UNION ALL
    SELECT v.scope_id, v.first_sale_day - 1, i.item_key, i.side_sign, i.currency
    FROM items AS i
    JOIN scopes AS v ON v.customer_key = i.customer_key AND i.document_day < v.first_sale_day
)
SELECT
    e.scope_id,
    e.day_number,
    SUM(e.side_sign * CASE
        WHEN e.currency = s.base_currency THEN o.open_amount
        ELSE CAST(CAST(o.open_amount * r.rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END) AS net_closing
FROM early_items AS e
CROSS JOIN settings AS s
JOIN open_intervals AS o
    ON o.item_key = e.item_key
    AND o.from_day <= e.day_number
    AND COALESCE(o.until_day, 99999999) > e.day_number
JOIN rates_daily AS r ON r.currency = e.currency AND r.day_number = e.day_number
GROUP BY e.scope_id, e.day_number
