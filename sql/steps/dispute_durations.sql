-- dispute_durations: how long disputes lasted, as seen at each period end
-- grain:   scope_id, period_end_day (customers left out; period ends by which some dispute was opened)
-- inputs:  dispute_spans, period_ends, calendar_days, label_scopes
-- columns: open_disputes, open_dispute_days (Σ days since they were opened), censored_median (days; null when not reached)
-- The median is Kaplan and Meier's: the smallest number of days by which half of the disputes were closed, those still open censored at
-- their age. A closure stays what it is at every later period end; an open dispute is another day older at each.
WITH first_ends AS (
    SELECT c.day_number, MIN(p.period_end_day) AS period_end_day
    FROM calendar_days AS c
    JOIN period_ends AS p ON p.period_end_day >= c.day_number
    GROUP BY c.day_number
),
by_label AS (
    SELECT x.label_key, e.period_end_day, x.closed_day - x.opened_day AS days, COUNT(*) AS closed, 0 AS still_open
    FROM dispute_spans AS x
    JOIN first_ends AS e ON e.day_number = x.closed_day
    GROUP BY x.label_key, e.period_end_day, x.closed_day - x.opened_day
    UNION ALL
    SELECT x.label_key, p.period_end_day, p.period_end_day - x.opened_day, 0, COUNT(*)
    FROM dispute_spans AS x
    JOIN period_ends AS p ON p.period_end_day >= x.opened_day AND p.period_end_day < COALESCE(x.closed_day, 99999999)
    GROUP BY x.label_key, p.period_end_day, p.period_end_day - x.opened_day
),
in_company AS (
    SELECT l.scope_id, l.all_scope_id, x.period_end_day, x.days, SUM(x.closed) AS closed, SUM(x.still_open) AS still_open
    FROM by_label AS x
    JOIN label_scopes AS l ON l.label_key = x.label_key
    GROUP BY l.scope_id, l.all_scope_id, x.period_end_day, x.days
),
by_scope AS (
    SELECT scope_id, period_end_day, days, closed, still_open FROM in_company
    UNION ALL
    SELECT all_scope_id, period_end_day, days, closed, still_open FROM in_company
),
seen AS (
    SELECT x.scope_id, p.period_end_day, x.days, x.closed, 0 AS still_open
    FROM by_scope AS x
    JOIN period_ends AS p ON p.period_end_day >= x.period_end_day
    WHERE x.closed > 0
    UNION ALL
    SELECT scope_id, period_end_day, days, 0, still_open
    FROM by_scope
    WHERE still_open > 0
),
lasting AS (
    SELECT x.scope_id, x.period_end_day, x.days, SUM(x.closed) AS closed, SUM(x.still_open) AS still_open
    FROM seen AS x
    GROUP BY x.scope_id, x.period_end_day, x.days
),
at_risk AS (
    SELECT
        x.*,
        SUM(x.closed + x.still_open) OVER (PARTITION BY x.scope_id, x.period_end_day ORDER BY x.days DESC ROWS UNBOUNDED PRECEDING) AS at_risk
    FROM lasting AS x
),
survival AS (
    SELECT
        x.scope_id, x.period_end_day, x.days, x.still_open,
        -- The logarithm of nothing is infinite; this is close enough to make the product 0.
        EXP(SUM(
            CASE WHEN x.closed < x.at_risk THEN LN(1.0 - CAST(x.closed AS DOUBLE) / CAST(x.at_risk AS DOUBLE)) ELSE -1000.0 END
        ) OVER (PARTITION BY x.scope_id, x.period_end_day ORDER BY x.days ROWS UNBOUNDED PRECEDING)) AS survival
    FROM at_risk AS x
)
SELECT
    x.scope_id,
    x.period_end_day,
    SUM(x.still_open) AS open_disputes,
    SUM(x.still_open * x.days) AS open_dispute_days,
    MIN(CASE WHEN x.survival <= 0.5 + 0.000000001 THEN x.days END) AS censored_median
FROM survival AS x
GROUP BY x.scope_id, x.period_end_day
