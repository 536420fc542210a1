-- scope_promises: the promises due in each window and what became of them
-- grain:   scope_id, period_end_day, time_window (windows with a promise only; a customer has trailing_3m at as_of)
-- inputs:  promise_changes, closing_days, window_days, windows, label_scopes, scopes, settings
-- columns: those of promise_changes, summed over what is anchored in the window and had happened by its end
-- A promise of a customer without a document stands in the scopes that the customer alone decides.
WITH by_label AS (
    SELECT
        x.label_key, x.of_customer_only, a.closing_day AS anchor_closing_day, c.closing_day AS change_closing_day,
        SUM(x.promises_due) AS promises_due, SUM(x.promises_kept) AS promises_kept, SUM(x.promises_partly) AS promises_partly,
        SUM(x.promises_broken) AS promises_broken
    FROM promise_changes AS x
    JOIN closing_days AS a ON a.day_number = x.anchor_day
    JOIN closing_days AS c ON c.day_number = x.change_day
    GROUP BY x.label_key, x.of_customer_only, a.closing_day, c.closing_day
),
in_company AS (
    SELECT
        l.scope_id, l.all_scope_id, x.anchor_closing_day, x.change_closing_day,
        SUM(x.promises_due) AS promises_due, SUM(x.promises_kept) AS promises_kept, SUM(x.promises_partly) AS promises_partly,
        SUM(x.promises_broken) AS promises_broken
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key AND (l.of_customer OR NOT x.of_customer_only)
    GROUP BY l.scope_id, l.all_scope_id, x.anchor_closing_day, x.change_closing_day
),
by_scope AS (
    SELECT
        scope_id, anchor_closing_day, change_closing_day,
        promises_due, promises_kept, promises_partly, promises_broken
    FROM in_company
    UNION ALL
    SELECT
        all_scope_id, anchor_closing_day, change_closing_day,
        promises_due, promises_kept, promises_partly, promises_broken
    FROM in_company
)
SELECT
    x.scope_id, w.period_end_day, w.time_window,
    SUM(x.promises_due) AS promises_due, SUM(x.promises_kept) AS promises_kept, SUM(x.promises_partly) AS promises_partly,
    SUM(x.promises_broken) AS promises_broken
FROM by_scope AS x
JOIN window_days AS w ON w.closing_day = x.anchor_closing_day AND w.period_end_day >= x.change_closing_day
GROUP BY x.scope_id, w.period_end_day, w.time_window
UNION ALL
SELECT
    v.scope_id, w.period_end_day, w.time_window,
    SUM(x.promises_due), SUM(x.promises_kept), SUM(x.promises_partly), SUM(x.promises_broken)
FROM promise_changes AS x
JOIN settings AS s ON s.as_of_day >= x.change_day
JOIN windows AS w ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m' AND w.begin_day < x.anchor_day
JOIN scopes AS v ON v.customer_key = x.customer_key
GROUP BY v.scope_id, w.period_end_day, w.time_window
