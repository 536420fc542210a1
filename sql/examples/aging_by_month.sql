-- How has the aging developed over the last twelve months?
SELECT
    period_end,
    SUM(CASE WHEN bucket = 'not_due' THEN amount ELSE 0 END) AS not_due,
    SUM(CASE WHEN bucket = '1_30' THEN amount ELSE 0 END) AS days_1_30,
    SUM(CASE WHEN bucket = '31_60' THEN amount ELSE 0 END) AS days_31_60,
    SUM(CASE WHEN bucket = '61_90' THEN amount ELSE 0 END) AS days_61_90,
    SUM(CASE WHEN bucket = '91_120' THEN amount ELSE 0 END) AS days_91_120,
    SUM(CASE WHEN bucket = 'over_120' THEN amount ELSE 0 END) AS over_120_days,
    SUM(CASE WHEN bucket = 'no_due_date' THEN amount ELSE 0 END) AS no_due_date,
    SUM(CASE WHEN bucket = 'unapplied' THEN amount ELSE 0 END) AS unapplied,
    SUM(amount) AS receivable
FROM aging_latest
WHERE company_id = '(all)' AND scope = 'company' AND basis = 'due_date'
GROUP BY period_end
ORDER BY period_end DESC
LIMIT 13
