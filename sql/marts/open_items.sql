-- open_items: every open item at as_of
-- grain:      company_id, document_id, item_no
-- parameters: as_of, base_currency, has_disputes
-- inputs:     balances, items, settings
-- columns:    amount as in the document (≥ 0); open_amount (document currency), open_amount_base (closing rate),
--             open_amount_base_historical (document's rate): negative on credits
--             days_past_due (null without a due date and on credits), document_age_days, bucket (by due date)
--             disputed_amount, disputed_amount_base (closing): 0 when nothing is disputed, null when no disputes were supplied
SELECT
    i.company_id,
    i.document_id,
    i.item_no,
    i.document_type,
    i.side,
    i.customer_id,
    i.currency,
    i.document_date,
    i.due_date,
    i.payment_terms,
    i.account_manager,
    i.amount,
    CAST(b.side_sign * b.open_amount AS DECIMAL(18, 4)) AS open_amount,
    CAST(b.side_sign * b.closing_base AS DECIMAL(18, 4)) AS open_amount_base,
    CAST(b.side_sign * b.historical_base AS DECIMAL(18, 4)) AS open_amount_base_historical,
    b.days_past_due,
    b.age_days AS document_age_days,
    CASE
        WHEN b.side_sign = -1 THEN 'unapplied'
        WHEN b.days_past_due IS NULL THEN 'no_due_date'
        WHEN b.days_past_due <= 0 THEN 'not_due'
        WHEN b.days_past_due <= 30 THEN '1_30'
        WHEN b.days_past_due <= 60 THEN '31_60'
        WHEN b.days_past_due <= 90 THEN '61_90'
        WHEN b.days_past_due <= 120 THEN '91_120'
        ELSE 'over_120'
    END AS bucket,
    CASE WHEN s.has_disputes THEN b.disputed_amount END AS disputed_amount,
    CASE WHEN s.has_disputes THEN b.disputed_base END AS disputed_amount_base
FROM balances AS b
JOIN settings AS s ON b.day_number = s.as_of_day
JOIN items AS i ON i.item_key = b.item_key
ORDER BY i.company_id, i.document_id, i.item_no
