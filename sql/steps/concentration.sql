-- concentration: B8, how much of the receivable hangs on few customers
-- grain:   scope_id, period_end_day (customers left out)
-- inputs:  balances, label_scopes, scopes, period_ends
-- columns: positive_total, top_10, sum_of_squares, square_of_sum: over the net positive positions of customers (company_id, customer_id)
--          within the scope value, closing rate; null where none is positive
--          overdue_total, overdue_held, overdue_customers: the fewest customers that hold at least 80 % of the overdue debit, the largest first
-- A value that one company alone has is the same over all companies: it is computed once.
WITH by_label AS (
    SELECT
        b.label_key, b.customer_key, b.day_number,
        SUM(b.side_sign * b.closing_base) AS net,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.closing_base ELSE 0 END) AS overdue
    FROM balances AS b
    WHERE b.is_period_end
    GROUP BY b.label_key, b.customer_key, b.day_number
),
in_company AS (
    SELECT
        l.scope_id, x.customer_key, x.day_number,
        CAST(SUM(x.net) AS DECIMAL(18, 4)) AS net,
        CAST(SUM(x.overdue) AS DECIMAL(18, 4)) AS overdue
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, x.customer_key, x.day_number
),
sources AS (
    SELECT all_scope_id AS scope_id, MIN(scope_id) AS only_scope_id, COUNT(*) AS companies
    FROM scopes
    WHERE all_scope_id IS NOT NULL
    GROUP BY all_scope_id
),
positions AS (
    SELECT scope_id, customer_key, day_number, net, overdue FROM in_company
    UNION ALL
    SELECT s.scope_id, p.customer_key, p.day_number, p.net, p.overdue
    FROM in_company AS p
    JOIN scopes AS v ON v.scope_id = p.scope_id
    JOIN sources AS s ON s.scope_id = v.all_scope_id AND s.companies > 1
),
held AS (
    SELECT scope_id, day_number, SUM(net) AS positive_total, SUM(CAST(net AS DECIMAL(19, 4)) * CAST(net AS DECIMAL(19, 4))) AS sum_of_squares
    FROM positions
    WHERE net > 0
    GROUP BY scope_id, day_number
),
ranked AS (
    SELECT scope_id, day_number, net, ROW_NUMBER() OVER (PARTITION BY scope_id, day_number ORDER BY net DESC) AS position_rank
    FROM positions
    WHERE net > 0
),
largest AS (
    SELECT scope_id, day_number, SUM(net) AS top_10
    FROM ranked
    WHERE position_rank <= 10
    GROUP BY scope_id, day_number
),
overdue_running AS (
    SELECT
        scope_id, day_number,
        ROW_NUMBER() OVER (PARTITION BY scope_id, day_number ORDER BY overdue DESC, customer_key) AS customers,
        SUM(overdue) OVER (PARTITION BY scope_id, day_number ORDER BY overdue DESC, customer_key ROWS UNBOUNDED PRECEDING) AS held
    FROM positions
    WHERE overdue > 0
),
overdue_totals AS (
    SELECT scope_id, day_number, MAX(held) AS overdue_total
    FROM overdue_running
    GROUP BY scope_id, day_number
),
overdue_fewest AS (
    SELECT r.scope_id, r.day_number, t.overdue_total, MIN(r.customers) AS overdue_customers, MIN(r.held) AS overdue_held
    FROM overdue_running AS r
    JOIN overdue_totals AS t ON t.scope_id = r.scope_id AND t.day_number = r.day_number
    WHERE 10 * r.held >= 8 * t.overdue_total
    GROUP BY r.scope_id, r.day_number, t.overdue_total
)
SELECT
    v.scope_id,
    p.period_end_day,
    h.positive_total,
    l.top_10,
    h.sum_of_squares,
    CAST(h.positive_total AS DECIMAL(19, 4)) * CAST(h.positive_total AS DECIMAL(19, 4)) AS square_of_sum,
    o.overdue_total,
    o.overdue_held,
    o.overdue_customers
FROM scopes AS v
JOIN period_ends AS p ON p.period_end_day >= v.first_document_day
LEFT JOIN sources AS s ON s.scope_id = v.scope_id AND s.companies = 1
LEFT JOIN held AS h ON h.scope_id = COALESCE(s.only_scope_id, v.scope_id) AND h.day_number = p.period_end_day
LEFT JOIN largest AS l ON l.scope_id = COALESCE(s.only_scope_id, v.scope_id) AND l.day_number = p.period_end_day
LEFT JOIN overdue_fewest AS o ON o.scope_id = COALESCE(s.only_scope_id, v.scope_id) AND o.day_number = p.period_end_day
WHERE v.scope <> 'customer'
