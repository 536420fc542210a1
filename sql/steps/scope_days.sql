-- scope_days: the days on which each scope value needs its balance and its flows so far
-- grain:   scope_id, day_number
-- inputs:  scopes, balance_dates, period_ends, scope_windows, settings
-- columns: scope_id, day_number
-- A customer needs as_of, the month end before and the opening day of its one window.
SELECT v.scope_id, b.day_number
FROM scopes AS v
CROSS JOIN balance_dates AS b
WHERE v.scope <> 'customer'
UNION
SELECT w.scope_id, w.begin_day
FROM scope_windows AS w
UNION
SELECT v.scope_id, p.period_end_day
FROM scopes AS v
CROSS JOIN settings AS s
JOIN period_ends AS p ON p.period_end_day = s.as_of_day
WHERE v.scope = 'customer'
UNION
SELECT v.scope_id, p.previous_month_end_day
FROM scopes AS v
CROSS JOIN settings AS s
JOIN period_ends AS p ON p.period_end_day = s.as_of_day
WHERE v.scope = 'customer'
