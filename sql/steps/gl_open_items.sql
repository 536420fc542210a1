-- gl_open_items: what was open on the days of the general ledger's balances, customers of the same group included
-- grain:   item_key, balance_day
-- inputs:  gl_days, items, applications_resolved
-- columns: company_id, balance_day, item_key, open_amount (document currency, not 0)
WITH asked AS (
    SELECT i.item_key, i.company_id, i.document_day, i.amount
    FROM items AS i
    WHERE i.company_id IN (SELECT company_id FROM gl_days) AND i.amount <> 0
),
events AS (
    SELECT item_key, document_day AS day_number, amount AS open_change
    FROM asked
    UNION ALL
    SELECT i.item_key, a.visible_day, -a.debit_amount
    FROM applications_resolved AS a
    JOIN asked AS i ON i.item_key = a.debit_item_key
    UNION ALL
    SELECT i.item_key, a.visible_day, -a.credit_amount
    FROM applications_resolved AS a
    JOIN asked AS i ON i.item_key = a.credit_item_key
),
daily AS (
    SELECT item_key, day_number, SUM(open_change) AS open_change
    FROM events
    GROUP BY item_key, day_number
),
running AS (
    SELECT
        item_key,
        day_number AS from_day,
        COALESCE(LEAD(day_number) OVER (PARTITION BY item_key ORDER BY day_number), 99999999) AS until_day,
        SUM(open_change) OVER (PARTITION BY item_key ORDER BY day_number ROWS UNBOUNDED PRECEDING) AS open_amount
    FROM daily
)
SELECT i.company_id, g.balance_day, r.item_key, CAST(r.open_amount AS DECIMAL(18, 4)) AS open_amount
FROM running AS r
JOIN asked AS i ON i.item_key = r.item_key
JOIN gl_days AS g ON g.company_id = i.company_id AND g.balance_day >= r.from_day AND g.balance_day < r.until_day
WHERE r.open_amount <> 0
