-- Whose way of paying is worse than late but steady: at risk, deteriorating, or erratic?
SELECT
    b.company_id,
    b.customer_id,
    b.customer_name,
    b.size,
    b.behaviour,
    b.behaviour_now,
    ROUND(b.mean_delay, 1) AS mean_delay_days,
    ROUND(b.trend_days_per_month, 1) AS trend_days_per_month,
    COALESCE(SUM(p.overdue_amount_base), 0) AS overdue_amount_base
FROM customer_behaviour_latest AS b
LEFT JOIN customer_positions_latest AS p ON p.company_id = b.company_id AND p.customer_id = b.customer_id
WHERE b.behaviour IN ('at_risk', 'deteriorating', 'erratic')
GROUP BY b.company_id, b.customer_id, b.customer_name, b.size, b.behaviour, b.behaviour_now, b.mean_delay, b.trend_days_per_month
ORDER BY overdue_amount_base DESC, b.company_id, b.customer_id
