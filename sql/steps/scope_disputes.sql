-- scope_disputes: the disputes closed in each window and how long they had lasted
-- grain:   scope_id, period_end_day, time_window (windows with such disputes only; a customer has trailing_3m at as_of)
-- inputs:  dispute_spans, closing_days, window_days, windows, label_scopes, scopes, settings
-- columns: closed_disputes, closed_dispute_days (Σ closed − opened)
WITH closed AS (
    SELECT label_key, customer_key, closed_day, closed_day - opened_day AS days
    FROM dispute_spans
    WHERE closed_day IS NOT NULL
),
by_label AS (
    SELECT x.label_key, c.closing_day, COUNT(*) AS closed_disputes, SUM(x.days) AS closed_dispute_days
    FROM closed AS x
    JOIN closing_days AS c ON c.day_number = x.closed_day
    GROUP BY x.label_key, c.closing_day
),
by_scope AS (
    SELECT l.scope_id, x.closing_day, x.closed_disputes, x.closed_dispute_days
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    UNION ALL
    SELECT l.all_scope_id, x.closing_day, x.closed_disputes, x.closed_dispute_days
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
)
SELECT
    x.scope_id, w.period_end_day, w.time_window,
    SUM(x.closed_disputes) AS closed_disputes, SUM(x.closed_dispute_days) AS closed_dispute_days
FROM by_scope AS x
JOIN window_days AS w ON w.closing_day = x.closing_day
GROUP BY x.scope_id, w.period_end_day, w.time_window
UNION ALL
SELECT v.scope_id, w.period_end_day, w.time_window, COUNT(*), SUM(x.days)
FROM closed AS x
CROSS JOIN settings AS s
JOIN windows AS w ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m' AND w.begin_day < x.closed_day
JOIN scopes AS v ON v.customer_key = x.customer_key
GROUP BY v.scope_id, w.period_end_day, w.time_window
