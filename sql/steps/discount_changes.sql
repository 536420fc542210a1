-- discount_changes: what became of the discounts offered, change by change
-- grain:   none (an item that offers a discount has a row on its anchor day, one for each later change, and one for each discount that came late)
-- inputs:  items, application_pairs, settings
-- columns: item_key, label_key, customer_key
--          anchor_day (the discount date, or the document date if later: there the offer counts), change_day (≥ anchor_day)
--          offered_items, offered_amount; taken_items, taken_amount (a discount dated in time is applied); missed_amount (the offer, where not);
--          of taken items with a due date: taken_amount_due, taken_cash_days (Σ cash × days before the due date);
--          of offers with a due date after the discount date: contractual_amount (the offer), contractual_cash_days ((amount − offer) × days);
--          leaked_amount (discounts dated too late, on their visible day). Base currency; later rows hold the difference to what stood before.
-- The values up to a day are those of a window that ends there: a discount taken off again next month leaves this month as it was.
WITH offers AS (
    SELECT
        i.item_key, i.label_key, i.customer_key, i.due_day, i.discount_day,
        GREATEST(i.discount_day, i.document_day) AS anchor_day,
        i.amount_base,
        CAST(
            CAST(
                i.amount_base * CAST(CAST(i.discount_percent AS DECIMAL(20, 12)) * s.minor_units_percent AS DECIMAL(20, 12))
                AS DECIMAL(38, 0)
            ) * s.minor_unit AS DECIMAL(18, 4)
        ) AS offered_amount
    FROM items AS i
    CROSS JOIN settings AS s
    WHERE i.discount_percent > 0
        AND i.discount_day IS NOT NULL
        AND i.document_type IN ('invoice', 'debit_note')
        AND NOT i.is_intercompany
),
money AS (
    SELECT
        o.item_key,
        GREATEST(p.visible_day, o.anchor_day) AS change_day,
        CASE WHEN p.credit_document_type = 'discount' THEN p.debit_amount ELSE 0 END AS discount_document,
        CASE WHEN p.credit_document_type = 'discount' THEN p.debit_base ELSE 0 END AS discount_base,
        CASE WHEN p.credit_document_type = 'receipt' THEN p.debit_base * COALESCE(o.due_day - p.effective_day, 0) ELSE 0 END AS cash_days
    FROM offers AS o
    JOIN application_pairs AS p
        ON p.item_key = o.item_key
        AND (p.credit_document_type = 'receipt' OR (p.credit_document_type = 'discount' AND p.credit_document_day <= o.discount_day))
    UNION ALL
    SELECT item_key, anchor_day, 0, 0, 0
    FROM offers
),
daily AS (
    SELECT
        m.item_key, m.change_day,
        SUM(m.discount_document) AS discount_document, SUM(m.discount_base) AS discount_base, SUM(m.cash_days) AS cash_days
    FROM money AS m
    GROUP BY m.item_key, m.change_day
),
running AS (
    SELECT
        d.item_key, d.change_day,
        SUM(d.discount_document) OVER (PARTITION BY d.item_key ORDER BY d.change_day ROWS UNBOUNDED PRECEDING) AS discount_document,
        SUM(d.discount_base) OVER (PARTITION BY d.item_key ORDER BY d.change_day ROWS UNBOUNDED PRECEDING) AS discount_base,
        SUM(d.cash_days) OVER (PARTITION BY d.item_key ORDER BY d.change_day ROWS UNBOUNDED PRECEDING) AS cash_days
    FROM daily AS d
),
states AS (
    SELECT
        o.item_key, o.label_key, o.customer_key, o.due_day, o.discount_day, o.anchor_day, r.change_day, o.amount_base, o.offered_amount,
        CASE WHEN r.discount_document > 0 THEN 1 ELSE 0 END AS taken_items,
        CASE WHEN r.discount_document > 0 THEN r.discount_base ELSE 0 END AS taken_amount,
        CASE WHEN r.discount_document > 0 THEN 0 ELSE o.offered_amount END AS missed_amount,
        CASE WHEN r.discount_document > 0 AND o.due_day IS NOT NULL THEN r.discount_base ELSE 0 END AS taken_amount_due,
        CASE WHEN r.discount_document > 0 AND o.due_day IS NOT NULL THEN r.cash_days ELSE 0 END AS taken_cash_days
    FROM running AS r
    JOIN offers AS o ON o.item_key = r.item_key
),
followed AS (
    SELECT
        x.*,
        LAG(x.taken_items) OVER (PARTITION BY x.item_key ORDER BY x.change_day) AS taken_items_before,
        LAG(x.taken_amount) OVER (PARTITION BY x.item_key ORDER BY x.change_day) AS taken_amount_before,
        LAG(x.missed_amount) OVER (PARTITION BY x.item_key ORDER BY x.change_day) AS missed_amount_before,
        LAG(x.taken_amount_due) OVER (PARTITION BY x.item_key ORDER BY x.change_day) AS taken_amount_due_before,
        LAG(x.taken_cash_days) OVER (PARTITION BY x.item_key ORDER BY x.change_day) AS taken_cash_days_before
    FROM states AS x
)
SELECT
    item_key, label_key, customer_key, anchor_day, change_day,
    CASE WHEN change_day = anchor_day THEN 1 ELSE 0 END AS offered_items,
    CASE WHEN change_day = anchor_day THEN offered_amount ELSE 0 END AS offered_amount,
    taken_items - COALESCE(taken_items_before, 0) AS taken_items,
    taken_amount - COALESCE(taken_amount_before, 0) AS taken_amount,
    missed_amount - COALESCE(missed_amount_before, 0) AS missed_amount,
    taken_amount_due - COALESCE(taken_amount_due_before, 0) AS taken_amount_due,
    taken_cash_days - COALESCE(taken_cash_days_before, 0) AS taken_cash_days,
    CASE WHEN change_day = anchor_day AND due_day > discount_day THEN offered_amount ELSE 0 END AS contractual_amount,
    CASE
        WHEN change_day = anchor_day AND due_day > discount_day THEN CAST(amount_base - offered_amount AS DECIMAL(18, 4)) * (due_day - discount_day)
        ELSE 0
    END AS contractual_cash_days,
    0 AS leaked_amount
FROM followed
UNION ALL
SELECT o.item_key, o.label_key, o.customer_key, p.visible_day AS anchor_day, p.visible_day AS change_day, 0, 0, 0, 0, 0, 0, 0, 0, 0, p.debit_base
FROM offers AS o
JOIN application_pairs AS p
    ON p.item_key = o.item_key
    AND p.credit_document_type = 'discount'
    AND p.credit_document_day > o.discount_day
