-- What moved the DSO since the month end before?
SELECT
    part_order,
    part,
    amount,
    ROUND(days, 2) AS days,
    reason
FROM dso_bridge_latest
WHERE company_id = '(all)' AND scope = 'company' AND period_end = as_of_date
ORDER BY part_order
