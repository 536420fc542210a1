-- scope_balances: the balance of every scope value on the days it needs, with its parts
-- grain:   scope_id, day_number
-- inputs:  scope_days, balances, label_scopes, scopes, scope_starts, period_ends, windows, settings
-- columns: net_closing (AR: debit − credit, at that day's rate), net_historical (at each document's rate);
--          debit_… and credit_… open items (both ≥ 0): closing, historical, document (document currency: has a meaning in scope currency only);
--          of the debit items at closing rate: overdue (days past due > 0), over_90 (≥ 91), not_due (≤ 0), disputed, disputed_overdue,
--          disputed_over_90, age_weighted (Σ open × days since the document date), overdue_days_weighted (Σ open × days past due, where > 0);
--          at historical rate: not_due_historical (of the debit items), disputed_historical, disputed_not_due_historical;
--          late_sale_items, late_sale_historical: invoices and debit notes past due by more than the grace of on_time_rate
-- On the opening day of a shortened window only net_closing is filled. A customer has its three days: as_of, the month end before, and the
-- opening day of its window.
WITH by_label AS (
    SELECT
        b.label_key,
        b.day_number,
        SUM(CASE WHEN b.side_sign = 1 THEN b.closing_base ELSE 0 END) AS debit_closing,
        SUM(CASE WHEN b.side_sign = -1 THEN b.closing_base ELSE 0 END) AS credit_closing,
        SUM(CASE WHEN b.side_sign = 1 THEN b.historical_base ELSE 0 END) AS debit_historical,
        SUM(CASE WHEN b.side_sign = -1 THEN b.historical_base ELSE 0 END) AS credit_historical,
        SUM(CASE WHEN b.side_sign = 1 THEN b.open_amount ELSE 0 END) AS debit_document,
        SUM(CASE WHEN b.side_sign = -1 THEN b.open_amount ELSE 0 END) AS credit_document,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.closing_base ELSE 0 END) AS overdue,
        SUM(CASE WHEN b.days_past_due >= 91 THEN b.closing_base ELSE 0 END) AS over_90,
        SUM(CASE WHEN b.days_past_due <= 0 THEN b.closing_base ELSE 0 END) AS not_due,
        SUM(b.disputed_base) AS disputed,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.disputed_base ELSE 0 END) AS disputed_overdue,
        SUM(CASE WHEN b.days_past_due >= 91 THEN b.disputed_base ELSE 0 END) AS disputed_over_90,
        SUM(CASE WHEN b.side_sign = 1 THEN b.closing_base * b.age_days ELSE 0 END) AS age_weighted,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.closing_base * b.days_past_due ELSE 0 END) AS overdue_days_weighted,
        SUM(CASE WHEN b.days_past_due <= 0 THEN b.historical_base ELSE 0 END) AS not_due_historical,
        SUM(b.disputed_historical) AS disputed_historical,
        SUM(CASE WHEN b.days_past_due <= 0 THEN b.disputed_historical ELSE 0 END) AS disputed_not_due_historical,
        SUM(CASE WHEN b.is_sale AND b.days_past_due > s.on_time_grace_days THEN 1 ELSE 0 END) AS late_sale_items,
        SUM(CASE WHEN b.is_sale AND b.days_past_due > s.on_time_grace_days THEN b.historical_base ELSE 0 END) AS late_sale_historical
    FROM balances AS b
    CROSS JOIN settings AS s
    GROUP BY b.label_key, b.day_number
),
by_scope AS (
    SELECT
        l.scope_id,
        l.all_scope_id,
        x.day_number,
        SUM(x.debit_closing) AS debit_closing,
        SUM(x.credit_closing) AS credit_closing,
        SUM(x.debit_historical) AS debit_historical,
        SUM(x.credit_historical) AS credit_historical,
        SUM(x.debit_document) AS debit_document,
        SUM(x.credit_document) AS credit_document,
        SUM(x.overdue) AS overdue,
        SUM(x.over_90) AS over_90,
        SUM(x.not_due) AS not_due,
        SUM(x.disputed) AS disputed,
        SUM(x.disputed_overdue) AS disputed_overdue,
        SUM(x.disputed_over_90) AS disputed_over_90,
        SUM(x.age_weighted) AS age_weighted,
        SUM(x.overdue_days_weighted) AS overdue_days_weighted,
        SUM(x.not_due_historical) AS not_due_historical,
        SUM(x.disputed_historical) AS disputed_historical,
        SUM(x.disputed_not_due_historical) AS disputed_not_due_historical,
        SUM(x.late_sale_items) AS late_sale_items,
        SUM(x.late_sale_historical) AS late_sale_historical
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.day_number
),
over_companies AS (
    SELECT
        x.all_scope_id AS scope_id,
        x.day_number,
        SUM(x.debit_closing) AS debit_closing,
        SUM(x.credit_closing) AS credit_closing,
        SUM(x.debit_historical) AS debit_historical,
        SUM(x.credit_historical) AS credit_historical,
        SUM(x.debit_document) AS debit_document,
        SUM(x.credit_document) AS credit_document,
        SUM(x.overdue) AS overdue,
        SUM(x.over_90) AS over_90,
        SUM(x.not_due) AS not_due,
        SUM(x.disputed) AS disputed,
        SUM(x.disputed_overdue) AS disputed_overdue,
        SUM(x.disputed_over_90) AS disputed_over_90,
        SUM(x.age_weighted) AS age_weighted,
        SUM(x.overdue_days_weighted) AS overdue_days_weighted,
        SUM(x.not_due_historical) AS not_due_historical,
        SUM(x.disputed_historical) AS disputed_historical,
        SUM(x.disputed_not_due_historical) AS disputed_not_due_historical,
        SUM(x.late_sale_items) AS late_sale_items,
        SUM(x.late_sale_historical) AS late_sale_historical
    FROM by_scope AS x
    GROUP BY x.all_scope_id, x.day_number
),
customer_days AS (
    SELECT p.period_end_day AS day_number FROM period_ends AS p JOIN settings AS s ON p.period_end_day = s.as_of_day
    UNION
    SELECT p.previous_month_end_day FROM period_ends AS p JOIN settings AS s ON p.period_end_day = s.as_of_day
    UNION
    SELECT w.begin_day FROM windows AS w JOIN settings AS s ON w.period_end_day = s.as_of_day AND w.time_window = 'trailing_3m'
),
by_customer AS (
    SELECT
        v.scope_id,
        b.day_number,
        SUM(CASE WHEN b.side_sign = 1 THEN b.closing_base ELSE 0 END) AS debit_closing,
        SUM(CASE WHEN b.side_sign = -1 THEN b.closing_base ELSE 0 END) AS credit_closing,
        SUM(CASE WHEN b.side_sign = 1 THEN b.historical_base ELSE 0 END) AS debit_historical,
        SUM(CASE WHEN b.side_sign = -1 THEN b.historical_base ELSE 0 END) AS credit_historical,
        SUM(CASE WHEN b.side_sign = 1 THEN b.open_amount ELSE 0 END) AS debit_document,
        SUM(CASE WHEN b.side_sign = -1 THEN b.open_amount ELSE 0 END) AS credit_document,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.closing_base ELSE 0 END) AS overdue,
        SUM(CASE WHEN b.days_past_due >= 91 THEN b.closing_base ELSE 0 END) AS over_90,
        SUM(CASE WHEN b.days_past_due <= 0 THEN b.closing_base ELSE 0 END) AS not_due,
        SUM(b.disputed_base) AS disputed,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.disputed_base ELSE 0 END) AS disputed_overdue,
        SUM(CASE WHEN b.days_past_due >= 91 THEN b.disputed_base ELSE 0 END) AS disputed_over_90,
        SUM(CASE WHEN b.side_sign = 1 THEN b.closing_base * b.age_days ELSE 0 END) AS age_weighted,
        SUM(CASE WHEN b.days_past_due > 0 THEN b.closing_base * b.days_past_due ELSE 0 END) AS overdue_days_weighted,
        SUM(CASE WHEN b.days_past_due <= 0 THEN b.historical_base ELSE 0 END) AS not_due_historical,
        SUM(b.disputed_historical) AS disputed_historical,
        SUM(CASE WHEN b.days_past_due <= 0 THEN b.disputed_historical ELSE 0 END) AS disputed_not_due_historical,
        SUM(CASE WHEN b.is_sale AND b.days_past_due > s.on_time_grace_days THEN 1 ELSE 0 END) AS late_sale_items,
        SUM(CASE WHEN b.is_sale AND b.days_past_due > s.on_time_grace_days THEN b.historical_base ELSE 0 END) AS late_sale_historical
    FROM balances AS b
    CROSS JOIN settings AS s
    JOIN customer_days AS d ON d.day_number = b.day_number
    JOIN scopes AS v ON v.customer_key = b.customer_key
    GROUP BY v.scope_id, b.day_number
),
summed AS (
    SELECT
        scope_id, day_number, debit_closing, credit_closing, debit_historical, credit_historical, debit_document, credit_document,
        overdue, over_90, not_due, disputed, disputed_overdue, disputed_over_90, age_weighted,
        overdue_days_weighted, not_due_historical, disputed_historical, disputed_not_due_historical, late_sale_items, late_sale_historical
    FROM by_scope
    UNION ALL
    SELECT
        scope_id, day_number, debit_closing, credit_closing, debit_historical, credit_historical, debit_document, credit_document,
        overdue, over_90, not_due, disputed, disputed_overdue, disputed_over_90, age_weighted,
        overdue_days_weighted, not_due_historical, disputed_historical, disputed_not_due_historical, late_sale_items, late_sale_historical
    FROM over_companies
    UNION ALL
    SELECT
        scope_id, day_number, debit_closing, credit_closing, debit_historical, credit_historical, debit_document, credit_document,
        overdue, over_90, not_due, disputed, disputed_overdue, disputed_over_90, age_weighted,
        overdue_days_weighted, not_due_historical, disputed_historical, disputed_not_due_historical, late_sale_items, late_sale_historical
    FROM by_customer
)
SELECT
    d.scope_id,
    d.day_number,
    COALESCE(x.debit_closing - x.credit_closing, f.net_closing, 0) AS net_closing,
    COALESCE(x.debit_historical - x.credit_historical, 0) AS net_historical,
    COALESCE(x.debit_closing, 0) AS debit_closing,
    COALESCE(x.credit_closing, 0) AS credit_closing,
    COALESCE(x.debit_historical, 0) AS debit_historical,
    COALESCE(x.credit_historical, 0) AS credit_historical,
    COALESCE(x.debit_document, 0) AS debit_document,
    COALESCE(x.credit_document, 0) AS credit_document,
    COALESCE(x.overdue, 0) AS overdue,
    COALESCE(x.over_90, 0) AS over_90,
    COALESCE(x.not_due, 0) AS not_due,
    COALESCE(x.disputed, 0) AS disputed,
    COALESCE(x.disputed_overdue, 0) AS disputed_overdue,
    COALESCE(x.disputed_over_90, 0) AS disputed_over_90,
    COALESCE(x.age_weighted, 0) AS age_weighted,
    COALESCE(x.overdue_days_weighted, 0) AS overdue_days_weighted,
    COALESCE(x.not_due_historical, 0) AS not_due_historical,
    COALESCE(x.disputed_historical, 0) AS disputed_historical,
    COALESCE(x.disputed_not_due_historical, 0) AS disputed_not_due_historical,
    COALESCE(x.late_sale_items, 0) AS late_sale_items,
    COALESCE(x.late_sale_historical, 0) AS late_sale_historical
FROM scope_days AS d
LEFT JOIN summed AS x ON x.scope_id = d.scope_id AND x.day_number = d.day_number
LEFT JOIN scope_starts AS f ON f.scope_id = d.scope_id AND f.day_number = d.day_number
