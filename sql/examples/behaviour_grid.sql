-- How do large, medium and small customers pay, and how much do they owe?
SELECT
    size,
    behaviour,
    SUM(customers) AS customers,
    SUM(sales_12m) AS sales_12m,
    SUM(net_amount_base) AS net_amount_base,
    SUM(overdue_amount_base) AS overdue_amount_base
FROM behaviour_grid_latest
GROUP BY size, behaviour
ORDER BY CASE size WHEN 'large' THEN 1 WHEN 'medium' THEN 2 WHEN 'small' THEN 3 ELSE 4 END, overdue_amount_base DESC, behaviour
