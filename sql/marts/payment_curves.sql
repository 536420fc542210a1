-- payment_curves: R1 and R3, what becomes of a sale as it ages
-- grain:      company_id, scope, scope_value, weighting (amount, items), days (since the document date): 0 to 365 and every later settlement
-- parameters: as_of, history_start_date
-- inputs:     curve_points, scopes
-- columns:    at_risk (open and watched on that age), paid (settled by cash or discount on it)
--             survival (share not yet paid; credit, write-off and open censor), standard_error (Greenwood), survival_lower, survival_upper
--             (log-log 95 % interval): weighting items only, null once survival is 0
--             incidence_cash, incidence_credit, incidence_write_off, open_share: sum to 1
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    p.weighting,
    p.days,
    CAST(p.at_risk AS DECIMAL(38, 4)) AS at_risk,
    CAST(p.paid AS DECIMAL(38, 4)) AS paid,
    p.survival,
    CASE WHEN p.weighting = 'items' AND p.survival_log IS NOT NULL THEN p.survival * SQRT(p.greenwood) END AS standard_error,
    CASE
        WHEN p.weighting = 'amount' OR p.survival_log IS NULL THEN NULL
        WHEN p.survival_log < 0 THEN EXP(p.survival_log * EXP(1.959963984540054 * SQRT(p.greenwood) / ABS(p.survival_log)))
        ELSE CAST(1 AS DOUBLE)
    END AS survival_lower,
    CASE
        WHEN p.weighting = 'amount' OR p.survival_log IS NULL THEN NULL
        WHEN p.survival_log < 0 THEN EXP(p.survival_log * EXP(-1.959963984540054 * SQRT(p.greenwood) / ABS(p.survival_log)))
        ELSE CAST(1 AS DOUBLE)
    END AS survival_upper,
    p.incidence_cash,
    p.incidence_credit,
    p.incidence_write_off,
    p.open_share
FROM curve_points AS p
JOIN scopes AS v ON v.scope_id = p.scope_id
WHERE v.scope <> 'customer' AND (p.days <= 365 OR p.settled_items > 0)
ORDER BY v.company_id, v.scope, v.scope_value, p.weighting, p.days
