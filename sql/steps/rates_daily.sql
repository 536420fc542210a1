-- rates_daily: the rate of every day
-- grain:   currency, day_number
-- inputs:  fx_rates (rate_date, currency, rate), calendar_days, settings
-- columns: currency, day_number, rate (base currency for one unit: the last rate on or before the day; 1 for the base currency),
--          rate_minor (the same in minor units of the base currency)
-- A day before a currency's first rate has no row.
WITH quoted AS (
    SELECT f.currency, f.rate, CAST(EXTRACT(EPOCH FROM f.rate_date) / 86400.0 AS BIGINT) AS from_day
    FROM fx_rates AS f
    JOIN settings AS s ON f.currency <> s.base_currency
),
spans AS (
    SELECT currency, rate, from_day, LEAD(from_day) OVER (PARTITION BY currency ORDER BY from_day) AS until_day
    FROM quoted
),
daily AS (
    SELECT p.currency, c.day_number, p.rate
    FROM spans AS p
    JOIN calendar_days AS c ON c.day_number >= p.from_day AND c.day_number < COALESCE(p.until_day, 99999999)
    UNION ALL
    SELECT s.base_currency, c.day_number, CAST(1 AS DECIMAL(18, 10))
    FROM calendar_days AS c
    CROSS JOIN settings AS s
)
SELECT d.currency, d.day_number, d.rate, CAST(CAST(d.rate AS DECIMAL(20, 10)) * s.minor_units AS DECIMAL(20, 10)) AS rate_minor
FROM daily AS d
CROSS JOIN settings AS s
WHERE d.day_number <= s.as_of_day
