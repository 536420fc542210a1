-- Which customers are over their credit limit, or have used more than 80 % of it?
-- may be empty
SELECT
    company_id,
    customer_id,
    customer_name,
    MAX(credit_limit) AS credit_limit,
    MAX(credit_limit_currency) AS credit_limit_currency,
    SUM(net_amount_base) AS net_amount_base,
    ROUND(100 * MAX(utilisation), 1) AS utilisation_percent,
    SUM(overdue_amount_base) AS overdue_amount_base
FROM customer_positions_latest
WHERE utilisation > 0.8
GROUP BY company_id, customer_id, customer_name
ORDER BY utilisation_percent DESC, company_id, customer_id
