-- scope_windows: the windows of each scope value, shortened to its first invoice or debit note
-- grain:   scope_id, period_end_day, time_window
-- inputs:  scopes, windows, settings
-- columns: scope_id, period_end_day, time_window, begin_day (the day before the first: the opening balance stands there), days, flags
-- Rows from the scope value's first document on; a customer has trailing_3m at as_of only. A window that starts before the first invoice or
-- debit note starts on it, when that is not after the period end, and is flagged short_history.
SELECT
    v.scope_id,
    w.period_end_day,
    w.time_window,
    CASE WHEN v.first_sale_day > w.begin_day + 1 AND v.first_sale_day <= w.period_end_day THEN v.first_sale_day - 1 ELSE w.begin_day END AS begin_day,
    CASE
        WHEN v.first_sale_day > w.begin_day + 1 AND v.first_sale_day <= w.period_end_day THEN w.period_end_day - v.first_sale_day + 1
        ELSE w.period_end_day - w.begin_day
    END AS days,
    CASE WHEN v.first_sale_day > w.begin_day + 1 AND v.first_sale_day <= w.period_end_day THEN 'short_history' END AS flags
FROM scopes AS v
CROSS JOIN settings AS s
JOIN windows AS w ON w.period_end_day >= v.first_document_day
WHERE v.scope <> 'customer' OR (w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m')
