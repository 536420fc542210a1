-- Were people right where they decided otherwise than the model, and who decided?
-- may be empty
SELECT
    made_by,
    kind,
    direction,
    COUNT(*) AS decisions,
    SUM(CASE WHEN is_defaulted THEN 1 ELSE 0 END) AS defaulted,
    ROUND(100.0 * SUM(CASE WHEN is_defaulted THEN 1 ELSE 0 END) / COUNT(*), 1) AS defaulted_percent,
    -- What the model expected of the same customers.
    ROUND(100 * AVG(model_pd), 1) AS expected_percent
FROM override_outcomes_latest
WHERE verdict IS NOT NULL
GROUP BY made_by, kind, direction
ORDER BY made_by, kind, direction
