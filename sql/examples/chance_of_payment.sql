-- An invoice is open after 30, 60, 90 … days: how likely is it paid within the next 30, and does that differ by segment?
SELECT
    scope_value AS segment,
    age AS open_after_days,
    ROUND(100 * probability, 1) AS paid_within_next_30_days_percent,
    from_scope,
    reason
FROM conditional_curves_latest
WHERE company_id = '(all)' AND scope = 'segment' AND weighting = 'items' AND horizon = 30
ORDER BY segment, age
