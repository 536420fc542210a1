-- collection_curves: K11, how much of a month's invoices was collected within how many days
-- grain:      company_id, scope, scope_value, cohort_month (first day), days (30, 60, 90, 120, 180, 365)
-- parameters: as_of, history_months, history_start_date
-- inputs:     item_exits, application_pairs, items, calendar_days, period_ends, label_scopes, scopes, settings
-- columns:    items, billed (Σ amount_base), credited (credit notes applied by as_of), collected (receipts applied by as_of whose money was
--             there within days of the document date), rate = collected ÷ (billed − credited), reason
--             immature: the youngest item is younger than days; then no rate but an estimate, 1 − S(days) of the cohort's own amount-weighted
--             payment curve: none where even the oldest item is younger, unless the curve is 0 by then
WITH spans AS (
    SELECT CAST(30 AS BIGINT) AS days UNION ALL SELECT 60 UNION ALL SELECT 90 UNION ALL SELECT 120 UNION ALL SELECT 180 UNION ALL SELECT 365
),
cohorts AS (
    SELECT
        c.month_index,
        MIN(c.calendar_date) AS cohort_month,
        MIN(c.day_number) AS first_day,
        MAX(c.day_number) AS last_day,
        MAX(s.as_of_day) - MAX(c.day_number) < 365 AS may_be_immature
    FROM calendar_days AS c
    CROSS JOIN settings AS s
    CROSS JOIN (SELECT MIN(month_index) AS first_month_index, MAX(month_index) AS last_month_index FROM period_ends) AS p
    WHERE c.month_index >= p.first_month_index AND c.month_index <= p.last_month_index
    GROUP BY c.month_index
),
label_sales AS (
    SELECT
        x.label_key,
        c.month_index,
        COUNT(*) AS items,
        SUM(x.amount_base) AS billed,
        MIN(x.document_day) AS oldest_day,
        MAX(x.document_day) AS youngest_day
    FROM item_exits AS x
    JOIN calendar_days AS c ON c.day_number = x.document_day
    GROUP BY x.label_key, c.month_index
),
label_payments AS (
    SELECT
        a.label_key,
        c.month_index,
        SUM(CASE WHEN a.credit_document_type = 'credit_note' THEN a.debit_base ELSE 0 END) AS credited,
        SUM(CASE WHEN a.credit_document_type = 'receipt' AND a.effective_day - a.document_day <= 30 THEN a.debit_base ELSE 0 END) AS collected_30,
        SUM(CASE WHEN a.credit_document_type = 'receipt' AND a.effective_day - a.document_day <= 60 THEN a.debit_base ELSE 0 END) AS collected_60,
        SUM(CASE WHEN a.credit_document_type = 'receipt' AND a.effective_day - a.document_day <= 90 THEN a.debit_base ELSE 0 END) AS collected_90,
        SUM(CASE WHEN a.credit_document_type = 'receipt' AND a.effective_day - a.document_day <= 120 THEN a.debit_base ELSE 0 END) AS collected_120,
        SUM(CASE WHEN a.credit_document_type = 'receipt' AND a.effective_day - a.document_day <= 180 THEN a.debit_base ELSE 0 END) AS collected_180,
        SUM(CASE WHEN a.credit_document_type = 'receipt' AND a.effective_day - a.document_day <= 365 THEN a.debit_base ELSE 0 END) AS collected_365
    FROM application_pairs AS a
    JOIN calendar_days AS c ON c.day_number = a.document_day
    WHERE a.credit_document_type IN ('receipt', 'credit_note')
    GROUP BY a.label_key, c.month_index
),
by_scope AS (
    SELECT
        l.scope_id,
        l.all_scope_id,
        x.month_index,
        SUM(x.items) AS items,
        SUM(x.billed) AS billed,
        MIN(x.oldest_day) AS oldest_day,
        MAX(x.youngest_day) AS youngest_day,
        SUM(COALESCE(p.credited, 0)) AS credited,
        SUM(COALESCE(p.collected_30, 0)) AS collected_30,
        SUM(COALESCE(p.collected_60, 0)) AS collected_60,
        SUM(COALESCE(p.collected_90, 0)) AS collected_90,
        SUM(COALESCE(p.collected_120, 0)) AS collected_120,
        SUM(COALESCE(p.collected_180, 0)) AS collected_180,
        SUM(COALESCE(p.collected_365, 0)) AS collected_365
    FROM label_sales AS x
    JOIN cohorts AS c ON c.month_index = x.month_index
    JOIN label_scopes AS l ON l.label_key = x.label_key
    LEFT JOIN label_payments AS p ON p.label_key = x.label_key AND p.month_index = x.month_index
    GROUP BY l.scope_id, l.all_scope_id, x.month_index
),
everywhere AS (
    SELECT
        scope_id, month_index, items, billed, oldest_day, youngest_day, credited,
        collected_30, collected_60, collected_90, collected_120, collected_180, collected_365
    FROM by_scope
    UNION ALL
    SELECT
        all_scope_id, month_index, SUM(items), SUM(billed), MIN(oldest_day), MAX(youngest_day), SUM(credited),
        SUM(collected_30), SUM(collected_60), SUM(collected_90), SUM(collected_120), SUM(collected_180), SUM(collected_365)
    FROM by_scope
    GROUP BY all_scope_id, month_index
),
label_events AS (
    SELECT x.label_key, m.month_index, x.entry_age + 1 AS days, SUM(x.amount_base) AS came_in, 0 AS went_out, 0 AS cash
    FROM item_exits AS x
    JOIN calendar_days AS m ON m.day_number = x.document_day
    JOIN cohorts AS c ON c.month_index = m.month_index AND c.may_be_immature
    WHERE x.is_watched
    GROUP BY x.label_key, m.month_index, x.entry_age
    UNION ALL
    SELECT
        x.label_key, m.month_index, x.exit_age, 0, SUM(x.amount_base),
        SUM(CASE WHEN x.cause = 'cash' THEN x.amount_base ELSE 0 END)
    FROM item_exits AS x
    JOIN calendar_days AS m ON m.day_number = x.document_day
    JOIN cohorts AS c ON c.month_index = m.month_index AND c.may_be_immature
    WHERE x.is_watched
    GROUP BY x.label_key, m.month_index, x.exit_age
),
scope_events AS (
    SELECT
        l.scope_id, l.all_scope_id, e.month_index, e.days,
        SUM(e.came_in) AS came_in, SUM(e.went_out) AS went_out, SUM(e.cash) AS cash
    FROM label_events AS e
    JOIN label_scopes AS l ON l.label_key = e.label_key
    GROUP BY l.scope_id, l.all_scope_id, e.month_index, e.days
),
events AS (
    SELECT scope_id, month_index, days, came_in, went_out, cash
    FROM scope_events
    UNION ALL
    SELECT all_scope_id, month_index, days, SUM(came_in), SUM(went_out), SUM(cash)
    FROM scope_events
    GROUP BY all_scope_id, month_index, days
),
risks AS (
    SELECT
        scope_id, month_index, days, cash,
        SUM(came_in - went_out) OVER (PARTITION BY scope_id, month_index ORDER BY days ROWS UNBOUNDED PRECEDING) + went_out AS at_risk
    FROM events
),
fractions AS (
    SELECT
        scope_id, month_index, days,
        CASE WHEN cash < at_risk THEN LN(CAST(at_risk - cash AS DOUBLE) / CAST(at_risk AS DOUBLE)) ELSE 0.0 END AS cash_log,
        CASE WHEN cash < at_risk THEN 0 ELSE 1 END AS cash_end
    FROM risks
    WHERE cash > 0
),
survivals AS (
    SELECT
        f.scope_id, f.month_index, p.days,
        CASE WHEN MAX(f.cash_end) = 1 THEN 0.0 ELSE EXP(SUM(f.cash_log)) END AS survival
    FROM fractions AS f
    JOIN spans AS p ON p.days >= f.days
    GROUP BY f.scope_id, f.month_index, p.days
),
curves AS (
    SELECT
        e.scope_id, e.month_index, p.days, e.items, e.billed, e.credited,
        CASE p.days
            WHEN 30 THEN e.collected_30
            WHEN 60 THEN e.collected_60
            WHEN 90 THEN e.collected_90
            WHEN 120 THEN e.collected_120
            WHEN 180 THEN e.collected_180
            ELSE e.collected_365
        END AS collected,
        e.billed - e.credited AS collectable,
        s.as_of_day - e.youngest_day < p.days AS is_immature,
        s.as_of_day - e.oldest_day >= p.days AS is_reached,
        COALESCE(k.survival, 1.0) AS survival
    FROM everywhere AS e
    CROSS JOIN settings AS s
    CROSS JOIN spans AS p
    LEFT JOIN survivals AS k ON k.scope_id = e.scope_id AND k.month_index = e.month_index AND k.days = p.days
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    m.cohort_month,
    c.days,
    CAST(c.items AS BIGINT) AS items,
    CAST(c.billed AS DECIMAL(38, 4)) AS billed,
    CAST(c.credited AS DECIMAL(38, 4)) AS credited,
    CAST(c.collected AS DECIMAL(38, 4)) AS collected,
    CASE WHEN NOT c.is_immature AND c.collectable > 0 THEN CAST(c.collected AS DOUBLE) / CAST(c.collectable AS DOUBLE) END AS rate,
    CASE
        WHEN c.is_immature THEN 'immature'
        WHEN c.collectable > 0 THEN NULL
        WHEN c.collectable = 0 THEN 'zero_base'
        ELSE 'negative_base'
    END AS reason,
    CASE WHEN c.is_immature AND (c.is_reached OR c.survival <= 1e-12) THEN 1.0 - c.survival END AS estimate
FROM curves AS c
JOIN scopes AS v ON v.scope_id = c.scope_id
JOIN cohorts AS m ON m.month_index = c.month_index
ORDER BY v.company_id, v.scope, v.scope_value, m.cohort_month, c.days
