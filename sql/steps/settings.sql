-- settings: the parameters of the run, with what follows from them
-- grain:   one row
-- inputs:  parameters, currencies (currency, minor_digits)
-- columns: as_of, base_currency, history_months, has_disputes, has_promises (were the tables supplied at all?),
--          on_time_grace_days, late_interest_rate (a year, as a share), history_start_date
--          as_of_day, history_start_day: whole days since 1970-01-01: every date is also such a number, so that dates subtract alike in every engine
--          minor_units   minor units in one unit of the base currency (100 for USD, 1 for JPY)
--          minor_units_percent   the hundredth part of that: for what is given in per cent
--          minor_unit    one minor unit, as a part of the unit (0.01 for USD)
-- Rounding to the base minor unit, half away from zero, is written everywhere as
--     CAST(amount * rate_in_minor_units AS DECIMAL(38, 0)) * minor_unit
-- because a cast of a decimal to fewer digits rounds half away from zero in DuckDB and in DataFusion alike.
-- Where both factors would be DECIMAL(18, …) one is widened first: DuckDB keeps such a product in 18 digits and refuses what does not fit.
SELECT
    p.as_of,
    CAST(EXTRACT(EPOCH FROM p.as_of) / 86400.0 AS BIGINT) AS as_of_day,
    p.base_currency,
    p.history_months,
    p.has_disputes,
    p.has_promises,
    p.on_time_grace_days,
    p.late_interest_rate,
    p.history_start_date,
    CAST(EXTRACT(EPOCH FROM p.history_start_date) / 86400.0 AS BIGINT) AS history_start_day,
    CAST(CASE c.minor_digits WHEN 0 THEN 1 WHEN 1 THEN 10 WHEN 2 THEN 100 WHEN 3 THEN 1000 WHEN 4 THEN 10000 END AS DECIMAL(5, 0)) AS minor_units,
    CAST(CASE c.minor_digits WHEN 0 THEN 0.01 WHEN 1 THEN 0.1 WHEN 2 THEN 1 WHEN 3 THEN 10 WHEN 4 THEN 100 END AS DECIMAL(5, 2)) AS minor_units_percent,
    CAST(CASE c.minor_digits WHEN 0 THEN 1.0000 WHEN 1 THEN 0.1000 WHEN 2 THEN 0.0100 WHEN 3 THEN 0.0010 WHEN 4 THEN 0.0001 END AS DECIMAL(5, 4)) AS minor_unit
FROM parameters AS p
JOIN currencies AS c ON c.currency = p.base_currency
