-- gl_tie_out: the sub-ledger beside the control account of the general ledger, and what lies between them
-- grain:   company_id, balance_date, account, line
-- inputs:  gl_balances, gl_days, gl_open_items, book_documents, items, proportional_values, application_values, applications, over_applied, settings
-- columns: the key; amount (base currency); row_count (documents or applications behind it; null where there are none)
-- difference = sub_ledger − control_account = the other lines. Where it is 0 there is nothing to itemise, and they are 0.
-- Candidates in full: recorded_later and left_out_documents are what the general ledger had or had not, dated_later with the sign reversed.
WITH open_values AS (
    SELECT
        o.company_id, o.balance_day, o.item_key,
        i.side_sign,
        i.amount_base,
        i.base_amount IS NOT NULL OR i.currency <> s.base_currency AS is_converted,
        CASE
            WHEN i.base_amount IS NOT NULL THEN p.part_base
            WHEN i.currency = s.base_currency THEN o.open_amount
            ELSE CAST(CAST(o.open_amount * i.document_rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
        END AS open_base
    FROM gl_open_items AS o
    JOIN items AS i ON i.item_key = o.item_key
    CROSS JOIN settings AS s
    LEFT JOIN proportional_values AS p ON p.item_key = o.item_key AND p.part_amount = o.open_amount
),
slices AS (
    SELECT debit_item_key AS item_key, visible_day, debit_base AS part_base FROM application_values
    UNION ALL
    SELECT credit_item_key, visible_day, credit_base FROM application_values
),
applied AS (
    SELECT o.balance_day, o.item_key, SUM(x.part_base) AS applied_base
    FROM open_values AS o
    JOIN slices AS x ON x.item_key = o.item_key AND x.visible_day <= o.balance_day
    WHERE o.is_converted
    GROUP BY o.balance_day, o.item_key
),
open_items AS (
    SELECT
        o.company_id, o.balance_day,
        o.side_sign * o.open_base AS open_base,
        CASE WHEN o.is_converted THEN o.side_sign * (o.open_base - (o.amount_base - COALESCE(a.applied_base, 0))) ELSE 0 END AS rounding
    FROM open_values AS o
    LEFT JOIN applied AS a ON a.balance_day = o.balance_day AND a.item_key = o.item_key
    WHERE o.open_base <> 0
),
refused AS (
    SELECT a.company_id
    FROM applications AS a
    LEFT JOIN book_documents AS d
        ON d.company_id = a.company_id AND d.document_id = a.debit_document_id AND d.item_no = a.debit_item_no AND d.has_rate
    LEFT JOIN book_documents AS c
        ON c.company_id = a.company_id AND c.document_id = a.credit_document_id AND c.item_no = a.credit_item_no AND c.has_rate
    WHERE a.company_id IN (SELECT company_id FROM gl_days)
        AND NOT COALESCE(d.side = 'debit' AND c.side = 'credit' AND (d.currency = c.currency OR a.credit_amount IS NOT NULL), FALSE)
    UNION ALL
    SELECT SPLIT_PART(o.record_key, '/', 1) FROM over_applied AS o
),
found AS (
    SELECT company_id, balance_day, 'sub_ledger' AS line, CAST(open_base AS DECIMAL(38, 4)) AS amount FROM open_items
    UNION ALL
    SELECT company_id, balance_day, 'fx_rounding', CAST(rounding AS DECIMAL(38, 4)) FROM open_items WHERE rounding <> 0
    UNION ALL
    SELECT g.company_id, g.balance_day, 'recorded_later', CAST(d.side_sign * d.amount_base AS DECIMAL(38, 4))
    FROM gl_days AS g
    JOIN book_documents AS d ON d.company_id = g.company_id AND d.document_day <= g.balance_day AND d.recorded_day > g.balance_day
    WHERE d.has_rate
    UNION ALL
    SELECT g.company_id, g.balance_day, 'dated_later', CAST(-d.side_sign * d.amount_base AS DECIMAL(38, 4))
    FROM gl_days AS g
    JOIN book_documents AS d ON d.company_id = g.company_id AND d.document_day > g.balance_day AND d.recorded_day <= g.balance_day
    WHERE d.has_rate
    UNION ALL
    SELECT g.company_id, g.balance_day, 'left_out_documents', CAST(-d.side_sign * d.booked_base AS DECIMAL(38, 4))
    FROM gl_days AS g
    JOIN book_documents AS d ON d.company_id = g.company_id AND d.document_day <= g.balance_day
    WHERE NOT d.has_rate
    UNION ALL
    SELECT g.company_id, g.balance_day, 'left_out_applications', CAST(0 AS DECIMAL(38, 4))
    FROM gl_days AS g
    JOIN refused AS r ON r.company_id = g.company_id
),
sums AS (
    SELECT company_id, balance_day, line, SUM(amount) AS amount, COUNT(*) AS row_count
    FROM found
    GROUP BY company_id, balance_day, line
),
differences AS (
    SELECT g.company_id, g.balance_date, g.balance_day, g.account, g.control_amount, COALESCE(l.amount, 0) - g.control_amount AS amount
    FROM gl_days AS g
    LEFT JOIN sums AS l ON l.company_id = g.company_id AND l.balance_day = g.balance_day AND l.line = 'sub_ledger'
),
line_names AS (
    SELECT 'sub_ledger' AS line
    UNION ALL SELECT 'fx_rounding'
    UNION ALL SELECT 'recorded_later'
    UNION ALL SELECT 'dated_later'
    UNION ALL SELECT 'left_out_documents'
    UNION ALL SELECT 'left_out_applications'
),
itemised AS (
    SELECT
        d.company_id, d.balance_date, d.account, n.line,
        CASE WHEN n.line <> 'sub_ledger' AND d.amount = 0 THEN 0 ELSE COALESCE(l.amount, 0) END AS amount,
        CASE WHEN n.line <> 'sub_ledger' AND d.amount = 0 THEN 0 ELSE COALESCE(l.row_count, 0) END AS row_count
    FROM differences AS d
    CROSS JOIN line_names AS n
    LEFT JOIN sums AS l ON l.company_id = d.company_id AND l.balance_day = d.balance_day AND l.line = n.line
),
explained AS (
    SELECT company_id, balance_date, SUM(amount) AS amount
    FROM itemised
    WHERE line <> 'sub_ledger'
    GROUP BY company_id, balance_date
),
lines AS (
    SELECT company_id, balance_date, account, line, amount, row_count FROM itemised
    UNION ALL
    SELECT company_id, balance_date, account, 'control_account', control_amount, NULL FROM differences
    UNION ALL
    SELECT company_id, balance_date, account, 'difference', amount, NULL FROM differences
    UNION ALL
    SELECT d.company_id, d.balance_date, d.account, 'unexplained', d.amount - e.amount, NULL
    FROM differences AS d
    JOIN explained AS e ON e.company_id = d.company_id AND e.balance_date = d.balance_date
    UNION ALL
    SELECT b.company_id, b.balance_date, b.account, 'control_account', b.amount, NULL
    FROM gl_balances AS b
    JOIN gl_days AS g ON g.company_id = b.company_id AND g.balance_date = b.balance_date AND g.account_count > 1
)
SELECT company_id, balance_date, account, line, CAST(amount AS DECIMAL(38, 4)) AS amount, CAST(row_count AS BIGINT) AS row_count
FROM lines
