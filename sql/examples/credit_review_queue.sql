-- Which credit limits should be looked at first, what may be lost there, and what limit do the rules propose?
-- may be empty
SELECT
    queue_rank,
    company_id,
    customer_id,
    customer_name,
    grade,
    ROUND(100 * pd, 2) AS pd_percent,
    exposure_at_default_base,
    expected_loss_base,
    credit_limit_base,
    ROUND(100 * utilisation, 1) AS utilisation_percent,
    proposed_limit_base,
    binding_rule,
    review_date,
    triggers,
    override_by,
    override_reason
FROM credit_reviews_latest
ORDER BY queue_rank
LIMIT 25
