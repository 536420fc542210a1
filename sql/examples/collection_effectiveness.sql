-- How well do we collect what can be collected, month by month?
SELECT
    period_end,
    ROUND(MAX(CASE WHEN metric = 'collection_effectiveness_index' AND convention = 'standard' THEN value END), 1) AS effectiveness_percent,
    ROUND(MAX(CASE WHEN metric = 'collection_effectiveness_index' AND convention = 'cash_only' THEN value END), 1) AS effectiveness_cash_only_percent,
    ROUND(100 * MAX(CASE WHEN metric = 'collection_rate' AND convention = 'standard' THEN value END), 1) AS collected_of_what_was_due_percent
FROM kpis_latest
WHERE company_id = '(all)' AND scope = 'company' AND time_window = 'month'
    AND metric IN ('collection_effectiveness_index', 'collection_rate')
GROUP BY period_end
ORDER BY period_end DESC
LIMIT 13
