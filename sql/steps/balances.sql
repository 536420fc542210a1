-- balances: every open item on every balance date
-- grain:   item_key, day_number
-- inputs:  open_intervals, balance_dates, items, rates_daily, proportional_values, disputes_at_dates, settings
-- columns: item_key, label_key, customer_key, side_sign, day_number, is_period_end,
--          open_amount (document currency), closing_base (at that day's rate), historical_base (at the document's),
--          disputed_amount, disputed_base (closing); all ≥ 0: side_sign tells debit from credit
--          days_past_due (day − due date; null without a due date and on credits), age_days (day − document date)
WITH open_items_at_dates AS (
    SELECT o.item_key, b.day_number, b.is_period_end, o.open_amount
    FROM open_intervals AS o
    JOIN balance_dates AS b ON b.day_number >= o.from_day AND b.day_number < COALESCE(o.until_day, 99999999)
),
valued AS (
    SELECT
        o.item_key,
        i.label_key,
        i.customer_key,
        i.side_sign,
        i.currency = s.base_currency AS in_base_currency,
        r.rate_minor,
        s.minor_unit,
        o.day_number,
        o.is_period_end,
        o.open_amount,
        CASE
            WHEN i.currency = s.base_currency THEN o.open_amount
            ELSE CAST(CAST(o.open_amount * r.rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
        END AS closing_base,
        CASE
            WHEN i.base_amount IS NOT NULL THEN p.part_base
            WHEN i.currency = s.base_currency THEN o.open_amount
            ELSE CAST(CAST(o.open_amount * i.document_rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
        END AS historical_base,
        CASE
            WHEN d.item_key IS NULL THEN CAST(0 AS DECIMAL(18, 4))
            WHEN d.whole_disputes > 0 OR d.claimed_amount >= o.open_amount THEN o.open_amount
            ELSE CAST(d.claimed_amount AS DECIMAL(18, 4))
        END AS disputed_amount,
        CASE WHEN i.side_sign = 1 THEN o.day_number - i.due_day END AS days_past_due,
        o.day_number - i.document_day AS age_days
    FROM open_items_at_dates AS o
    CROSS JOIN settings AS s
    JOIN items AS i ON i.item_key = o.item_key
    JOIN rates_daily AS r ON r.currency = i.currency AND r.day_number = o.day_number
    LEFT JOIN proportional_values AS p ON p.item_key = o.item_key AND p.part_amount = o.open_amount
    LEFT JOIN disputes_at_dates AS d ON d.item_key = o.item_key AND d.day_number = o.day_number
)
SELECT
    item_key, label_key, customer_key, side_sign, day_number, is_period_end,
    open_amount, closing_base, historical_base, disputed_amount,
    CASE
        WHEN disputed_amount = open_amount THEN closing_base
        WHEN in_base_currency THEN disputed_amount
        ELSE CAST(CAST(disputed_amount * rate_minor AS DECIMAL(38, 0)) * minor_unit AS DECIMAL(18, 4))
    END AS disputed_base,
    days_past_due,
    age_days
FROM valued
