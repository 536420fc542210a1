-- item_exits: how long each sale has been watched, and how that ended
-- grain:   item_key: invoices and debit notes of an amount > 0, not intercompany's
-- inputs:  items, application_pairs, settled_spells, settings
-- columns: item_key, label_key, customer_key, document_day, has_due_date, amount_base
--          entry_age (days since the document date: watched on the ages after it; −1 from the beginning; later where history_start_date cuts)
--          exit_age (effective day of the settlement, or as_of, less the document day)
--          cause (cash, credit, write_off: the kind with the largest historical value of its applications, in this order where equal;
--          null: open at as_of)    is_watched: exit_age > entry_age
-- Settled at as_of is what stands in a spell that has not ended.
WITH causes AS (
    SELECT
        p.item_key,
        s.effective_day,
        SUM(CASE WHEN p.kind = 'cash' THEN p.debit_base ELSE 0 END) AS cash,
        SUM(CASE WHEN p.kind = 'credit' THEN p.debit_base ELSE 0 END) AS credit,
        SUM(CASE WHEN p.kind = 'write_off' THEN p.debit_base ELSE 0 END) AS write_off
    FROM application_pairs AS p
    JOIN settled_spells AS s ON s.item_key = p.item_key
    WHERE s.until_day IS NULL
    GROUP BY p.item_key, s.effective_day
),
ages AS (
    SELECT
        i.item_key,
        i.label_key,
        i.customer_key,
        i.document_day,
        i.due_day IS NOT NULL AS has_due_date,
        i.amount_base,
        CASE WHEN i.document_day < s.history_start_day THEN s.history_start_day - i.document_day ELSE -1 END AS entry_age,
        COALESCE(c.effective_day, s.as_of_day) - i.document_day AS exit_age,
        CASE
            WHEN c.item_key IS NULL THEN NULL
            WHEN c.cash >= c.credit AND c.cash >= c.write_off THEN 'cash'
            WHEN c.credit >= c.write_off THEN 'credit'
            ELSE 'write_off'
        END AS cause
    FROM items AS i
    CROSS JOIN settings AS s
    LEFT JOIN causes AS c ON c.item_key = i.item_key
    WHERE i.document_type IN ('invoice', 'debit_note') AND NOT i.is_intercompany AND i.amount > 0
)
SELECT a.*, a.exit_age > a.entry_age AS is_watched
FROM ages AS a
