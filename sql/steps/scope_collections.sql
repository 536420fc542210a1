-- scope_collections: what was to be collected in each month, and what was
-- grain:   scope_id, period_end_day (its window month; customers left out)
-- inputs:  application_pairs, items, balances, windows, calendar_days, label_scopes
-- columns: collectable: of sale items due by the period end, what was open as the window began, and what was dated in it
--          collected: cash of the window on those items     collected_early: cash of the window on items due later
--          all at historical value; items without a due date are in none of them
WITH month_windows AS (
    SELECT period_end_day, begin_day
    FROM windows
    WHERE time_window = 'month'
),
month_days AS (
    SELECT c.day_number, w.period_end_day
    FROM month_windows AS w
    JOIN calendar_days AS c ON c.day_number > w.begin_day AND c.day_number <= w.period_end_day
),
facts AS (
    SELECT
        p.label_key,
        d.period_end_day,
        0 AS collectable,
        CASE WHEN p.due_day <= d.period_end_day THEN p.debit_base ELSE 0 END AS collected,
        CASE WHEN p.due_day > d.period_end_day THEN p.debit_base ELSE 0 END AS collected_early
    FROM application_pairs AS p
    JOIN month_days AS d ON d.day_number = p.visible_day
    WHERE p.credit_document_type = 'receipt' AND p.due_day IS NOT NULL
    UNION ALL
    SELECT i.label_key, d.period_end_day, i.amount_base, 0, 0
    FROM items AS i
    JOIN month_days AS d ON d.day_number = i.document_day AND d.period_end_day >= i.due_day
    WHERE i.document_type IN ('invoice', 'debit_note') AND NOT i.is_intercompany
    UNION ALL
    SELECT b.label_key, w.period_end_day, b.historical_base, 0, 0
    FROM balances AS b
    JOIN month_windows AS w ON w.begin_day = b.day_number AND w.period_end_day >= b.day_number - b.days_past_due
    WHERE b.is_sale
),
by_label AS (
    SELECT
        x.label_key, x.period_end_day,
        SUM(x.collectable) AS collectable, SUM(x.collected) AS collected, SUM(x.collected_early) AS collected_early
    FROM facts AS x
    GROUP BY x.label_key, x.period_end_day
),
in_company AS (
    SELECT
        l.scope_id, l.all_scope_id, x.period_end_day,
        SUM(x.collectable) AS collectable, SUM(x.collected) AS collected, SUM(x.collected_early) AS collected_early
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.period_end_day
)
SELECT scope_id, period_end_day, collectable, collected, collected_early
FROM in_company
UNION ALL
SELECT
    x.all_scope_id, x.period_end_day,
    SUM(x.collectable) AS collectable, SUM(x.collected) AS collected, SUM(x.collected_early) AS collected_early
FROM in_company AS x
GROUP BY x.all_scope_id, x.period_end_day
