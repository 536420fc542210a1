-- How does what is due become what is expected of the open items, in each of the next 13 weeks?
SELECT
    horizon AS week,
    period_start,
    period_end,
    SUM(CASE WHEN line = 'due_date_view' THEN amount END) AS due,
    SUM(CASE WHEN line = 'unapplied_credits' THEN amount END) AS paid_by_unapplied_credits,
    SUM(CASE WHEN line = 'not_cash' THEN amount END) AS credited_or_written_off,
    SUM(CASE WHEN line = 'timing' THEN amount END) AS paid_later_or_earlier,
    SUM(CASE WHEN line = 'promises' THEN amount END) AS moved_by_promises,
    SUM(CASE WHEN line = 'expected' THEN amount END) AS expected
FROM cash_bridge_latest
WHERE company_id = '(all)' AND basis = 'base' AND horizon <= 13
GROUP BY horizon, period_start, period_end
ORDER BY week
