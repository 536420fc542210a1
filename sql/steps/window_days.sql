-- window_days: which closing days lie in each window
-- grain:   period_end_day, time_window, closing_day
-- inputs:  windows, balance_dates
-- columns: period_end_day, time_window, closing_day
-- For facts that cannot be older than the scope's first invoice or debit note: no shortening makes a difference to them.
SELECT w.period_end_day, w.time_window, b.day_number AS closing_day
FROM windows AS w
JOIN balance_dates AS b ON b.day_number > w.begin_day AND b.day_number <= w.period_end_day
