-- payment_delays: K13, how late and how long after the document date settled items were paid
-- grain:      company_id, scope, scope_value, time_window, measure (days_to_pay, delay): scope values with a sale; customers trailing_3m only
-- parameters: as_of, history_start_date
-- inputs:     delay_counts, curve_points, item_exits, label_scopes, scopes, windows, settings
-- columns:    items (settled with some cash in the window), open_items (at as_of; for delay: those with a due date)
--             mean, weighted_mean (by amount_base), p10 to p95 (values that occur: the smallest with at least that share): null below 5 items
--             (reason too_few)
--             censored_p10 to censored_p95 (days_to_pay only): the age by which that share of all sales was paid, from R1, so that the open ones
--             count too; censored_reason: too_few (fewer than 5 sales watched), immature (the curve does not reach some)
WITH label_sales AS (
    SELECT
        label_key,
        COUNT(*) AS sales,
        SUM(CASE WHEN is_watched THEN 1 ELSE 0 END) AS watched,
        SUM(CASE WHEN cause IS NULL THEN 1 ELSE 0 END) AS open_items,
        SUM(CASE WHEN cause IS NULL AND has_due_date THEN 1 ELSE 0 END) AS open_items_due
    FROM item_exits
    GROUP BY label_key
),
customer_sales AS (
    SELECT
        customer_key,
        COUNT(*) AS sales,
        SUM(CASE WHEN is_watched THEN 1 ELSE 0 END) AS watched,
        SUM(CASE WHEN cause IS NULL THEN 1 ELSE 0 END) AS open_items,
        SUM(CASE WHEN cause IS NULL AND has_due_date THEN 1 ELSE 0 END) AS open_items_due
    FROM item_exits
    GROUP BY customer_key
),
gathered AS (
    SELECT l.scope_id, x.watched, x.open_items, x.open_items_due
    FROM label_sales AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    UNION ALL
    SELECT l.all_scope_id, x.watched, x.open_items, x.open_items_due
    FROM label_sales AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    UNION ALL
    SELECT v.scope_id, x.watched, x.open_items, x.open_items_due
    FROM customer_sales AS x
    JOIN scopes AS v ON v.customer_key = x.customer_key
),
sales AS (
    SELECT scope_id, SUM(watched) AS watched, SUM(open_items) AS open_items, SUM(open_items_due) AS open_items_due
    FROM gathered
    GROUP BY scope_id
),
censored AS (
    SELECT
        scope_id,
        MIN(CASE WHEN survival <= 0.9 + 1e-9 THEN days END) AS p10,
        MIN(CASE WHEN survival <= 0.75 + 1e-9 THEN days END) AS p25,
        MIN(CASE WHEN survival <= 0.5 + 1e-9 THEN days END) AS p50,
        MIN(CASE WHEN survival <= 0.25 + 1e-9 THEN days END) AS p75,
        MIN(CASE WHEN survival <= 0.1 + 1e-9 THEN days END) AS p90,
        MIN(CASE WHEN survival <= 0.05 + 1e-9 THEN days END) AS p95
    FROM curve_points
    WHERE weighting = 'items'
    GROUP BY scope_id
),
totals AS (
    SELECT
        scope_id, time_window, measure,
        SUM(items) AS items,
        SUM(value * items) AS value_items,
        SUM(amount) AS amount,
        SUM(amount_weighted) AS amount_weighted
    FROM delay_counts
    GROUP BY scope_id, time_window, measure
),
running AS (
    SELECT
        scope_id, time_window, measure, value,
        100 * SUM(items) OVER (PARTITION BY scope_id, time_window, measure ORDER BY value ROWS UNBOUNDED PRECEDING) AS hundredfold
    FROM delay_counts
),
quantiles AS (
    SELECT
        r.scope_id, r.time_window, r.measure,
        MIN(CASE WHEN r.hundredfold >= 10 * t.items THEN r.value END) AS p10,
        MIN(CASE WHEN r.hundredfold >= 25 * t.items THEN r.value END) AS p25,
        MIN(CASE WHEN r.hundredfold >= 50 * t.items THEN r.value END) AS p50,
        MIN(CASE WHEN r.hundredfold >= 75 * t.items THEN r.value END) AS p75,
        MIN(CASE WHEN r.hundredfold >= 90 * t.items THEN r.value END) AS p90,
        MIN(CASE WHEN r.hundredfold >= 95 * t.items THEN r.value END) AS p95
    FROM running AS r
    JOIN totals AS t ON t.scope_id = r.scope_id AND t.time_window = r.time_window AND t.measure = r.measure
    GROUP BY r.scope_id, r.time_window, r.measure
),
wanted AS (
    SELECT
        v.company_id, v.scope, v.scope_value, x.scope_id, w.time_window, m.measure, x.watched,
        CASE m.measure WHEN 'delay' THEN x.open_items_due ELSE x.open_items END AS open_items
    FROM sales AS x
    JOIN scopes AS v ON v.scope_id = x.scope_id
    CROSS JOIN settings AS s
    JOIN windows AS w ON w.period_end_day = s.as_of_day AND (v.scope <> 'customer' OR w.time_window = 'trailing_3m')
    CROSS JOIN (SELECT 'delay' AS measure UNION ALL SELECT 'days_to_pay') AS m
)
SELECT
    w.company_id,
    w.scope,
    w.scope_value,
    w.time_window,
    w.measure,
    CAST(COALESCE(t.items, 0) AS BIGINT) AS items,
    CAST(w.open_items AS BIGINT) AS open_items,
    CASE WHEN t.items >= 5 THEN CAST(t.value_items AS DOUBLE) / CAST(t.items AS DOUBLE) END AS mean,
    CASE WHEN t.items >= 5 AND t.amount > 0 THEN CAST(t.amount_weighted AS DOUBLE) / CAST(t.amount AS DOUBLE) END AS weighted_mean,
    CASE WHEN t.items >= 5 THEN q.p10 END AS p10,
    CASE WHEN t.items >= 5 THEN q.p25 END AS p25,
    CASE WHEN t.items >= 5 THEN q.p50 END AS p50,
    CASE WHEN t.items >= 5 THEN q.p75 END AS p75,
    CASE WHEN t.items >= 5 THEN q.p90 END AS p90,
    CASE WHEN t.items >= 5 THEN q.p95 END AS p95,
    CASE WHEN t.items >= 5 THEN NULL ELSE 'too_few' END AS reason,
    CASE WHEN w.measure = 'days_to_pay' AND w.watched >= 5 THEN c.p10 END AS censored_p10,
    CASE WHEN w.measure = 'days_to_pay' AND w.watched >= 5 THEN c.p25 END AS censored_p25,
    CASE WHEN w.measure = 'days_to_pay' AND w.watched >= 5 THEN c.p50 END AS censored_p50,
    CASE WHEN w.measure = 'days_to_pay' AND w.watched >= 5 THEN c.p75 END AS censored_p75,
    CASE WHEN w.measure = 'days_to_pay' AND w.watched >= 5 THEN c.p90 END AS censored_p90,
    CASE WHEN w.measure = 'days_to_pay' AND w.watched >= 5 THEN c.p95 END AS censored_p95,
    CASE
        WHEN w.measure = 'delay' THEN NULL
        WHEN w.watched < 5 THEN 'too_few'
        -- The curve only falls: one that reaches the last quantile has reached them all.
        WHEN c.p95 IS NULL THEN 'immature'
    END AS censored_reason
FROM wanted AS w
LEFT JOIN totals AS t ON t.scope_id = w.scope_id AND t.time_window = w.time_window AND t.measure = w.measure
LEFT JOIN quantiles AS q ON q.scope_id = w.scope_id AND q.time_window = w.time_window AND q.measure = w.measure
LEFT JOIN censored AS c ON c.scope_id = w.scope_id
ORDER BY w.company_id, w.scope, w.scope_value, w.time_window, w.measure
