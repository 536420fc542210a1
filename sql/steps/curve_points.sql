-- curve_points: R1 and R3, the survival and incidence curves
-- grain:   scope_id, weighting, days: 0 to 365 and every later age on which somebody left; customers only the ages on which something happened
-- inputs:  curve_events, scopes, calendar_days
-- columns: at_risk, paid (cash events), settled_items of that age
--          survival (Kaplan-Meier of cash), survival_log (its logarithm; null once it is 0), greenwood (Σ d ÷ (n(n − d)))
--          incidence_cash, incidence_credit, incidence_write_off (Aalen-Johansen), open_share (Kaplan-Meier of any cause)
-- A product of (1 − d/n) is the exponential of a sum of logarithms, and 0 from the first d = n on. Of those that leave on one age the events
-- count before the censorings, so all of them are still at risk on it.
WITH ages AS (
    SELECT day_number - MIN(day_number) OVER () AS days
    FROM calendar_days
),
gathered AS (
    SELECT scope_id, weighting, days, came_in, went_out, cash, credit, write_off, settled_items
    FROM curve_events
    UNION ALL
    SELECT w.scope_id, w.weighting, a.days, 0, 0, 0, 0, 0, 0
    FROM (
        SELECT DISTINCT e.scope_id, e.weighting
        FROM curve_events AS e
        JOIN scopes AS v ON v.scope_id = e.scope_id AND v.scope <> 'customer'
    ) AS w
    JOIN ages AS a ON a.days <= 365
),
dense AS (
    SELECT
        scope_id, weighting, days,
        SUM(came_in) AS came_in,
        SUM(went_out) AS went_out,
        SUM(cash) AS cash,
        SUM(credit) AS credit,
        SUM(write_off) AS write_off,
        SUM(settled_items) AS settled_items
    FROM gathered
    GROUP BY scope_id, weighting, days
),
risks AS (
    SELECT
        scope_id, weighting, days, cash, credit, write_off, settled_items,
        cash + credit + write_off AS settled,
        SUM(came_in - went_out) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) + went_out AS at_risk
    FROM dense
),
fractions AS (
    SELECT
        scope_id, weighting, days, settled_items, at_risk, cash AS paid,
        CASE WHEN cash > 0 AND cash < at_risk THEN LN(CAST(at_risk - cash AS DOUBLE) / CAST(at_risk AS DOUBLE)) ELSE 0.0 END AS cash_log,
        CASE WHEN cash > 0 AND cash >= at_risk THEN 1 ELSE 0 END AS cash_end,
        CASE WHEN settled > 0 AND settled < at_risk THEN LN(CAST(at_risk - settled AS DOUBLE) / CAST(at_risk AS DOUBLE)) ELSE 0.0 END AS settled_log,
        CASE WHEN settled > 0 AND settled >= at_risk THEN 1 ELSE 0 END AS settled_end,
        CASE
            WHEN cash > 0 AND cash < at_risk THEN CAST(cash AS DOUBLE) / CAST(at_risk AS DOUBLE) / CAST(at_risk - cash AS DOUBLE)
            ELSE 0.0
        END AS variance,
        CASE WHEN cash > 0 THEN CAST(cash AS DOUBLE) / CAST(at_risk AS DOUBLE) ELSE 0.0 END AS cash_share,
        CASE WHEN credit > 0 THEN CAST(credit AS DOUBLE) / CAST(at_risk AS DOUBLE) ELSE 0.0 END AS credit_share,
        CASE WHEN write_off > 0 THEN CAST(write_off AS DOUBLE) / CAST(at_risk AS DOUBLE) ELSE 0.0 END AS write_off_share
    FROM risks
),
running AS (
    SELECT
        scope_id, weighting, days, settled_items, at_risk, paid, cash_share, credit_share, write_off_share,
        SUM(cash_log) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS cash_log,
        SUM(cash_end) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS cash_end,
        SUM(settled_log) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS settled_log,
        SUM(settled_end) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS settled_end,
        SUM(variance) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS variance
    FROM fractions
),
survivals AS (
    SELECT
        scope_id, weighting, days, settled_items, at_risk, paid, cash_share, credit_share, write_off_share, cash_log, cash_end, variance,
        CASE WHEN settled_end > 0 THEN 0.0 ELSE EXP(settled_log) END AS open_share,
        CASE
            WHEN LAG(settled_end) OVER (PARTITION BY scope_id, weighting ORDER BY days) > 0 THEN 0.0
            ELSE EXP(COALESCE(LAG(settled_log) OVER (PARTITION BY scope_id, weighting ORDER BY days), 0.0))
        END AS open_before
    FROM running
)
SELECT
    scope_id,
    weighting,
    days,
    at_risk,
    paid,
    settled_items,
    CASE WHEN cash_end > 0 THEN CAST(0 AS DOUBLE) ELSE EXP(cash_log) END AS survival,
    CASE WHEN cash_end = 0 THEN cash_log END AS survival_log,
    variance AS greenwood,
    SUM(open_before * cash_share) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS incidence_cash,
    SUM(open_before * credit_share) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS incidence_credit,
    SUM(open_before * write_off_share) OVER (PARTITION BY scope_id, weighting ORDER BY days ROWS UNBOUNDED PRECEDING) AS incidence_write_off,
    open_share
FROM survivals
