-- What do customers no longer have in common with those that the risk model was fitted on?
-- may be empty
SELECT
    kind,
    name,
    is_on_card,
    verdict,
    ROUND(stability_index, 3) AS stability_index,
    ROUND(index_by_chance, 3) AS by_chance,
    moved_most,
    ROUND(100 * moved_most_share_then, 1) AS then_percent,
    ROUND(100 * moved_most_share_now, 1) AS now_percent,
    ROUND(100 * missing_share_then, 1) AS missing_then_percent,
    ROUND(100 * missing_share_now, 1) AS missing_now_percent
FROM risk_drift_latest
WHERE verdict <> 'too_few'
ORDER BY stability_index DESC, kind, name
