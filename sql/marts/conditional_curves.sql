-- conditional_curves: R2, how likely a sale still open at an age is to be paid within so many days
-- grain:      company_id, scope, scope_value, weighting (amount, items), age (0, 30, 60, 90, 120, 180), horizon (7, 14, 30, 60, 90 days)
-- parameters: as_of, history_start_date
-- inputs:     curve_points, curve_events, scopes
-- columns:    probability = 1 − S(age + horizon) ÷ S(age), from_scope (whose curve), reason
-- Where the scope value's own curve has come to 0 by that age or does not reach it, the company's serves, then that of all companies
-- (from_scope company, all). immature: the curve ends before age + horizon and is not 0 there, or no curve serves (from_scope null).
WITH ages AS (
    SELECT CAST(0 AS BIGINT) AS age UNION ALL SELECT 30 UNION ALL SELECT 60 UNION ALL SELECT 90 UNION ALL SELECT 120 UNION ALL SELECT 180
),
horizons AS (
    SELECT CAST(7 AS BIGINT) AS horizon UNION ALL SELECT 14 UNION ALL SELECT 30 UNION ALL SELECT 60 UNION ALL SELECT 90
),
spans AS (
    SELECT scope_id, MAX(days) AS longest_days
    FROM curve_events
    WHERE weighting = 'items' AND went_out > 0
    GROUP BY scope_id
),
-- Every age and horizon lies within the dense part of the curve.
curves AS (
    SELECT p.scope_id, p.weighting, p.days, p.survival, s.longest_days
    FROM curve_points AS p
    JOIN spans AS s ON s.scope_id = p.scope_id
    WHERE p.days <= 365
),
lasts AS (
    SELECT scope_id, weighting, survival
    FROM curves
    WHERE days = LEAST(longest_days, 365)
),
parents AS (
    SELECT scope_id, scope_id AS used_scope_id, 1 AS place, scope AS from_scope
    FROM scopes
    WHERE scope <> 'customer'
    UNION ALL
    SELECT v.scope_id, c.scope_id, 2, 'company'
    FROM scopes AS v
    JOIN scopes AS c ON c.company_id = v.company_id AND c.scope = 'company'
    WHERE v.scope NOT IN ('customer', 'company') AND v.company_id <> '(all)'
    UNION ALL
    SELECT v.scope_id, c.scope_id, 3, 'all'
    FROM scopes AS v
    JOIN scopes AS c ON c.company_id = '(all)' AND c.scope = 'company' AND c.scope_id <> v.scope_id
    WHERE v.scope <> 'customer'
),
candidates AS (
    SELECT
        v.scope_id, c.weighting, c.days AS age, v.used_scope_id, v.from_scope, c.survival, c.longest_days,
        ROW_NUMBER() OVER (PARTITION BY v.scope_id, c.weighting, c.days ORDER BY v.place) AS preference
    FROM parents AS v
    JOIN curves AS c ON c.scope_id = v.used_scope_id
    JOIN ages AS a ON a.age = c.days
    WHERE c.survival > 1e-12 AND c.days <= c.longest_days
),
wanted AS (
    SELECT w.scope_id, w.weighting, a.age, h.horizon
    FROM (SELECT scope_id, weighting FROM curves WHERE days = 0) AS w
    CROSS JOIN ages AS a
    CROSS JOIN horizons AS h
),
answered AS (
    SELECT
        w.scope_id, w.weighting, w.age, w.horizon, c.from_scope,
        CASE
            WHEN w.age + w.horizon <= c.longest_days OR l.survival <= 1e-12 THEN 1.0 - t.survival / c.survival
        END AS probability
    FROM wanted AS w
    LEFT JOIN candidates AS c ON c.scope_id = w.scope_id AND c.weighting = w.weighting AND c.age = w.age AND c.preference = 1
    LEFT JOIN curves AS t ON t.scope_id = c.used_scope_id AND t.weighting = w.weighting AND t.days = w.age + w.horizon
    LEFT JOIN lasts AS l ON l.scope_id = c.used_scope_id AND l.weighting = w.weighting
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    x.weighting,
    x.age,
    x.horizon,
    x.probability,
    x.from_scope,
    CASE WHEN x.probability IS NULL THEN 'immature' END AS reason
FROM answered AS x
JOIN scopes AS v ON v.scope_id = x.scope_id
WHERE v.scope <> 'customer'
ORDER BY v.company_id, v.scope, v.scope_value, x.weighting, x.age, x.horizon
