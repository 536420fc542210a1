-- roll_rates: R4, where the open debit items of one month end stand at the next
-- grain:      company_id, scope, scope_value, period_end, from_bucket, to_bucket (customers left out; only what happened)
-- parameters: as_of, base_currency, history_months
-- inputs:     balances, items, application_values, period_ends, label_scopes, scopes, calendar_days
-- columns:    from_bucket: by due date at the month end before period_end     to_bucket: by due date at period_end, or write_off, or settled
--             amount (historical value of what was open at first), items, rate = amount ÷ all that was in from_bucket (zero_base when that is 0)
-- An item's opening value splits into what is still open (never more than at first), what was written off in between, and the rest, which was
-- settled; the item itself is counted once: where it is open, or else where the greater part of it went.
WITH written_off AS (
    SELECT a.debit_item_key AS item_key, p.period_end_day, SUM(a.debit_base) AS amount
    FROM application_values AS a
    JOIN period_ends AS p ON p.month_index = a.month_index
    WHERE a.credit_document_type = 'write_off'
    GROUP BY a.debit_item_key, p.period_end_day
),
opened AS (
    SELECT
        b.label_key,
        p.period_end_day,
        b.days_past_due AS from_days,
        e.days_past_due AS to_days,
        e.item_key IS NOT NULL AS is_open,
        b.historical_base AS opening,
        CASE
            WHEN e.item_key IS NULL THEN CAST(0 AS DECIMAL(18, 4))
            WHEN e.historical_base < b.historical_base THEN e.historical_base
            ELSE b.historical_base
        END AS stays,
        CASE WHEN w.amount > 0 THEN CAST(w.amount AS DECIMAL(18, 4)) ELSE CAST(0 AS DECIMAL(18, 4)) END AS written_off
    FROM period_ends AS p
    JOIN balances AS b ON b.day_number = p.previous_month_end_day AND b.side_sign = 1
    LEFT JOIN balances AS e ON e.item_key = b.item_key AND e.day_number = p.period_end_day
    LEFT JOIN written_off AS w ON w.item_key = b.item_key AND w.period_end_day = p.period_end_day
),
split AS (
    SELECT
        o.label_key, o.period_end_day, o.is_open, o.stays, o.opening,
        CASE WHEN o.written_off < o.opening - o.stays THEN o.written_off ELSE o.opening - o.stays END AS written,
        CASE
            WHEN o.from_days IS NULL THEN 'no_due_date'
            WHEN o.from_days <= 0 THEN 'not_due'
            WHEN o.from_days <= 30 THEN '1_30'
            WHEN o.from_days <= 60 THEN '31_60'
            WHEN o.from_days <= 90 THEN '61_90'
            WHEN o.from_days <= 120 THEN '91_120'
            ELSE 'over_120'
        END AS from_bucket,
        CASE
            WHEN NOT o.is_open THEN 'none'
            WHEN o.to_days IS NULL THEN 'no_due_date'
            WHEN o.to_days <= 0 THEN 'not_due'
            WHEN o.to_days <= 30 THEN '1_30'
            WHEN o.to_days <= 60 THEN '31_60'
            WHEN o.to_days <= 90 THEN '61_90'
            WHEN o.to_days <= 120 THEN '91_120'
            ELSE 'over_120'
        END AS open_bucket
    FROM opened AS o
),
by_label AS (
    SELECT
        x.label_key, x.period_end_day, x.from_bucket, x.open_bucket,
        SUM(x.stays) AS stays,
        SUM(x.written) AS written,
        SUM(x.opening - x.stays - x.written) AS settled,
        SUM(CASE WHEN x.is_open THEN 1 ELSE 0 END) AS open_items,
        SUM(CASE WHEN NOT x.is_open AND x.written > x.opening - x.stays - x.written THEN 1 ELSE 0 END) AS written_items,
        SUM(CASE WHEN NOT x.is_open AND x.written <= x.opening - x.stays - x.written THEN 1 ELSE 0 END) AS settled_items
    FROM split AS x
    GROUP BY x.label_key, x.period_end_day, x.from_bucket, x.open_bucket
),
moves AS (
    SELECT label_key, period_end_day, from_bucket, open_bucket AS to_bucket, stays AS amount, open_items AS items
    FROM by_label
    WHERE open_bucket <> 'none'
    UNION ALL
    SELECT label_key, period_end_day, from_bucket, 'write_off', written, written_items
    FROM by_label
    UNION ALL
    SELECT label_key, period_end_day, from_bucket, 'settled', settled, settled_items
    FROM by_label
),
in_company AS (
    SELECT l.scope_id, l.all_scope_id, x.period_end_day, x.from_bucket, x.to_bucket, SUM(x.amount) AS amount, SUM(x.items) AS items
    FROM moves AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    WHERE x.amount <> 0 OR x.items > 0
    GROUP BY l.scope_id, l.all_scope_id, x.period_end_day, x.from_bucket, x.to_bucket
),
by_scope AS (
    SELECT scope_id, period_end_day, from_bucket, to_bucket, amount, items
    FROM in_company
    UNION ALL
    SELECT x.all_scope_id, x.period_end_day, x.from_bucket, x.to_bucket, SUM(x.amount) AS amount, SUM(x.items) AS items
    FROM in_company AS x
    GROUP BY x.all_scope_id, x.period_end_day, x.from_bucket, x.to_bucket
),
totals AS (
    SELECT x.scope_id, x.period_end_day, x.from_bucket, SUM(x.amount) AS amount
    FROM by_scope AS x
    GROUP BY x.scope_id, x.period_end_day, x.from_bucket
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    c.calendar_date AS period_end,
    x.from_bucket,
    x.to_bucket,
    CAST(x.amount AS DECIMAL(38, 4)) AS amount,
    CAST(x.items AS BIGINT) AS items,
    CASE WHEN t.amount <> 0 THEN CAST(x.amount AS DOUBLE) / CAST(t.amount AS DOUBLE) END AS rate,
    CASE WHEN t.amount = 0 THEN 'zero_base' END AS reason
FROM by_scope AS x
JOIN totals AS t ON t.scope_id = x.scope_id AND t.period_end_day = x.period_end_day AND t.from_bucket = x.from_bucket
JOIN scopes AS v ON v.scope_id = x.scope_id
JOIN calendar_days AS c ON c.day_number = x.period_end_day
ORDER BY v.company_id, v.scope, v.scope_value, c.calendar_date, x.from_bucket, x.to_bucket
