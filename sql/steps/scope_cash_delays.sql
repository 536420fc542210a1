-- scope_cash_delays: how late the cash of each window was
-- grain:   scope_id, period_end_day, time_window (windows with such cash only; a customer has trailing_3m at as_of)
-- inputs:  application_pairs, closing_days, window_days, windows, label_scopes, scopes, settings
-- columns: dated_cash (receipts applied to sale items with a due date, by visible day, historical value of the sale),
--          dated_cash_delayed (Σ of it × (effective day − due day))
WITH cash AS (
    SELECT label_key, customer_key, visible_day, debit_base AS dated_cash, debit_base * (effective_day - due_day) AS dated_cash_delayed
    FROM application_pairs
    WHERE credit_document_type = 'receipt' AND due_day IS NOT NULL
),
by_label AS (
    SELECT x.label_key, c.closing_day, SUM(x.dated_cash) AS dated_cash, SUM(x.dated_cash_delayed) AS dated_cash_delayed
    FROM cash AS x
    JOIN closing_days AS c ON c.day_number = x.visible_day
    GROUP BY x.label_key, c.closing_day
),
in_company AS (
    SELECT l.scope_id, l.all_scope_id, x.closing_day, SUM(x.dated_cash) AS dated_cash, SUM(x.dated_cash_delayed) AS dated_cash_delayed
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.closing_day
),
by_scope AS (
    SELECT scope_id, closing_day, dated_cash, dated_cash_delayed FROM in_company
    UNION ALL
    SELECT all_scope_id, closing_day, dated_cash, dated_cash_delayed FROM in_company
)
SELECT x.scope_id, w.period_end_day, w.time_window, SUM(x.dated_cash) AS dated_cash, SUM(x.dated_cash_delayed) AS dated_cash_delayed
FROM by_scope AS x
JOIN window_days AS w ON w.closing_day = x.closing_day
GROUP BY x.scope_id, w.period_end_day, w.time_window
UNION ALL
SELECT v.scope_id, w.period_end_day, w.time_window, SUM(x.dated_cash), SUM(x.dated_cash_delayed)
FROM cash AS x
JOIN settings AS s ON s.as_of_day >= x.visible_day
JOIN windows AS w ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m' AND w.begin_day < x.visible_day
JOIN scopes AS v ON v.customer_key = x.customer_key
GROUP BY v.scope_id, w.period_end_day, w.time_window
