-- Of what was open a month ago in each bucket: how much was paid, got older, or was written off?
SELECT
    from_bucket,
    SUM(amount) AS open_amount_before,
    ROUND(100 * SUM(CASE WHEN to_bucket = 'settled' THEN rate END), 1) AS settled_percent,
    ROUND(100 * SUM(CASE WHEN to_bucket = 'write_off' THEN rate END), 1) AS written_off_percent,
    ROUND(100 * SUM(CASE WHEN to_bucket = from_bucket THEN rate END), 1) AS stayed_percent,
    ROUND(100 * SUM(CASE WHEN to_bucket NOT IN ('settled', 'write_off', from_bucket) THEN rate END), 1) AS moved_percent
FROM roll_rates_latest
WHERE company_id = '(all)' AND scope = 'company' AND period_end = as_of_date
GROUP BY from_bucket
ORDER BY CASE from_bucket
    WHEN 'not_due' THEN 0 WHEN '1_30' THEN 1 WHEN '31_60' THEN 2 WHEN '61_90' THEN 3 WHEN '91_120' THEN 4 WHEN 'over_120' THEN 5 ELSE 6 END
