-- Which open invoices will most likely be paid more than 30 days late, and what speaks for it?
-- may be empty
SELECT
    f.company_id,
    f.document_id,
    f.item_no,
    o.customer_name,
    f.due_date,
    o.open_amount_base,
    ROUND(100 * f.late_30_probability, 1) AS more_than_30_days_late_percent,
    f.expected_date,
    f.paid_date_p90 AS paid_by_with_90_percent,
    f.driver_1,
    ROUND(f.driver_1_effect, 2) AS driver_1_effect,
    f.driver_2,
    ROUND(f.driver_2_effect, 2) AS driver_2_effect,
    f.driver_3,
    ROUND(f.driver_3_effect, 2) AS driver_3_effect,
    f.tier
FROM invoice_forecasts_latest AS f
JOIN open_items_latest AS o ON o.company_id = f.company_id AND o.document_id = f.document_id AND o.item_no = f.item_no
-- Of what is more than 30 days past due already nothing is left to say.
WHERE o.days_past_due <= 30 AND f.late_30_probability IS NOT NULL
ORDER BY f.late_30_probability DESC, o.open_amount_base DESC, f.document_id, f.item_no
LIMIT 25
