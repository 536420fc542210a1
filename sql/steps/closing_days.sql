-- closing_days: with which balance date each day is closed
-- grain:   day_number (days up to as_of)
-- inputs:  calendar_days, balance_dates
-- columns: day_number, closing_day (the first balance date on or after it)
-- Every window begins after a balance date and ends on one, so that facts may be summed up to their closing day before any window is
-- looked at.
SELECT c.day_number, MIN(b.day_number) AS closing_day
FROM calendar_days AS c
JOIN balance_dates AS b ON b.day_number >= c.day_number
GROUP BY c.day_number
