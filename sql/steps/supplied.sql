-- supplied: which optional parts of the ledger are there at all
-- grain:   one row
-- inputs:  settings, items
-- columns: has_disputes, has_promises (the tables), has_discount_terms (some item has a discount percent and a discount date),
--          has_delivery_dates (some item has one)
-- What is not there gives not_supplied, which is not the same as none.
WITH seen AS (
    SELECT
        MAX(CASE WHEN discount_percent IS NOT NULL AND discount_day IS NOT NULL THEN 1 ELSE 0 END) AS discount_terms,
        MAX(CASE WHEN delivery_day IS NOT NULL THEN 1 ELSE 0 END) AS delivery_dates
    FROM items
)
SELECT
    s.has_disputes,
    s.has_promises,
    COALESCE(x.discount_terms, 0) = 1 AS has_discount_terms,
    COALESCE(x.delivery_dates, 0) = 1 AS has_delivery_dates
FROM settings AS s
CROSS JOIN seen AS x
