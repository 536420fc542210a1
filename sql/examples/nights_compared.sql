-- What changed between the last two published nights?
WITH nights AS (
    SELECT as_of_date, ROW_NUMBER() OVER (ORDER BY as_of_date DESC) AS place
    FROM (SELECT DISTINCT as_of_date FROM kpis)
),
figures AS (
    SELECT
        n.place,
        k.company_id,
        MAX(CASE WHEN k.metric = 'ar_net' THEN k.amount END) AS receivable,
        MAX(CASE WHEN k.metric = 'overdue_share' THEN k.value END) AS overdue_share,
        MAX(CASE WHEN k.metric = 'dso' THEN k.value END) AS dso
    FROM kpis AS k
    JOIN nights AS n ON n.as_of_date = k.as_of_date AND n.place <= 2
    WHERE k.scope = 'company' AND k.period_end = k.as_of_date AND k.time_window IN ('point', 'trailing_3m')
        AND k.metric || '/' || k.convention IN ('ar_net/closing', 'overdue_share/standard', 'dso/conventional')
    GROUP BY n.place, k.company_id
)
SELECT
    now.company_id,
    now.receivable,
    now.receivable - before.receivable AS receivable_change,
    ROUND(100 * now.overdue_share, 1) AS overdue_percent,
    ROUND(100 * (now.overdue_share - before.overdue_share), 1) AS overdue_percent_change,
    ROUND(now.dso, 1) AS dso_days,
    ROUND(now.dso - before.dso, 1) AS dso_days_change
FROM figures AS now
LEFT JOIN figures AS before ON before.company_id = now.company_id AND before.place = 2
WHERE now.place = 1
ORDER BY now.company_id
