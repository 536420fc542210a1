-- restatements: what earlier nights published of a period end and this one says otherwise
-- grain:      company_id, scope (company, currency), scope_value, table_name, period_end, line: only what differs
-- inputs:     roll_forward, aging, kpis, restatement_rows: this night's tables, as published
--             first_roll_forward, first_aging, first_kpis: the same tables of the nights before it, all together, with as_of_date
--             earlier_nights: as_of_date and oldest_period_end of those nights
-- parameters: as_of
-- columns:    first_as_of_date: the oldest night on or after the period end; a period end that this night is the first to publish has none
--             first_amount, amount: lines of roll_forward, and basis/bucket of aging; a line that is not there is 0
--             first_value, value: metric/convention/time_window of kpis; told when they differ by more than 1e-9, or one is undefined
--             unexplained: amount − first_amount − the sum of restatement_rows: always 0; null for ratios
-- Not here: metrics that nights of an older version could not have had.
WITH this_night AS (
    SELECT 'roll_forward' AS table_name, company_id, scope, scope_value, period_end, line, amount, CAST(NULL AS DOUBLE) AS ratio
    FROM roll_forward
    WHERE scope IN ('company', 'currency')
    UNION ALL
    SELECT 'aging', company_id, scope, scope_value, period_end, basis || '/' || bucket, amount, CAST(NULL AS DOUBLE)
    FROM aging
    WHERE scope IN ('company', 'currency')
    UNION ALL
    SELECT
        'kpis', company_id, scope, scope_value, period_end, metric || '/' || convention || '/' || time_window,
        CAST(NULL AS DECIMAL(38, 4)), value
    FROM kpis
    WHERE scope IN ('company', 'currency') AND value IS NOT NULL
),
ends AS (
    SELECT DISTINCT n.period_end
    FROM this_night AS n
    CROSS JOIN parameters AS p
    WHERE n.period_end < p.as_of
),
firsts AS (
    SELECT e.period_end, MIN(n.as_of_date) AS as_of_date
    FROM ends AS e
    JOIN earlier_nights AS n ON n.as_of_date >= e.period_end AND n.oldest_period_end <= e.period_end
    GROUP BY e.period_end
),
first_night AS (
    SELECT
        'roll_forward' AS table_name, t.company_id, t.scope, t.scope_value, t.period_end, t.line, t.amount, CAST(NULL AS DOUBLE) AS ratio
    FROM first_roll_forward AS t
    JOIN firsts AS f ON f.period_end = t.period_end AND f.as_of_date = t.as_of_date
    WHERE t.scope IN ('company', 'currency')
    UNION ALL
    SELECT 'aging', t.company_id, t.scope, t.scope_value, t.period_end, t.basis || '/' || t.bucket, t.amount, CAST(NULL AS DOUBLE)
    FROM first_aging AS t
    JOIN firsts AS f ON f.period_end = t.period_end AND f.as_of_date = t.as_of_date
    WHERE t.scope IN ('company', 'currency')
    UNION ALL
    SELECT
        'kpis', t.company_id, t.scope, t.scope_value, t.period_end, t.metric || '/' || t.convention || '/' || t.time_window,
        CAST(NULL AS DECIMAL(38, 4)), t.value
    FROM first_kpis AS t
    JOIN firsts AS f ON f.period_end = t.period_end AND f.as_of_date = t.as_of_date
    WHERE t.scope IN ('company', 'currency') AND t.value IS NOT NULL
),
this_again AS (
    SELECT n.table_name, n.company_id, n.scope, n.scope_value, n.period_end, n.line, n.amount, n.ratio
    FROM this_night AS n
    JOIN firsts AS f ON f.period_end = n.period_end
),
both_nights AS (
    SELECT
        COALESCE(a.table_name, b.table_name) AS table_name,
        COALESCE(a.company_id, b.company_id) AS company_id,
        COALESCE(a.scope, b.scope) AS scope,
        COALESCE(a.scope_value, b.scope_value) AS scope_value,
        COALESCE(a.period_end, b.period_end) AS period_end,
        COALESCE(a.line, b.line) AS line,
        a.amount AS first_amount,
        b.amount,
        a.ratio AS first_ratio,
        b.ratio
    FROM first_night AS a
    FULL OUTER JOIN this_again AS b
        ON b.table_name = a.table_name AND b.company_id = a.company_id AND b.scope = a.scope AND b.scope_value = a.scope_value
        AND b.period_end = a.period_end AND b.line = a.line
),
compared AS (
    SELECT
        company_id, scope, scope_value, table_name, period_end, line,
        CASE WHEN table_name <> 'kpis' THEN COALESCE(first_amount, CAST(0 AS DECIMAL(38, 4))) END AS first_amount,
        CASE WHEN table_name <> 'kpis' THEN COALESCE(amount, CAST(0 AS DECIMAL(38, 4))) END AS amount,
        first_ratio,
        ratio
    FROM both_nights
),
explained AS (
    SELECT company_id, scope, scope_value, table_name, period_end, line, SUM(difference) AS difference
    FROM restatement_rows
    GROUP BY company_id, scope, scope_value, table_name, period_end, line
)
SELECT
    c.company_id,
    c.scope,
    c.scope_value,
    c.table_name,
    c.period_end,
    c.line,
    f.as_of_date AS first_as_of_date,
    CAST(c.first_amount AS DECIMAL(38, 4)) AS first_amount,
    CAST(c.amount AS DECIMAL(38, 4)) AS amount,
    c.first_ratio AS first_value,
    c.ratio AS value,
    CAST(c.amount - c.first_amount - COALESCE(e.difference, 0) AS DECIMAL(38, 4)) AS unexplained
FROM compared AS c
JOIN firsts AS f ON f.period_end = c.period_end
LEFT JOIN explained AS e
    ON e.company_id = c.company_id AND e.scope = c.scope AND e.scope_value = c.scope_value AND e.table_name = c.table_name
    AND e.period_end = c.period_end AND e.line = c.line
WHERE c.first_amount <> c.amount
    OR (c.table_name = 'kpis' AND (c.first_ratio IS NULL OR c.ratio IS NULL OR ABS(c.ratio - c.first_ratio) > 1e-9))
ORDER BY c.company_id, c.scope, c.scope_value, c.table_name, c.period_end, c.line
