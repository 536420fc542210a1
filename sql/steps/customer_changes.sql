-- customer_changes: the trend of each customer's delays over twelve months, and the month in which they changed
-- grain:   customer_key: with 5 settled items with a due date in the twelve months up to the latest month end
-- inputs:  settled_spells, calendar_days, customer_months
-- columns: trend_days_per_month (least squares slope of the delay on the month of the settlement; null when all fell in one month)
--          change_month_index, change_days, change_statistic: null when no split of the months is significant
-- Of the eleven splits between months with 3 items on both sides the one with the largest F counts, between ÷ within variance of the delay;
-- it is significant from 12.35 on (1 % critical value of sup F, Andrews 1993) or where nothing is left within the parts (no statistic then).
WITH latest AS (
    SELECT customer_key, month_index
    FROM customer_months
    WHERE months_back = 0 AND items >= 5
),
months AS (
    SELECT
        x.customer_key,
        f.month_index - k.month_index + 11 AS month_number,
        COUNT(*) AS items,
        SUM(x.delay) AS delays,
        SUM(x.delay * x.delay) AS delays_squared
    FROM settled_spells AS x
    JOIN latest AS k ON k.customer_key = x.customer_key
    JOIN calendar_days AS f ON f.day_number = x.from_day AND f.month_index > k.month_index - 12 AND f.month_index <= k.month_index
    LEFT JOIN calendar_days AS u ON u.day_number = x.until_day
    WHERE x.has_cash AND x.delay IS NOT NULL AND COALESCE(u.month_index, 9999999) > k.month_index
    GROUP BY x.customer_key, f.month_index - k.month_index + 11
),
totals AS (
    SELECT
        customer_key,
        CAST(SUM(items) AS DECIMAL(19, 0)) AS n,
        CAST(SUM(delays) AS DECIMAL(19, 0)) AS delays,
        CAST(SUM(delays_squared) AS DECIMAL(19, 0)) AS delays_squared,
        CAST(SUM(month_number * items) AS DECIMAL(19, 0)) AS months,
        CAST(SUM(month_number * month_number * items) AS DECIMAL(19, 0)) AS months_squared,
        CAST(SUM(month_number * delays) AS DECIMAL(19, 0)) AS products
    FROM months
    GROUP BY customer_key
),
splits AS (
    SELECT CAST(1 AS BIGINT) AS split UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6
    UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11
),
firsts AS (
    SELECT
        m.customer_key,
        p.split,
        CAST(SUM(m.items) AS DECIMAL(19, 0)) AS n,
        CAST(SUM(m.delays) AS DECIMAL(19, 0)) AS delays,
        CAST(SUM(m.delays_squared) AS DECIMAL(19, 0)) AS delays_squared
    FROM months AS m
    JOIN splits AS p ON m.month_number < p.split
    GROUP BY m.customer_key, p.split
),
parts AS (
    SELECT
        f.customer_key, f.split, t.n,
        f.n AS n_1, f.delays AS delays_1, f.delays_squared AS delays_squared_1,
        CAST(t.n - f.n AS DECIMAL(19, 0)) AS n_2,
        CAST(t.delays - f.delays AS DECIMAL(19, 0)) AS delays_2,
        CAST(t.delays_squared - f.delays_squared AS DECIMAL(19, 0)) AS delays_squared_2
    FROM firsts AS f
    JOIN totals AS t ON t.customer_key = f.customer_key
    WHERE f.n >= 3 AND t.n - f.n >= 3
),
-- Sums of integers as long as they can be: where the parts are without any variance it comes out as 0.
variances AS (
    SELECT
        customer_key,
        split,
        CAST(n AS DOUBLE) AS n,
        CAST(delays_2 AS DOUBLE) / CAST(n_2 AS DOUBLE) - CAST(delays_1 AS DOUBLE) / CAST(n_1 AS DOUBLE) AS change_days,
        CAST(n_1 AS DOUBLE) * CAST(n_2 AS DOUBLE) / CAST(n AS DOUBLE) AS weight,
        CAST(n_1 * delays_squared_1 - delays_1 * delays_1 AS DOUBLE) / CAST(n_1 AS DOUBLE)
            + CAST(n_2 * delays_squared_2 - delays_2 * delays_2 AS DOUBLE) / CAST(n_2 AS DOUBLE) AS within_parts
    FROM parts
),
statistics AS (
    SELECT
        customer_key,
        split,
        change_days,
        change_days * change_days * weight > 1e-9 AND within_parts <= 1e-9 AS is_exact,
        CASE WHEN within_parts > 1e-9 THEN change_days * change_days * weight / (within_parts / (n - 2.0)) END AS f_statistic
    FROM variances
),
largest AS (
    SELECT customer_key, MAX(CASE WHEN is_exact THEN 1 ELSE 0 END) AS has_exact, MAX(f_statistic) AS f_statistic
    FROM statistics
    GROUP BY customer_key
),
chosen AS (
    SELECT s.customer_key, MIN(s.split) AS split
    FROM statistics AS s
    JOIN largest AS g ON g.customer_key = s.customer_key
    WHERE s.is_exact OR (g.has_exact = 0 AND g.f_statistic >= 12.35 AND s.f_statistic >= g.f_statistic * (1.0 - 1e-9))
    GROUP BY s.customer_key
)
SELECT
    t.customer_key,
    CASE
        WHEN t.n * t.months_squared > t.months * t.months
            THEN CAST(t.n * t.products - t.months * t.delays AS DOUBLE) / CAST(t.n * t.months_squared - t.months * t.months AS DOUBLE)
    END AS trend_days_per_month,
    k.month_index - 11 + c.split AS change_month_index,
    s.change_days,
    s.f_statistic AS change_statistic
FROM totals AS t
JOIN latest AS k ON k.customer_key = t.customer_key
LEFT JOIN chosen AS c ON c.customer_key = t.customer_key
LEFT JOIN statistics AS s ON s.customer_key = c.customer_key AND s.split = c.split
