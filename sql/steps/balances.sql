-- balances: every open item on every balance date
-- grain:   item_key, day_number
-- inputs:  interval_values, balance_dates, rates_daily, dispute_values, settings
-- columns: item_key, label_key, customer_key, side_sign, is_sale (invoice or debit note), day_number, is_period_end,
--          open_amount (document currency), closing_base (at that day's rate), historical_base (at the document's),
--          disputed_amount, disputed_base (closing), disputed_historical; all ≥ 0: side_sign tells debit from credit
--          days_past_due (day − due date; null without a due date and on credits), age_days (day − document date)
WITH valued AS (
    SELECT
        o.item_key,
        o.label_key,
        o.customer_key,
        o.side_sign,
        o.is_sale,
        o.in_base_currency,
        o.due_day,
        o.document_day,
        b.day_number,
        b.is_period_end,
        r.rate_minor,
        o.open_amount,
        CASE
            WHEN o.in_base_currency THEN o.open_amount
            ELSE CAST(CAST(o.open_amount * r.rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
        END AS closing_base,
        o.historical_base,
        CASE
            WHEN d.item_key IS NULL THEN CAST(0 AS DECIMAL(18, 4))
            WHEN d.whole_disputes > 0 OR d.claimed_amount >= o.open_amount THEN o.open_amount
            ELSE CAST(d.claimed_amount AS DECIMAL(18, 4))
        END AS disputed_amount,
        d.claimed_historical
    FROM interval_values AS o
    JOIN balance_dates AS b ON b.day_number >= o.from_day AND b.day_number < COALESCE(o.until_day, 99999999)
    JOIN rates_daily AS r ON r.currency = o.currency AND r.day_number = b.day_number
    CROSS JOIN settings AS s
    LEFT JOIN dispute_values AS d ON d.item_key = o.item_key AND d.day_number = b.day_number
)
SELECT
    v.item_key,
    v.label_key,
    v.customer_key,
    v.side_sign,
    v.is_sale,
    v.day_number,
    v.is_period_end,
    v.open_amount,
    v.closing_base,
    v.historical_base,
    v.disputed_amount,
    CASE
        WHEN v.disputed_amount = v.open_amount THEN v.closing_base
        WHEN v.in_base_currency THEN v.disputed_amount
        ELSE CAST(CAST(v.disputed_amount * v.rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END AS disputed_base,
    CASE
        WHEN v.disputed_amount = 0 THEN CAST(0 AS DECIMAL(18, 4))
        WHEN v.disputed_amount = v.open_amount THEN v.historical_base
        ELSE v.claimed_historical
    END AS disputed_historical,
    CASE WHEN v.side_sign = 1 THEN v.day_number - v.due_day END AS days_past_due,
    v.day_number - v.document_day AS age_days
FROM valued AS v
CROSS JOIN settings AS s
