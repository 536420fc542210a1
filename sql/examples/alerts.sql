-- Which alerts fired tonight, how far did the figure move, and what moved it?
-- may be empty
SELECT
    alert,
    company_id,
    scope,
    scope_value,
    metric,
    ROUND(previous_value, 3) AS previous_value,
    ROUND(value, 3) AS value,
    rule,
    threshold,
    bridge_part,
    ROUND(bridge_days, 1) AS bridge_days
FROM kpi_alerts_latest
ORDER BY alert, company_id, scope, ABS(change) DESC, scope_value
