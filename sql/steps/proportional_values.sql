-- proportional_values: the historical value of a part of an item whose base_amount is given
-- grain:   item_key, part_amount (> 0, document currency)
-- inputs:  items, open_intervals, gl_open_items, applications_resolved, disputes_at_dates, settings
-- columns: item_key, part_amount, part_base = base_amount × part ÷ amount, rounded half away from zero to the base minor unit
-- The quotient must be exact and a division of decimals is not, in any engine. So it is guessed in DOUBLE and then corrected by what the
-- guess leaves over, which is exact: after two guesses the remainder lies within one divisor, and comparing it with half a divisor rounds.
-- Both base_amount and amount are ≥ 0. All in minor units of the base currency.
WITH parts AS (
    SELECT i.item_key, o.open_amount AS part_amount
    FROM open_intervals AS o
    JOIN items AS i ON i.item_key = o.item_key
    WHERE i.base_amount IS NOT NULL
    UNION
    SELECT i.item_key, o.open_amount
    FROM gl_open_items AS o
    JOIN items AS i ON i.item_key = o.item_key
    WHERE i.base_amount IS NOT NULL
    UNION
    SELECT i.item_key, ABS(a.debit_amount)
    FROM applications_resolved AS a
    JOIN items AS i ON i.item_key = a.debit_item_key
    WHERE i.base_amount IS NOT NULL
    UNION
    SELECT i.item_key, ABS(a.credit_amount)
    FROM applications_resolved AS a
    JOIN items AS i ON i.item_key = a.credit_item_key
    WHERE i.base_amount IS NOT NULL
    UNION
    SELECT i.item_key, CAST(d.claimed_amount AS DECIMAL(18, 4))
    FROM disputes_at_dates AS d
    JOIN items AS i ON i.item_key = d.item_key AND i.amount > d.claimed_amount
    WHERE i.base_amount IS NOT NULL AND d.claimed_amount > 0
),
fractions AS (
    SELECT
        p.item_key,
        p.part_amount,
        CAST(i.base_amount AS DECIMAL(19, 4)) * CAST(p.part_amount AS DECIMAL(19, 4)) * s.minor_units AS dividend,
        CAST(i.amount AS DECIMAL(19, 4)) AS divisor
    FROM parts AS p
    JOIN items AS i ON i.item_key = p.item_key
    CROSS JOIN settings AS s
    WHERE i.amount <> 0
),
guessed AS (
    SELECT f.*, CAST(FLOOR(CAST(dividend AS DOUBLE) / CAST(divisor AS DOUBLE)) AS DECIMAL(19, 0)) AS guess
    FROM fractions AS f
),
corrected AS (
    SELECT
        item_key, part_amount, dividend, divisor,
        guess + CAST(FLOOR(CAST(dividend - guess * divisor AS DOUBLE) / CAST(divisor AS DOUBLE)) AS DECIMAL(19, 0)) AS quotient
    FROM guessed
),
compared AS (
    SELECT c.*, CAST(quotient AS DECIMAL(19, 0)) * divisor AS covered
    FROM corrected AS c
)
SELECT
    c.item_key,
    c.part_amount,
    CAST(CAST(
        CASE
            WHEN 2 * (c.dividend - c.covered) >= 3 * c.divisor THEN c.quotient + 2
            WHEN 2 * (c.dividend - c.covered) >= c.divisor THEN c.quotient + 1
            WHEN 2 * (c.dividend - c.covered) < -1 * c.divisor THEN c.quotient - 1
            ELSE c.quotient
        END AS DECIMAL(38, 0)
    ) * s.minor_unit AS DECIMAL(18, 4)) AS part_base
FROM compared AS c
CROSS JOIN settings AS s
