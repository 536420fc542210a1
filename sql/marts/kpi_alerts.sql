-- kpi_alerts: the figures at as_of that are beyond a threshold, or moved by more than one since the period end before
-- grain:      company_id, scope, scope_value, alert
-- parameters: as_of
-- inputs:     alerts (alert, metric, convention, time_window, scope, rule, threshold), kpis and dso_bridge (published marts), period_ends,
--             settings
-- columns:    threshold, previous_period_end, previous_value, value (an amount as a number where there is no value), change
--             bridge_part, bridge_days: what did most for a change of the conventional DSO of three months; null for any other figure
-- rule: above and below the threshold (not at it); rises_by, falls_by: at least so much since the period end before
WITH dates AS (
    SELECT
        MAX(period_end) AS period_end,
        MAX(CASE WHEN period_end < as_of THEN period_end END) AS previous_period_end
    FROM period_ends AS p
    CROSS JOIN settings AS s
),
figures AS (
    SELECT
        company_id, scope, scope_value, metric, convention, time_window, period_end,
        COALESCE(value, CAST(amount AS DOUBLE)) AS value
    FROM kpis
),
compared AS (
    SELECT
        k.company_id, k.scope, k.scope_value,
        a.alert, a.metric, a.convention, a.time_window, a.rule,
        CAST(a.threshold AS DOUBLE) AS threshold,
        p.period_end AS previous_period_end,
        p.value AS previous_value,
        k.value,
        k.value - p.value AS change
    FROM alerts AS a
    CROSS JOIN dates AS d
    JOIN figures AS k
        ON k.metric = a.metric
        AND k.convention = a.convention
        AND k.time_window = a.time_window
        AND k.scope = a.scope
        AND k.period_end = d.period_end
    LEFT JOIN figures AS p
        ON p.company_id = k.company_id
        AND p.scope = k.scope
        AND p.scope_value = k.scope_value
        AND p.metric = k.metric
        AND p.convention = k.convention
        AND p.time_window = k.time_window
        AND p.period_end = d.previous_period_end
),
fired AS (
    SELECT c.*
    FROM compared AS c
    WHERE CASE rule
        WHEN 'above' THEN value > threshold + 1e-9
        WHEN 'below' THEN value < threshold - 1e-9
        WHEN 'rises_by' THEN change >= threshold - 1e-9
        WHEN 'falls_by' THEN -change >= threshold - 1e-9
    END
),
bridged AS (
    SELECT
        f.company_id, f.scope, f.scope_value, f.alert, b.part, b.days,
        ROW_NUMBER() OVER (
            PARTITION BY f.company_id, f.scope, f.scope_value, f.alert
            ORDER BY CASE WHEN f.change > 0 THEN -b.days ELSE b.days END, b.part_order
        ) AS preference
    FROM fired AS f
    CROSS JOIN dates AS d
    JOIN dso_bridge AS b
        ON b.company_id = f.company_id
        AND b.scope = f.scope
        AND b.scope_value = f.scope_value
        AND b.period_end = d.period_end
    WHERE f.metric = 'dso' AND f.convention = 'conventional' AND f.time_window = 'trailing_3m'
        AND f.change <> 0 AND b.part_order >= 2 AND b.part_order <= 7 AND b.days IS NOT NULL
)
SELECT
    f.company_id,
    f.scope,
    f.scope_value,
    f.alert,
    f.metric,
    f.convention,
    f.time_window,
    f.rule,
    f.threshold,
    f.previous_period_end,
    f.previous_value,
    f.value,
    f.change,
    b.part AS bridge_part,
    b.days AS bridge_days
FROM fired AS f
LEFT JOIN bridged AS b
    ON b.company_id = f.company_id
    AND b.scope = f.scope
    AND b.scope_value = f.scope_value
    AND b.alert = f.alert
    AND b.preference = 1
ORDER BY f.company_id, f.scope, f.scope_value, f.alert
