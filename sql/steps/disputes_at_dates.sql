-- disputes_at_dates: what is disputed of an item on each balance date, before it is capped at what is open
-- grain:   item_key, day_number
-- inputs:  disputes (current versions), items, balance_dates
-- columns: item_key, day_number, whole_disputes (disputes without an amount: all that is open), claimed_amount (Σ of the amounts given)
-- Disputed at t: opened ≤ t < closed. Disputes on credits are ignored.
SELECT
    i.item_key,
    b.day_number,
    SUM(CASE WHEN d.amount IS NULL THEN 1 ELSE 0 END) AS whole_disputes,
    CAST(COALESCE(SUM(d.amount), 0) AS DECIMAL(38, 4)) AS claimed_amount
FROM disputes AS d
JOIN items AS i ON i.company_id = d.company_id AND i.document_id = d.document_id AND i.item_no = d.item_no
JOIN balance_dates AS b
    ON b.day_number >= CAST(EXTRACT(EPOCH FROM d.opened_date) / 86400.0 AS BIGINT)
    AND b.day_number < COALESCE(CAST(EXTRACT(EPOCH FROM d.closed_date) / 86400.0 AS BIGINT), 99999999)
WHERE i.side = 'debit'
GROUP BY i.item_key, b.day_number
