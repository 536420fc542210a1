-- roll_forward: from the receivable of one month end to that of the next, line by line
-- grain:      company_id, scope (company, currency, customer), scope_value, period_end, line
-- parameters: as_of, base_currency, history_months
-- inputs:     items, application_values, scopes, label_scopes, scope_balances, period_ends, calendar_days, settings
-- columns:    amount (base currency), from the month end before (exclusive) to period_end
--             opening, closing: AR at their own closing rates            the document types: + debit, − credit, historical rate
--             transfer: applications that join two customers (scope customer), two currencies (scope currency) or an intercompany customer's
--                 item (any scope): + the credit side's value in its row, − the debit side's in its row
--             realised_fx: what closes the historical balance (so it holds the rounding of applications)
--             unrealised_fx: the change of closing less historical balance
--             residual: closing − opening − all other lines: 0, or the ledger does not add up
-- opening, closing and residual are always there, the other lines only when not 0. Customers at as_of only.
WITH members AS (
    SELECT l.label_key, l.scope_id, l.scope
    FROM label_scopes AS l
    WHERE l.scope IN ('company', 'currency')
    UNION ALL
    SELECT l.label_key, l.all_scope_id, l.scope
    FROM label_scopes AS l
    WHERE l.scope IN ('company', 'currency')
),
documents_by_month AS (
    SELECT i.label_key, c.month_index, i.document_type AS line, SUM(i.side_sign * i.amount_base) AS amount
    FROM items AS i
    JOIN calendar_days AS c ON c.day_number = i.document_day
    WHERE NOT i.is_intercompany
    GROUP BY i.label_key, c.month_index, i.document_type
),
crossings AS (
    SELECT
        a.month_index, a.debit_label_key, a.debit_customer_key, a.debit_is_intercompany, a.debit_base,
        a.credit_label_key, a.credit_customer_key, a.credit_is_intercompany, a.credit_base,
        a.differs_in_customer, a.differs_in_currency,
        a.debit_is_intercompany <> a.credit_is_intercompany AS differs_in_group
    FROM application_values AS a
    WHERE a.differs_in_customer OR a.differs_in_currency
),
crossing_sides AS (
    SELECT
        debit_label_key AS label_key, debit_customer_key AS customer_key, month_index,
        differs_in_customer, differs_in_currency, differs_in_group, -debit_base AS amount
    FROM crossings
    WHERE NOT debit_is_intercompany
    UNION ALL
    SELECT
        credit_label_key, credit_customer_key, month_index,
        differs_in_customer, differs_in_currency, differs_in_group, credit_base
    FROM crossings
    WHERE NOT credit_is_intercompany
),
movements AS (
    SELECT m.scope_id, d.month_index, d.line, d.amount
    FROM documents_by_month AS d
    JOIN members AS m ON m.label_key = d.label_key
    UNION ALL
    SELECT v.scope_id, p.month_index, i.document_type, i.side_sign * i.amount_base
    FROM settings AS s
    JOIN period_ends AS p ON p.period_end_day = s.as_of_day
    JOIN items AS i ON i.document_day > p.previous_month_end_day
    JOIN scopes AS v ON v.customer_key = i.customer_key
    UNION ALL
    SELECT m.scope_id, x.month_index, 'transfer', x.amount
    FROM crossing_sides AS x
    JOIN members AS m ON m.label_key = x.label_key
    WHERE x.differs_in_group OR (m.scope = 'currency' AND x.differs_in_currency)
    UNION ALL
    SELECT v.scope_id, x.month_index, 'transfer', x.amount
    FROM crossing_sides AS x
    JOIN scopes AS v ON v.customer_key = x.customer_key
    WHERE x.differs_in_customer
),
summed AS (
    SELECT scope_id, month_index, line, SUM(amount) AS amount
    FROM movements
    GROUP BY scope_id, month_index, line
),
moved AS (
    SELECT scope_id, month_index, SUM(amount) AS amount
    FROM summed
    GROUP BY scope_id, month_index
),
periods AS (
    SELECT
        v.scope_id,
        p.period_end_day,
        p.month_index,
        o.net_closing AS opening,
        c.net_closing AS closing,
        c.net_historical - o.net_historical - COALESCE(m.amount, 0) AS realised_fx,
        (c.net_closing - c.net_historical) - (o.net_closing - o.net_historical) AS unrealised_fx,
        COALESCE(m.amount, 0) AS moved
    FROM scopes AS v
    CROSS JOIN settings AS s
    JOIN period_ends AS p ON p.period_end_day >= v.first_document_day
    JOIN scope_balances AS o ON o.scope_id = v.scope_id AND o.day_number = p.previous_month_end_day
    JOIN scope_balances AS c ON c.scope_id = v.scope_id AND c.day_number = p.period_end_day
    LEFT JOIN moved AS m ON m.scope_id = v.scope_id AND m.month_index = p.month_index
    WHERE v.scope IN ('company', 'currency') OR (v.scope = 'customer' AND p.period_end_day = s.as_of_day)
),
lines AS (
    SELECT scope_id, period_end_day, 'opening' AS line, opening AS amount FROM periods
    UNION ALL
    SELECT p.scope_id, p.period_end_day, x.line, x.amount
    FROM periods AS p
    JOIN summed AS x ON x.scope_id = p.scope_id AND x.month_index = p.month_index
    WHERE x.amount <> 0
    UNION ALL
    SELECT scope_id, period_end_day, 'realised_fx', realised_fx FROM periods WHERE realised_fx <> 0
    UNION ALL
    SELECT scope_id, period_end_day, 'unrealised_fx', unrealised_fx FROM periods WHERE unrealised_fx <> 0
    UNION ALL
    SELECT scope_id, period_end_day, 'closing', closing FROM periods
    UNION ALL
    SELECT scope_id, period_end_day, 'residual', closing - opening - moved - realised_fx - unrealised_fx FROM periods
)
SELECT
    v.company_id,
    v.scope,
    v.scope_value,
    c.calendar_date AS period_end,
    l.line,
    CAST(l.amount AS DECIMAL(38, 4)) AS amount
FROM lines AS l
JOIN scopes AS v ON v.scope_id = l.scope_id
JOIN calendar_days AS c ON c.day_number = l.period_end_day
ORDER BY v.company_id, v.scope, v.scope_value, c.calendar_date, l.line
