-- late_interest: K23, what interest on the overdue items would come to
-- grain:   scope_id, period_end_day (a customer at as_of)
-- inputs:  scope_balances, period_ends, settings
-- columns: overdue_days_weighted (Σ open × days past due, closing rate), amount = that × rate ÷ 365, rounded half away to the base minor unit
-- The rounding is exact: the DOUBLE quotient is a guess, what it leaves over is computed in decimals and corrects it. In minor units.
WITH fractions AS (
    SELECT
        b.scope_id,
        b.day_number AS period_end_day,
        b.overdue_days_weighted,
        CAST(
            CAST(b.overdue_days_weighted AS DECIMAL(24, 4)) * CAST(CAST(s.late_interest_rate AS DECIMAL(20, 10)) * s.minor_units AS DECIMAL(14, 10))
            AS DECIMAL(38, 14)
        ) AS dividend
    FROM scope_balances AS b
    JOIN period_ends AS p ON p.period_end_day = b.day_number
    CROSS JOIN settings AS s
),
guessed AS (
    SELECT f.*, CAST(FLOOR(CAST(dividend AS DOUBLE) / 365.0) AS DECIMAL(21, 0)) AS guess
    FROM fractions AS f
),
corrected AS (
    SELECT
        scope_id, period_end_day, overdue_days_weighted, dividend,
        guess + CAST(FLOOR(CAST(dividend - guess * 365 AS DOUBLE) / 365.0) AS DECIMAL(21, 0)) AS quotient
    FROM guessed
),
compared AS (
    SELECT c.*, dividend - CAST(quotient AS DECIMAL(21, 0)) * 365 AS remainder
    FROM corrected AS c
)
SELECT
    c.scope_id,
    c.period_end_day,
    c.overdue_days_weighted,
    CAST(CAST(
        CASE
            WHEN 2 * c.remainder >= 1095 THEN c.quotient + 2
            WHEN 2 * c.remainder >= 365 THEN c.quotient + 1
            WHEN 2 * c.remainder < -365 THEN c.quotient - 1
            ELSE c.quotient
        END AS DECIMAL(38, 0)
    ) * s.minor_unit AS DECIMAL(38, 4)) AS amount
FROM compared AS c
CROSS JOIN settings AS s
