-- aging: the receivable by how late or how old it is, at each period end
-- grain:      company_id, scope, scope_value, period_end, basis (due_date, document_date), bucket: buckets with at least one open item
-- parameters: as_of, base_currency, history_months
-- inputs:     balances, label_scopes, scopes, calendar_days, settings
-- columns:    amount (base currency at the closing rate of period_end; credits negative, in their own bucket), items
--             by due date: not_due (days past due ≤ 0), 1_30 … 91_120, over_120, no_due_date, unapplied
--             by document date: 0_30 (days since ≤ 30) … 91_120, over_120, unapplied
WITH placed AS (
    SELECT
        label_key,
        customer_key,
        day_number,
        side_sign * closing_base AS amount,
        CASE
            WHEN side_sign = -1 THEN 'unapplied'
            WHEN days_past_due IS NULL THEN 'no_due_date'
            WHEN days_past_due <= 0 THEN 'not_due'
            WHEN days_past_due <= 30 THEN '1_30'
            WHEN days_past_due <= 60 THEN '31_60'
            WHEN days_past_due <= 90 THEN '61_90'
            WHEN days_past_due <= 120 THEN '91_120'
            ELSE 'over_120'
        END AS due_date_bucket,
        CASE
            WHEN side_sign = -1 THEN 'unapplied'
            WHEN age_days <= 30 THEN '0_30'
            WHEN age_days <= 60 THEN '31_60'
            WHEN age_days <= 90 THEN '61_90'
            WHEN age_days <= 120 THEN '91_120'
            ELSE 'over_120'
        END AS document_date_bucket
    FROM balances
    WHERE is_period_end
),
by_label AS (
    SELECT label_key, day_number, due_date_bucket, document_date_bucket, SUM(amount) AS amount, COUNT(*) AS items
    FROM placed
    GROUP BY label_key, day_number, due_date_bucket, document_date_bucket
),
in_company AS (
    SELECT
        l.scope_id, l.all_scope_id, x.day_number, x.due_date_bucket, x.document_date_bucket,
        SUM(x.amount) AS amount, SUM(x.items) AS items
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.day_number, x.due_date_bucket, x.document_date_bucket
),
by_scope AS (
    SELECT scope_id, day_number, due_date_bucket, document_date_bucket, amount, items FROM in_company
    UNION ALL
    SELECT all_scope_id, day_number, due_date_bucket, document_date_bucket, amount, items FROM in_company
    UNION ALL
    SELECT v.scope_id, p.day_number, p.due_date_bucket, p.document_date_bucket, p.amount, 1
    FROM placed AS p
    JOIN settings AS s ON p.day_number = s.as_of_day
    JOIN scopes AS v ON v.customer_key = p.customer_key
),
both_bases AS (
    SELECT scope_id, day_number, 'due_date' AS basis, due_date_bucket AS bucket, SUM(amount) AS amount, SUM(items) AS items
    FROM by_scope
    GROUP BY scope_id, day_number, due_date_bucket
    UNION ALL
    SELECT scope_id, day_number, 'document_date', document_date_bucket, SUM(amount), SUM(items)
    FROM by_scope
    GROUP BY scope_id, day_number, document_date_bucket
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    c.calendar_date AS period_end,
    a.basis,
    a.bucket,
    CAST(a.amount AS DECIMAL(38, 4)) AS amount,
    CAST(a.items AS BIGINT) AS items
FROM both_bases AS a
JOIN scopes AS v ON v.scope_id = a.scope_id
JOIN calendar_days AS c ON c.day_number = a.day_number
ORDER BY v.company_id, v.scope, v.scope_value, c.calendar_date, a.basis, a.bucket
