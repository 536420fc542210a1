-- dso_bridge: K25, the change of the days of sales outstanding from one period end to the next, part by part
-- grain:      company_id, scope, scope_value, period_end, part (customers left out; the oldest period end has nothing before it)
-- parameters: as_of, base_currency, history_months
-- inputs:     scopes, period_ends, calendar_days, settings, scope_balances, window_measures
-- columns:    part_order (1 to 8), amount (base currency), days (in trailing_3m), reason (why days is null: no_sales, not_supplied)
--             opening, closing: AR net at closing rate, and its DSO; sales_volume: what the change of the sales alone does to the opening DSO
--             not_yet_due, overdue_undisputed (with what has no due date), disputed, unapplied_credits: changes at historical rate
--             fx: the change of what closing rates add to that
-- The parts between opening and closing sum to the change: exactly in amounts, in days at the new sales.
WITH neighbours AS (
    SELECT period_end_day, LAG(period_end_day) OVER (ORDER BY period_end_day) AS previous_day
    FROM period_ends
),
changes AS (
    SELECT
        v.scope_id,
        n.period_end_day,
        b.net_closing AS opening,
        e.net_closing AS closing,
        e.not_due_historical - e.disputed_not_due_historical - (b.not_due_historical - b.disputed_not_due_historical) AS not_yet_due,
        e.disputed_historical - b.disputed_historical AS disputed,
        e.debit_historical - b.debit_historical AS debit,
        b.credit_historical - e.credit_historical AS unapplied_credits,
        e.net_closing - e.net_historical - (b.net_closing - b.net_historical) AS fx,
        CASE WHEN mb.net_credit_sales > 0 THEN CAST(b.net_closing AS DOUBLE) / CAST(mb.net_credit_sales AS DOUBLE) * CAST(mb.days AS DOUBLE) END AS opening_days,
        CASE WHEN me.net_credit_sales > 0 THEN CAST(me.net_credit_sales AS DOUBLE) END AS sales,
        CAST(me.days AS DOUBLE) AS days
    FROM scopes AS v
    JOIN neighbours AS n ON n.previous_day >= v.first_document_day
    JOIN scope_balances AS b ON b.scope_id = v.scope_id AND b.day_number = n.previous_day
    JOIN scope_balances AS e ON e.scope_id = v.scope_id AND e.day_number = n.period_end_day
    JOIN window_measures AS mb ON mb.scope_id = v.scope_id AND mb.period_end_day = n.previous_day AND mb.time_window = 'trailing_3m'
    JOIN window_measures AS me ON me.scope_id = v.scope_id AND me.period_end_day = n.period_end_day AND me.time_window = 'trailing_3m'
    WHERE v.scope <> 'customer'
),
parts AS (
    SELECT scope_id, period_end_day, 'opening' AS part, 1 AS part_order, opening AS amount, opening_days AS days FROM changes
    UNION ALL
    SELECT scope_id, period_end_day, 'sales_volume', 2, CAST(NULL AS DECIMAL(38, 4)), CAST(opening AS DOUBLE) / sales * days - opening_days FROM changes
    UNION ALL
    SELECT scope_id, period_end_day, 'not_yet_due', 3, not_yet_due, CAST(not_yet_due AS DOUBLE) / sales * days FROM changes
    UNION ALL
    SELECT scope_id, period_end_day, 'overdue_undisputed', 4, debit - disputed - not_yet_due, CAST(debit - disputed - not_yet_due AS DOUBLE) / sales * days FROM changes
    UNION ALL
    SELECT scope_id, period_end_day, 'disputed', 5, disputed, CAST(disputed AS DOUBLE) / sales * days FROM changes
    UNION ALL
    SELECT scope_id, period_end_day, 'unapplied_credits', 6, unapplied_credits, CAST(unapplied_credits AS DOUBLE) / sales * days FROM changes
    UNION ALL
    SELECT scope_id, period_end_day, 'fx', 7, fx, CAST(fx AS DOUBLE) / sales * days FROM changes
    UNION ALL
    SELECT scope_id, period_end_day, 'closing', 8, closing, CAST(closing AS DOUBLE) / sales * days FROM changes
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    c.calendar_date AS period_end,
    p.part,
    CAST(p.part_order AS BIGINT) AS part_order,
    CASE WHEN s.has_disputes OR p.part <> 'disputed' THEN CAST(p.amount AS DECIMAL(38, 4)) END AS amount,
    CASE WHEN s.has_disputes OR p.part <> 'disputed' THEN p.days END AS days,
    CASE WHEN NOT s.has_disputes AND p.part = 'disputed' THEN 'not_supplied' WHEN p.days IS NULL THEN 'no_sales' END AS reason
FROM parts AS p
CROSS JOIN settings AS s
JOIN scopes AS v ON v.scope_id = p.scope_id
JOIN calendar_days AS c ON c.day_number = p.period_end_day
ORDER BY v.company_id, v.scope, v.scope_value, c.calendar_date, p.part
