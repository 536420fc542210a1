-- settled_spells: from when to when a sale item stood settled
-- grain:   item_key, from_day
-- inputs:  application_pairs, items
-- columns: item_key, label_key, customer_key, document_day, due_day, amount_base (of the item)
--          from_day (visible day on which it reached zero), until_day (exclusive: the item's next day with an application; null: still so)
--          effective_day (the latest of its pairs whose applications up to from_day sum to more than zero)
--          delay (effective_day − due_day; null without a due date), days_to_pay (effective_day − document_day)
--          cash_amount (document currency), cash_base, cash_base_delayed (Σ base × the pair's own delay; 0 without a due date): receipts,
--          visible by from_day    has_cash: the spell is a settled item of K12 to K14 and R5; without cash it is not
-- An invoice that was paid, un-applied and paid again has two spells. Items of amount zero have none.
WITH daily AS (
    SELECT item_key, visible_day, SUM(debit_amount) AS settled
    FROM application_pairs
    GROUP BY item_key, visible_day
),
running AS (
    SELECT
        item_key,
        visible_day AS from_day,
        LEAD(visible_day) OVER (PARTITION BY item_key ORDER BY visible_day) AS until_day,
        SUM(settled) OVER (PARTITION BY item_key ORDER BY visible_day ROWS UNBOUNDED PRECEDING) AS settled
    FROM daily
),
spells AS (
    SELECT r.item_key, r.from_day, r.until_day, i.amount_base
    FROM running AS r
    JOIN items AS i ON i.item_key = r.item_key AND i.amount = r.settled
    WHERE i.amount > 0
),
pairs AS (
    SELECT
        s.item_key, s.from_day, p.credit_item_key, p.label_key, p.customer_key, p.document_day, p.due_day, p.effective_day,
        SUM(p.debit_amount) AS net_amount,
        SUM(CASE WHEN p.credit_document_type = 'receipt' THEN p.debit_amount ELSE 0 END) AS cash_amount,
        SUM(CASE WHEN p.credit_document_type = 'receipt' THEN p.debit_base ELSE 0 END) AS cash_base
    FROM spells AS s
    JOIN application_pairs AS p ON p.item_key = s.item_key AND p.visible_day <= s.from_day
    GROUP BY s.item_key, s.from_day, p.credit_item_key, p.label_key, p.customer_key, p.document_day, p.due_day, p.effective_day
),
summed AS (
    SELECT
        item_key, from_day, label_key, customer_key, document_day, due_day,
        MAX(CASE WHEN net_amount > 0 THEN effective_day END) AS effective_day,
        SUM(cash_amount) AS cash_amount,
        SUM(cash_base) AS cash_base,
        SUM(CAST(cash_base AS DECIMAL(18, 4)) * COALESCE(effective_day - due_day, 0)) AS cash_base_delayed
    FROM pairs
    GROUP BY item_key, from_day, label_key, customer_key, document_day, due_day
)
SELECT
    s.item_key,
    x.label_key,
    x.customer_key,
    x.document_day,
    x.due_day,
    s.amount_base,
    s.from_day,
    s.until_day,
    x.effective_day,
    x.effective_day - x.due_day AS delay,
    x.effective_day - x.document_day AS days_to_pay,
    CAST(x.cash_amount AS DECIMAL(18, 4)) AS cash_amount,
    CAST(x.cash_base AS DECIMAL(18, 4)) AS cash_base,
    CAST(x.cash_base_delayed AS DECIMAL(38, 4)) AS cash_base_delayed,
    x.cash_amount > 0 AS has_cash
FROM spells AS s
JOIN summed AS x ON x.item_key = s.item_key AND x.from_day = s.from_day
