-- count_back: K2, how many days of sales, from the newest back, make up the receivable
-- grain:   scope_id, period_end_day (customers left out)
-- inputs:  scopes, period_ends, calendar_days, scope_flows_daily, scope_balances, settings
-- columns: scope_id, period_end_day, receivable (AR at closing rate), value (days; null when the history is used up), reason
-- Whole calendar months are taken from the newest back; the newest may be a part month. A month with net credit sales ≤ 0 adds its days
-- and takes nothing; the last one adds remainder ÷ its sales × its days. The history ends with the month of the first invoice or debit note,
-- which counts in full. AR ≤ 0 gives 0.
WITH months AS (
    SELECT
        c.month_index,
        MAX(CASE WHEN c.day_number <= s.as_of_day THEN c.day_of_month ELSE 0 END) AS days,
        MIN(c.day_number) AS first_day
    FROM calendar_days AS c
    CROSS JOIN settings AS s
    GROUP BY c.month_index
),
sales AS (
    SELECT f.scope_id, c.month_index, SUM(f.invoices_and_debit_notes - f.credit_notes) AS net_credit_sales
    FROM scope_flows_daily AS f
    JOIN scopes AS v ON v.scope_id = f.scope_id AND v.scope <> 'customer'
    JOIN calendar_days AS c ON c.day_number = f.day_number
    GROUP BY f.scope_id, c.month_index
),
history AS (
    SELECT
        v.scope_id,
        m.month_index,
        m.days,
        CASE WHEN n.net_credit_sales > 0 THEN n.net_credit_sales ELSE CAST(0 AS DECIMAL(38, 4)) END AS taken
    FROM scopes AS v
    CROSS JOIN settings AS s
    JOIN calendar_days AS f ON f.day_number = v.first_sale_day
    JOIN months AS m ON m.month_index >= f.month_index AND m.first_day <= s.as_of_day
    LEFT JOIN sales AS n ON n.scope_id = v.scope_id AND n.month_index = m.month_index
    WHERE v.scope <> 'customer'
),
running AS (
    SELECT
        h.*,
        SUM(taken) OVER (PARTITION BY scope_id ORDER BY month_index ROWS UNBOUNDED PRECEDING) AS taken_so_far
    FROM history AS h
),
ends AS (
    SELECT v.scope_id, p.period_end_day, p.month_index, b.net_closing AS receivable
    FROM scopes AS v
    JOIN period_ends AS p ON p.period_end_day >= v.first_document_day
    JOIN scope_balances AS b ON b.scope_id = v.scope_id AND b.day_number = p.period_end_day
    WHERE v.scope <> 'customer'
),
counted AS (
    SELECT
        e.scope_id,
        e.period_end_day,
        SUM(CASE
            WHEN n.taken_so_far - m.taken_so_far + m.taken <= e.receivable THEN CAST(m.days AS DOUBLE)
            ELSE CAST(e.receivable - n.taken_so_far + m.taken_so_far AS DOUBLE) / CAST(m.taken AS DOUBLE) * CAST(m.days AS DOUBLE)
        END) AS days,
        MAX(n.taken_so_far) AS taken_in_all
    FROM ends AS e
    JOIN running AS n ON n.scope_id = e.scope_id AND n.month_index = e.month_index
    JOIN running AS m
        ON m.scope_id = e.scope_id
        AND m.month_index <= e.month_index
        AND n.taken_so_far - m.taken_so_far < e.receivable
    WHERE e.receivable > 0
    GROUP BY e.scope_id, e.period_end_day
)
SELECT
    e.scope_id,
    e.period_end_day,
    e.receivable,
    CASE
        WHEN e.receivable <= 0 THEN CAST(0 AS DOUBLE)
        WHEN c.taken_in_all >= e.receivable THEN c.days
    END AS value,
    CASE WHEN e.receivable > 0 AND COALESCE(c.taken_in_all, 0) < e.receivable THEN 'history_exhausted' END AS reason
FROM ends AS e
LEFT JOIN counted AS c ON c.scope_id = e.scope_id AND c.period_end_day = e.period_end_day
