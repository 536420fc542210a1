-- What do we provide for, bucket by bucket, by either method, and what has no loss rate?
SELECT
    company_id,
    method,
    pool,
    bucket,
    SUM(gross_amount) AS open_amount,
    ROUND(100 * MAX(CASE WHEN assessment = 'collective' THEN loss_rate END), 2) AS loss_rate_percent,
    MAX(CASE WHEN assessment = 'collective' THEN numerator END) AS lost_in_history,
    MAX(CASE WHEN assessment = 'collective' THEN denominator END) AS of_history,
    MAX(CASE WHEN assessment = 'collective' THEN rate_source END) AS rate_source,
    SUM(provision) AS provision,
    SUM(unrated_amount) AS without_a_rate
FROM expected_credit_loss_latest
GROUP BY company_id, method, pool, bucket
HAVING SUM(items) > 0
ORDER BY
    company_id, method, pool,
    -- Buckets by age: not_due, then by their first day, then what has no due date.
    CASE WHEN bucket = 'not_due' THEN 0 WHEN bucket = 'no_due_date' THEN 100000
        ELSE CAST(regexp_extract(bucket, '[0-9]+') AS INTEGER) END
