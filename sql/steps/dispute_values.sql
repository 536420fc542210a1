-- dispute_values: what is claimed of an item on each balance date, with its historical value
-- grain:   item_key, day_number
-- inputs:  disputes_at_dates, items, proportional_values, settings
-- columns: those of disputes_at_dates, and claimed_historical (base currency; null when the claim is not less than the item's amount)
SELECT
    d.item_key,
    d.day_number,
    d.whole_disputes,
    d.claimed_amount,
    CASE
        WHEN d.claimed_amount = 0 THEN CAST(0 AS DECIMAL(18, 4))
        WHEN d.claimed_amount >= i.amount THEN NULL
        WHEN i.base_amount IS NOT NULL THEN p.part_base
        WHEN i.currency = s.base_currency THEN CAST(d.claimed_amount AS DECIMAL(18, 4))
        ELSE CAST(CAST(CAST(d.claimed_amount AS DECIMAL(18, 4)) * i.document_rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
    END AS claimed_historical
FROM disputes_at_dates AS d
JOIN items AS i ON i.item_key = d.item_key
CROSS JOIN settings AS s
LEFT JOIN proportional_values AS p ON p.item_key = d.item_key AND p.part_amount = d.claimed_amount
