-- What is the score of the riskiest customer made of?
SELECT
    p.customer_id,
    p.characteristic,
    p.characteristic_value,
    p.points,
    p.best_points,
    p.is_reason,
    s.score
FROM score_points_latest AS p
JOIN customer_scores_latest AS s
    ON s.company_id = p.company_id AND s.customer_id = p.customer_id
WHERE s.score = (SELECT MIN(score) FROM customer_scores_latest)
ORDER BY p.customer_id, p.points - p.best_points, p.characteristic
