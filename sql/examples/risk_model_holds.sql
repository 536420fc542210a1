-- Did customers default as often as their grade said, and is what was said within the interval of what came?
-- may be empty
SELECT
    month_end,
    COALESCE(grade, 'all') AS grade,
    rows_judged AS customers,
    defaulted_families,
    ROUND(100 * mean_pd, 2) AS said_percent,
    ROUND(100 * value, 2) AS came_percent,
    ROUND(100 * value_lower, 2) AS came_from_percent,
    ROUND(100 * value_upper, 2) AS came_to_percent,
    is_outside,
    value_reason
FROM risk_performance_latest
WHERE metric = 'default_rate'
ORDER BY month_end, grade NULLS LAST
