-- Which customers owe most and are likeliest to default, and why?
SELECT
    customer_name,
    customer_id,
    grade,
    previous_grade,
    pd,
    pd_upper,
    open_amount_base,
    overdue_amount_base,
    reason_1,
    reason_1_points,
    reason_2
FROM customer_scores_latest
WHERE grade <> 'default'
    AND open_amount_base > 0
ORDER BY pd * CAST(open_amount_base AS DOUBLE) DESC, company_id, customer_id
LIMIT 25
