-- behaviour_grid: customers, what they buy and what they owe, by size and payment behaviour
-- grain:      company_id, size, behaviour: only cells with customers
-- parameters: as_of
-- inputs:     customer_behaviour, customer_positions (published marts)
-- columns:    customers, sales_12m, net_amount_base, overdue_amount_base (at as_of, closing rate; 0 for a customer that owes nothing)
WITH positions AS (
    SELECT company_id, customer_id, SUM(net_amount_base) AS net_amount_base, SUM(overdue_amount_base) AS overdue_amount_base
    FROM customer_positions
    GROUP BY company_id, customer_id
)
SELECT
    b.company_id,
    b.size,
    b.behaviour,
    COUNT(*) AS customers,
    CAST(SUM(b.sales_12m) AS DECIMAL(38, 4)) AS sales_12m,
    CAST(SUM(COALESCE(p.net_amount_base, 0)) AS DECIMAL(38, 4)) AS net_amount_base,
    CAST(SUM(COALESCE(p.overdue_amount_base, 0)) AS DECIMAL(38, 4)) AS overdue_amount_base
FROM customer_behaviour AS b
LEFT JOIN positions AS p ON p.company_id = b.company_id AND p.customer_id = b.customer_id
GROUP BY b.company_id, b.size, b.behaviour
ORDER BY b.company_id, b.size, b.behaviour
