-- How many customers defaulted each year, from which cause, and how many are in default still?
SELECT
    EXTRACT(YEAR FROM event_date) AS default_year,
    cause,
    COUNT(*) AS defaults,
    SUM(CASE WHEN cured_date IS NULL THEN 1 ELSE 0 END) AS not_cured,
    SUM(amount_base) AS amount_base
FROM default_events_latest
WHERE status = 'default'
GROUP BY EXTRACT(YEAR FROM event_date), cause
ORDER BY default_year, cause
