-- kpis: every scalar metric, one row each
-- grain:      company_id, scope, scope_value, period_end, time_window, metric, convention
-- parameters: as_of, base_currency, history_months, on_time_grace_days, late_interest_rate
-- inputs:     scopes, period_ends, calendar_days, settings, supplied, scope_balances, window_measures, average_balances, count_back, concentration,
--             late_interest, dispute_durations
-- columns:    period_start (= period_end for time_window 'point'), value (DOUBLE: everything that is not money), amount (money),
--             numerator, denominator (published whenever they are known, also where the value is null), unit,
--             reason (why value or amount is null: not_supplied, no_sales, zero_base, negative_base, history_exhausted, no_history, immature),
--             flags (short_history)
-- Customers stand at as_of, in trailing_3m, in the first convention of each metric.
WITH not_supplied AS (
    SELECT 'discount_taken' AS metric FROM supplied WHERE NOT has_discount_terms
    UNION ALL SELECT 'discount_missed' FROM supplied WHERE NOT has_discount_terms
    UNION ALL SELECT 'discount_leaked' FROM supplied WHERE NOT has_discount_terms
    UNION ALL SELECT 'discount_cost' FROM supplied WHERE NOT has_discount_terms
    UNION ALL SELECT 'billing_lag' FROM supplied WHERE NOT has_delivery_dates
    UNION ALL SELECT 'dispute_days' FROM supplied WHERE NOT has_disputes
    UNION ALL SELECT 'promises_kept' FROM supplied WHERE NOT has_promises
),
points AS (
    SELECT v.scope, v.scope_value, s.base_currency, p.period_end_day, b.*
    FROM scopes AS v
    CROSS JOIN settings AS s
    JOIN period_ends AS p ON p.period_end_day >= v.first_document_day AND (v.scope <> 'customer' OR p.period_end_day = s.as_of_day)
    JOIN scope_balances AS b ON b.scope_id = v.scope_id AND b.day_number = p.period_end_day
),
amounts AS (
    SELECT scope_id, period_end_day, 'ar_debit' AS metric, 'closing' AS convention, debit_closing AS amount, base_currency AS unit FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_credit', 'closing', credit_closing, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_net', 'closing', net_closing, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_debit', 'historical', debit_historical, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_credit', 'historical', credit_historical, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_net', 'historical', net_historical, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_debit', 'without_disputed', debit_closing - disputed, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_credit', 'without_disputed', credit_closing, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_net', 'without_disputed', net_closing - disputed, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'trapped_cash', 'standard', net_closing - not_due, base_currency FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_debit', 'document_currency', debit_document, scope_value FROM points WHERE scope = 'currency'
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_credit', 'document_currency', credit_document, scope_value FROM points WHERE scope = 'currency'
    UNION ALL
    SELECT scope_id, period_end_day, 'ar_net', 'document_currency', debit_document - credit_document, scope_value FROM points WHERE scope = 'currency'
),
amount_rows AS (
    SELECT
        a.scope_id, a.period_end_day, a.period_end_day AS start_day, 'point' AS time_window, a.metric, a.convention,
        CAST(NULL AS DOUBLE) AS value,
        CASE WHEN s.has_disputes OR a.convention <> 'without_disputed' THEN a.amount END AS amount,
        CAST(NULL AS DECIMAL(38, 4)) AS numerator,
        CAST(NULL AS DECIMAL(38, 4)) AS denominator,
        a.unit,
        CASE WHEN NOT s.has_disputes AND a.convention = 'without_disputed' THEN 'not_supplied' END AS reason,
        CAST(NULL AS VARCHAR) AS flags
    FROM amounts AS a
    CROSS JOIN settings AS s
),
point_ratios AS (
    SELECT scope_id, period_end_day, 'overdue_share' AS metric, 'standard' AS convention, overdue AS numerator, debit_closing AS denominator, 'share' AS unit, 'zero_base' AS reason_at_zero FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'overdue_share', 'without_disputed', overdue - disputed_overdue, debit_closing - disputed, 'share', 'zero_base' FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'over_90_share', 'standard', over_90, debit_closing, 'share', 'zero_base' FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'over_90_share', 'without_disputed', over_90 - disputed_over_90, debit_closing - disputed, 'share', 'zero_base' FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'disputed_share', 'standard', disputed_overdue, overdue, 'share', 'zero_base' FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'dso', 'open_item_age', age_weighted, debit_closing, 'days', 'zero_base' FROM points
    UNION ALL
    SELECT scope_id, period_end_day, 'top_10_share', 'standard', top_10, positive_total, 'share', 'zero_base' FROM concentration
),
point_ratio_rows AS (
    SELECT
        r.scope_id, r.period_end_day, r.period_end_day AS start_day, 'point' AS time_window, r.metric, r.convention,
        CASE
            WHEN NOT s.has_disputes AND (r.metric = 'disputed_share' OR r.convention = 'without_disputed') THEN NULL
            WHEN r.denominator > 0 THEN CAST(r.numerator AS DOUBLE) / CAST(r.denominator AS DOUBLE)
        END AS value,
        CAST(NULL AS DECIMAL(38, 4)) AS amount,
        COALESCE(r.numerator, 0) AS numerator,
        COALESCE(r.denominator, 0) AS denominator,
        r.unit,
        CASE
            WHEN NOT s.has_disputes AND (r.metric = 'disputed_share' OR r.convention = 'without_disputed') THEN 'not_supplied'
            WHEN r.denominator > 0 THEN NULL
            ELSE r.reason_at_zero
        END AS reason,
        CAST(NULL AS VARCHAR) AS flags
    FROM point_ratios AS r
    CROSS JOIN settings AS s
),
other_point_rows AS (
    SELECT
        scope_id, period_end_day, period_end_day AS start_day, 'point' AS time_window, 'hhi' AS metric, 'standard' AS convention,
        CASE WHEN positive_total > 0 THEN CAST(sum_of_squares AS DOUBLE) / CAST(square_of_sum AS DOUBLE) END AS value,
        CAST(NULL AS DECIMAL(38, 4)) AS amount,
        CAST(COALESCE(sum_of_squares, 0) AS DECIMAL(38, 4)) AS numerator,
        CAST(COALESCE(square_of_sum, 0) AS DECIMAL(38, 4)) AS denominator,
        'share' AS unit,
        CASE WHEN positive_total > 0 THEN NULL ELSE 'zero_base' END AS reason,
        CAST(NULL AS VARCHAR) AS flags
    FROM concentration
    UNION ALL
    SELECT
        scope_id, period_end_day, period_end_day AS start_day, 'point', 'customers_for_80_percent', 'standard',
        CAST(overdue_customers AS DOUBLE),
        CAST(NULL AS DECIMAL(38, 4)),
        COALESCE(overdue_held, 0),
        COALESCE(overdue_total, 0),
        'count',
        CASE WHEN overdue_total > 0 THEN NULL ELSE 'zero_base' END,
        CAST(NULL AS VARCHAR)
    FROM concentration
    UNION ALL
    SELECT
        scope_id, period_end_day, period_end_day AS start_day, 'point', 'dso', 'count_back',
        value,
        CAST(NULL AS DECIMAL(38, 4)),
        receivable,
        CAST(NULL AS DECIMAL(38, 4)),
        'days',
        reason,
        CAST(NULL AS VARCHAR)
    FROM count_back
    UNION ALL
    SELECT
        p.scope_id, p.period_end_day, p.period_end_day AS start_day, 'point', 'late_interest_memo', 'standard',
        CAST(NULL AS DOUBLE),
        i.amount,
        CAST(i.overdue_days_weighted AS DECIMAL(38, 4)),
        CAST(NULL AS DECIMAL(38, 4)),
        p.base_currency,
        CAST(NULL AS VARCHAR),
        CAST(NULL AS VARCHAR)
    FROM points AS p
    JOIN late_interest AS i ON i.scope_id = p.scope_id AND i.period_end_day = p.period_end_day
),
disputes_at_ends AS (
    SELECT
        p.scope_id, p.period_end_day, s.has_disputes,
        CAST(COALESCE(d.open_disputes, 0) AS DECIMAL(38, 4)) AS open_disputes,
        CAST(COALESCE(d.open_dispute_days, 0) AS DECIMAL(38, 4)) AS open_dispute_days,
        d.censored_median,
        d.scope_id IS NOT NULL AS some_opened
    FROM points AS p
    CROSS JOIN supplied AS s
    LEFT JOIN dispute_durations AS d ON d.scope_id = p.scope_id AND d.period_end_day = p.period_end_day
),
dispute_rows AS (
    SELECT
        scope_id, period_end_day, period_end_day AS start_day, 'point' AS time_window, 'dispute_days' AS metric, 'open_count' AS convention,
        CASE WHEN has_disputes THEN CAST(open_disputes AS DOUBLE) END AS value,
        CAST(NULL AS DECIMAL(38, 4)) AS amount,
        open_disputes AS numerator,
        CAST(NULL AS DECIMAL(38, 4)) AS denominator,
        'count' AS unit,
        CASE WHEN NOT has_disputes THEN 'not_supplied' END AS reason,
        CAST(NULL AS VARCHAR) AS flags
    FROM disputes_at_ends
    UNION ALL
    SELECT
        scope_id, period_end_day, period_end_day AS start_day, 'point', 'dispute_days', 'open_age',
        CASE WHEN has_disputes AND open_disputes > 0 THEN CAST(open_dispute_days AS DOUBLE) / CAST(open_disputes AS DOUBLE) END,
        CAST(NULL AS DECIMAL(38, 4)),
        open_dispute_days,
        open_disputes,
        'days',
        CASE WHEN NOT has_disputes THEN 'not_supplied' WHEN open_disputes = 0 THEN 'zero_base' END,
        CAST(NULL AS VARCHAR)
    FROM disputes_at_ends
    UNION ALL
    SELECT
        scope_id, period_end_day, period_end_day AS start_day, 'point', 'dispute_days', 'censored_median',
        CASE WHEN has_disputes THEN CAST(censored_median AS DOUBLE) END,
        CAST(NULL AS DECIMAL(38, 4)),
        CAST(NULL AS DECIMAL(38, 4)),
        CAST(NULL AS DECIMAL(38, 4)),
        'days',
        CASE WHEN NOT has_disputes THEN 'not_supplied' WHEN NOT some_opened THEN 'no_history' WHEN censored_median IS NULL THEN 'immature' END,
        CAST(NULL AS VARCHAR)
    FROM disputes_at_ends
),
window_ratios AS (
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'dso' AS metric, 'conventional' AS convention, receivable_end AS numerator, net_credit_sales AS denominator, days AS factor, 'days' AS unit, 'no_sales' AS reason_at_zero, 'no_sales' AS reason_below_zero FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'dso', 'historical_rate', receivable_end_historical, net_credit_sales, days, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'dso', 'without_unapplied', debit_end, net_credit_sales, days, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'dso', 'gross_sales', receivable_end, gross_sales, days, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'best_possible_dso', 'standard', not_due_end, net_credit_sales, days, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'average_days_delinquent', 'standard', receivable_end - not_due_end, net_credit_sales, days, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'weighted_average_terms', 'standard', terms_weighted, terms_amount, 1, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'write_off_rate', 'standard', write_offs - reinstatements, net_credit_sales, 1, 'share', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'write_off_rate', 'cohort', cohort_write_offs, net_credit_sales, 1, 'share', 'no_sales', 'no_sales' FROM window_measures WHERE time_window = 'month'
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'collection_effectiveness_index', 'standard', receivable_begin + net_credit_sales - receivable_end, receivable_begin + net_credit_sales - not_due_end, 100, 'percent', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'collection_effectiveness_index', 'cash_only', cash, receivable_begin + net_credit_sales - not_due_end, 100, 'percent', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'collection_rate', 'standard', collected, collectable, 1, 'share', 'zero_base', 'negative_base' FROM window_measures WHERE time_window = 'month'
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'collection_rate', 'early_cash', collected_early, collectable, 1, 'share', 'zero_base', 'negative_base' FROM window_measures WHERE time_window = 'month'
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'days_beyond_terms', 'standard', dated_cash_delayed, dated_cash, 1, 'days', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'days_beyond_terms', 'settled_items_only', settled_cash_delayed, settled_cash, 1, 'days', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'days_beyond_terms', 'at_final_close', settled_amount_delayed, settled_amount, 1, 'days', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'on_time_rate', 'by_count', on_time_items, settled_items + late_sale_items, 1, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'on_time_rate', 'by_amount', on_time_amount, settled_amount + late_sale_historical, 1, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'discount_taken', 'items', taken_items, offered_items, 1, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'discount_missed', 'items', offered_items - taken_items, offered_items, 1, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'discount_cost', 'standard', taken_amount_due, taken_cash_days, 365, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'discount_cost', 'contractual', contractual_amount, contractual_cash_days, 365, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'billing_lag', 'by_count', lag_days, delivered_items, 1, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'billing_lag', 'by_amount', delivered_amount_lagged, delivered_amount, 1, 'days', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'dispute_days', 'standard', closed_dispute_days, closed_disputes, 1, 'days', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'promises_kept', 'kept', promises_kept, promises_due, 1, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'promises_kept', 'partly', promises_partly, promises_due, 1, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'promises_kept', 'broken', promises_broken, promises_due, 1, 'share', 'zero_base', 'negative_base' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'credit_note_rate', 'by_count', credit_note_documents, invoice_documents, 1, 'share', 'no_sales', 'no_sales' FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'credit_note_rate', 'by_amount', credit_notes, invoices, 1, 'share', 'no_sales', 'no_sales' FROM window_measures
),
window_ratio_rows AS (
    SELECT
        r.scope_id, r.period_end_day, r.begin_day + 1 AS start_day, r.time_window, r.metric, r.convention,
        CASE
            WHEN n.metric IS NULL AND r.denominator > 0 THEN CAST(r.numerator AS DOUBLE) / CAST(r.denominator AS DOUBLE) * CAST(r.factor AS DOUBLE)
        END AS value,
        CAST(NULL AS DECIMAL(38, 4)) AS amount,
        r.numerator,
        r.denominator,
        r.unit,
        CASE
            WHEN n.metric IS NOT NULL THEN 'not_supplied'
            WHEN r.denominator > 0 THEN NULL
            WHEN r.denominator = 0 THEN r.reason_at_zero
            ELSE r.reason_below_zero
        END AS reason,
        r.flags
    FROM window_ratios AS r
    LEFT JOIN not_supplied AS n ON n.metric = r.metric
),
window_amounts AS (
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'discount_taken' AS metric, taken_amount AS amount, offered_amount AS denominator FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'discount_missed', missed_amount, offered_amount FROM window_measures
    UNION ALL
    SELECT scope_id, period_end_day, time_window, begin_day, flags, 'discount_leaked', leaked_amount, CAST(NULL AS DECIMAL(38, 4)) FROM window_measures
),
window_amount_rows AS (
    SELECT
        a.scope_id, a.period_end_day, a.begin_day + 1 AS start_day, a.time_window, a.metric, 'amount' AS convention,
        CAST(NULL AS DOUBLE) AS value,
        CASE WHEN n.metric IS NULL THEN a.amount END AS amount,
        a.amount AS numerator,
        a.denominator,
        s.base_currency AS unit,
        CASE WHEN n.metric IS NOT NULL THEN 'not_supplied' END AS reason,
        a.flags
    FROM window_amounts AS a
    CROSS JOIN settings AS s
    LEFT JOIN not_supplied AS n ON n.metric = a.metric
),
turnovers AS (
    SELECT
        w.scope_id, w.period_end_day, w.begin_day + 1 AS start_day, w.time_window, w.flags, a.convention,
        w.net_credit_sales, a.average, a.total,
        CAST(w.net_credit_sales AS DOUBLE) AS sales,
        CAST(a.total AS DOUBLE) / CAST(a.parts AS DOUBLE) AS exact_average,
        CAST(w.days AS DOUBLE) AS days
    FROM window_measures AS w
    JOIN average_balances AS a ON a.scope_id = w.scope_id AND a.period_end_day = w.period_end_day AND a.time_window = w.time_window
),
turnover_rows AS (
    SELECT
        scope_id, period_end_day, start_day, time_window, 'receivables_turnover' AS metric, convention,
        CASE WHEN total > 0 THEN sales / exact_average * 365.0 / days END AS value,
        CAST(NULL AS DECIMAL(38, 4)) AS amount,
        net_credit_sales AS numerator,
        average AS denominator,
        'per_year' AS unit,
        CASE WHEN total > 0 THEN NULL WHEN total = 0 THEN 'zero_base' ELSE 'negative_base' END AS reason,
        flags
    FROM turnovers
    UNION ALL
    SELECT
        scope_id, period_end_day, start_day, time_window, 'receivables_turnover',
        CASE convention WHEN 'begin_end' THEN 'per_window' WHEN 'month_ends' THEN 'month_ends_per_window' ELSE 'daily_per_window' END,
        CASE WHEN total > 0 THEN sales / exact_average END,
        CAST(NULL AS DECIMAL(38, 4)),
        net_credit_sales,
        average,
        'per_window',
        CASE WHEN total > 0 THEN NULL WHEN total = 0 THEN 'zero_base' ELSE 'negative_base' END,
        flags
    FROM turnovers
    UNION ALL
    SELECT
        scope_id, period_end_day, start_day, time_window, 'average_collection_period', convention,
        CASE WHEN net_credit_sales > 0 AND total > 0 THEN exact_average * days / sales END,
        CAST(NULL AS DECIMAL(38, 4)),
        average,
        net_credit_sales,
        'days',
        CASE WHEN net_credit_sales <= 0 THEN 'no_sales' WHEN total > 0 THEN NULL WHEN total = 0 THEN 'zero_base' ELSE 'negative_base' END,
        flags
    FROM turnovers
),
gathered AS (
    SELECT * FROM amount_rows
    UNION ALL SELECT * FROM point_ratio_rows
    UNION ALL SELECT * FROM other_point_rows
    UNION ALL SELECT * FROM dispute_rows
    UNION ALL SELECT * FROM window_ratio_rows
    UNION ALL SELECT * FROM window_amount_rows
    UNION ALL SELECT * FROM turnover_rows
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    b.calendar_date AS period_start,
    e.calendar_date AS period_end,
    g.time_window,
    g.metric,
    g.convention,
    g.value,
    CAST(g.amount AS DECIMAL(38, 4)) AS amount,
    CAST(g.numerator AS DECIMAL(38, 4)) AS numerator,
    CAST(g.denominator AS DECIMAL(38, 4)) AS denominator,
    g.unit,
    g.reason,
    g.flags
FROM gathered AS g
JOIN scopes AS v ON v.scope_id = g.scope_id
JOIN calendar_days AS b ON b.day_number = g.start_day
JOIN calendar_days AS e ON e.day_number = g.period_end_day
WHERE v.scope <> 'customer' OR (
    g.convention IN ('closing', 'conventional', 'standard', 'begin_end', 'by_count', 'amount', 'kept') AND g.time_window IN ('point', 'trailing_3m')
)
ORDER BY v.company_id, v.scope, v.scope_value, e.calendar_date, g.time_window, g.metric, g.convention
