-- How many days after the due date does each segment pay: the usual, the slow tenth, the mean?
SELECT
    scope_value AS segment,
    items AS settled_items,
    open_items,
    p10,
    p50 AS median,
    p90,
    ROUND(mean, 1) AS mean,
    ROUND(weighted_mean, 1) AS mean_by_amount,
    reason
FROM payment_delays_latest
WHERE company_id = '(all)' AND scope = 'segment' AND measure = 'delay' AND time_window = 'trailing_12m'
ORDER BY weighted_mean DESC, segment
