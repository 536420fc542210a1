-- scope_billing: how long after delivery the invoices of each window were written
-- grain:   scope_id, period_end_day, time_window (windows with such invoices only; a customer has trailing_3m at as_of)
-- inputs:  items, closing_days, window_days, windows, label_scopes, scopes, settings
-- columns: delivered_items, delivered_amount (invoices with a delivery date, by document date; base currency, historical),
--          lag_days (Σ document date − delivery date), delivered_amount_lagged (Σ amount × those days)
WITH delivered AS (
    SELECT
        label_key, customer_key, document_day,
        amount_base AS delivered_amount,
        document_day - delivery_day AS lag_days,
        amount_base * (document_day - delivery_day) AS delivered_amount_lagged
    FROM items
    WHERE document_type = 'invoice' AND delivery_day IS NOT NULL AND NOT is_intercompany
),
by_label AS (
    SELECT
        x.label_key, c.closing_day,
        COUNT(*) AS delivered_items, SUM(x.delivered_amount) AS delivered_amount,
        SUM(x.lag_days) AS lag_days, SUM(x.delivered_amount_lagged) AS delivered_amount_lagged
    FROM delivered AS x
    JOIN closing_days AS c ON c.day_number = x.document_day
    GROUP BY x.label_key, c.closing_day
),
in_company AS (
    SELECT
        l.scope_id, l.all_scope_id, x.closing_day,
        SUM(x.delivered_items) AS delivered_items, SUM(x.delivered_amount) AS delivered_amount,
        SUM(x.lag_days) AS lag_days, SUM(x.delivered_amount_lagged) AS delivered_amount_lagged
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.closing_day
),
by_scope AS (
    SELECT scope_id, closing_day, delivered_items, delivered_amount, lag_days, delivered_amount_lagged FROM in_company
    UNION ALL
    SELECT all_scope_id, closing_day, delivered_items, delivered_amount, lag_days, delivered_amount_lagged FROM in_company
)
SELECT
    x.scope_id, w.period_end_day, w.time_window,
    SUM(x.delivered_items) AS delivered_items, SUM(x.delivered_amount) AS delivered_amount,
    SUM(x.lag_days) AS lag_days, SUM(x.delivered_amount_lagged) AS delivered_amount_lagged
FROM by_scope AS x
JOIN window_days AS w ON w.closing_day = x.closing_day
GROUP BY x.scope_id, w.period_end_day, w.time_window
UNION ALL
SELECT
    v.scope_id, w.period_end_day, w.time_window,
    COUNT(*), SUM(x.delivered_amount), SUM(x.lag_days), SUM(x.delivered_amount_lagged)
FROM delivered AS x
CROSS JOIN settings AS s
JOIN windows AS w ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m' AND w.begin_day < x.document_day
JOIN scopes AS v ON v.customer_key = x.customer_key
GROUP BY v.scope_id, w.period_end_day, w.time_window
