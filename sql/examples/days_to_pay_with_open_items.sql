-- How many days does payment take when the invoices that are still open are counted too, instead of left out?
SELECT
    scope_value AS country,
    items AS settled_items,
    open_items,
    p50 AS median_of_settled,
    censored_p50 AS median_with_open,
    p90 AS p90_of_settled,
    censored_p90 AS p90_with_open,
    censored_reason
FROM payment_delays_latest
WHERE company_id = '(all)' AND scope = 'country' AND measure = 'days_to_pay' AND time_window = 'trailing_12m'
ORDER BY median_with_open DESC, country
