-- scope_discounts: the discounts of each window
-- grain:   scope_id, period_end_day, time_window (windows with a discount only; a customer has trailing_3m at as_of)
-- inputs:  discount_changes, closing_days, window_days, windows, label_scopes, scopes, settings
-- columns: those of discount_changes, summed over what is anchored in the window and had happened by its end
WITH by_label AS (
    SELECT
        x.label_key, a.closing_day AS anchor_closing_day, c.closing_day AS change_closing_day,
        SUM(x.offered_items) AS offered_items, SUM(x.offered_amount) AS offered_amount, SUM(x.taken_items) AS taken_items,
        SUM(x.taken_amount) AS taken_amount, SUM(x.missed_amount) AS missed_amount, SUM(x.taken_amount_due) AS taken_amount_due,
        SUM(x.taken_cash_days) AS taken_cash_days, SUM(x.contractual_amount) AS contractual_amount,
        SUM(x.contractual_cash_days) AS contractual_cash_days, SUM(x.leaked_amount) AS leaked_amount
    FROM discount_changes AS x
    JOIN closing_days AS a ON a.day_number = x.anchor_day
    JOIN closing_days AS c ON c.day_number = x.change_day
    GROUP BY x.label_key, a.closing_day, c.closing_day
),
in_company AS (
    SELECT
        l.scope_id, l.all_scope_id, x.anchor_closing_day, x.change_closing_day,
        SUM(x.offered_items) AS offered_items, SUM(x.offered_amount) AS offered_amount, SUM(x.taken_items) AS taken_items,
        SUM(x.taken_amount) AS taken_amount, SUM(x.missed_amount) AS missed_amount, SUM(x.taken_amount_due) AS taken_amount_due,
        SUM(x.taken_cash_days) AS taken_cash_days, SUM(x.contractual_amount) AS contractual_amount,
        SUM(x.contractual_cash_days) AS contractual_cash_days, SUM(x.leaked_amount) AS leaked_amount
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.anchor_closing_day, x.change_closing_day
),
by_scope AS (
    SELECT
        scope_id, anchor_closing_day, change_closing_day,
        offered_items, offered_amount, taken_items, taken_amount, missed_amount, taken_amount_due, taken_cash_days,
        contractual_amount, contractual_cash_days, leaked_amount
    FROM in_company
    UNION ALL
    SELECT
        all_scope_id, anchor_closing_day, change_closing_day,
        offered_items, offered_amount, taken_items, taken_amount, missed_amount, taken_amount_due, taken_cash_days,
        contractual_amount, contractual_cash_days, leaked_amount
    FROM in_company
)
SELECT
    x.scope_id, w.period_end_day, w.time_window,
    SUM(x.offered_items) AS offered_items, SUM(x.offered_amount) AS offered_amount, SUM(x.taken_items) AS taken_items,
    SUM(x.taken_amount) AS taken_amount, SUM(x.missed_amount) AS missed_amount, SUM(x.taken_amount_due) AS taken_amount_due,
    SUM(x.taken_cash_days) AS taken_cash_days, SUM(x.contractual_amount) AS contractual_amount,
    SUM(x.contractual_cash_days) AS contractual_cash_days, SUM(x.leaked_amount) AS leaked_amount
FROM by_scope AS x
JOIN window_days AS w ON w.closing_day = x.anchor_closing_day AND w.period_end_day >= x.change_closing_day
GROUP BY x.scope_id, w.period_end_day, w.time_window
UNION ALL
SELECT
    v.scope_id, w.period_end_day, w.time_window,
    SUM(x.offered_items), SUM(x.offered_amount), SUM(x.taken_items), SUM(x.taken_amount), SUM(x.missed_amount),
    SUM(x.taken_amount_due), SUM(x.taken_cash_days), SUM(x.contractual_amount), SUM(x.contractual_cash_days), SUM(x.leaked_amount)
FROM discount_changes AS x
JOIN settings AS s ON s.as_of_day >= x.change_day
JOIN windows AS w ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m' AND w.begin_day < x.anchor_day
JOIN scopes AS v ON v.customer_key = x.customer_key
GROUP BY v.scope_id, w.period_end_day, w.time_window
