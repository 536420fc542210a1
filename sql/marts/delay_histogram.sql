-- delay_histogram: R5, the delays of what was settled in the last twelve months, day by day
-- grain:      company_id, scope, scope_value, time_window (trailing_12m), days (−30 to 180: earlier and later ones count at the ends)
-- parameters: as_of
-- inputs:     delay_counts, scopes
-- columns:    items, amount (base currency); only days with items
WITH clipped AS (
    SELECT
        scope_id,
        CAST(CASE WHEN value < -30 THEN -30 WHEN value > 180 THEN 180 ELSE value END AS BIGINT) AS days,
        items,
        amount
    FROM delay_counts
    WHERE time_window = 'trailing_12m' AND measure = 'delay'
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    'trailing_12m' AS time_window,
    c.days,
    CAST(SUM(c.items) AS BIGINT) AS items,
    CAST(SUM(c.amount) AS DECIMAL(38, 4)) AS amount
FROM clipped AS c
JOIN scopes AS v ON v.scope_id = c.scope_id
WHERE v.scope <> 'customer'
GROUP BY v.company_id, v.scope, v.scope_value, c.days
ORDER BY v.company_id, v.scope, v.scope_value, c.days
