-- customer_months: what the classes of customer_behaviour are made of, customer by customer, at six month ends
-- grain:   customer_key, months_back (0: the latest month end not after as_of, to 5)
-- inputs:  items, settled_spells, application_pairs, balances, calendar_days, settings
-- columns: month_index; over the settled items with a due date whose spell began in the twelve months up to that month end and stood on it:
--          items, delays, delays_squared, late_items, and those of the last three of these months: recent_items, recent_delays
--          written_off (base currency, in the twelve months), open_base and open_over_60 (days past due > 60) of its sales: historical value
-- Month ends are asked for, so a day can be told by its month alone. Only customers with a sale of an amount > 0 by the latest of them.
WITH evaluations AS (
    SELECT day_number, month_index, ROW_NUMBER() OVER (ORDER BY day_number DESC) - 1 AS months_back
    FROM calendar_days AS c
    CROSS JOIN settings AS s
    WHERE c.is_month_end AND c.day_number <= s.as_of_day
),
asked AS (
    SELECT day_number, month_index, months_back
    FROM evaluations
    WHERE months_back <= 5
),
customers_asked AS (
    SELECT i.customer_key
    FROM items AS i
    JOIN asked AS a ON a.months_back = 0 AND i.document_day <= a.day_number
    WHERE i.document_type IN ('invoice', 'debit_note') AND NOT i.is_intercompany AND i.amount > 0
    GROUP BY i.customer_key
),
spell_months AS (
    SELECT
        x.customer_key,
        f.month_index AS from_month,
        COALESCE(u.month_index, 9999999) AS until_month,
        COUNT(*) AS items,
        SUM(x.delay) AS delays,
        SUM(x.delay * x.delay) AS delays_squared,
        SUM(CASE WHEN x.delay > 0 THEN 1 ELSE 0 END) AS late_items
    FROM settled_spells AS x
    JOIN calendar_days AS f ON f.day_number = x.from_day
    LEFT JOIN calendar_days AS u ON u.day_number = x.until_day
    WHERE x.has_cash AND x.delay IS NOT NULL
    GROUP BY x.customer_key, f.month_index, COALESCE(u.month_index, 9999999)
),
settled AS (
    SELECT
        x.customer_key,
        a.months_back,
        SUM(x.items) AS items,
        SUM(x.delays) AS delays,
        SUM(x.delays_squared) AS delays_squared,
        SUM(x.late_items) AS late_items,
        SUM(CASE WHEN x.from_month > a.month_index - 3 THEN x.items ELSE 0 END) AS recent_items,
        SUM(CASE WHEN x.from_month > a.month_index - 3 THEN x.delays ELSE 0 END) AS recent_delays
    FROM spell_months AS x
    JOIN asked AS a ON x.from_month > a.month_index - 12 AND x.from_month <= a.month_index AND x.until_month > a.month_index
    GROUP BY x.customer_key, a.months_back
),
write_off_months AS (
    SELECT p.customer_key, c.month_index, SUM(p.debit_base) AS written_off
    FROM application_pairs AS p
    JOIN calendar_days AS c ON c.day_number = p.visible_day
    WHERE p.kind = 'write_off'
    GROUP BY p.customer_key, c.month_index
),
written_off AS (
    SELECT x.customer_key, a.months_back, SUM(x.written_off) AS written_off
    FROM write_off_months AS x
    JOIN asked AS a ON x.month_index > a.month_index - 12 AND x.month_index <= a.month_index
    GROUP BY x.customer_key, a.months_back
),
still_open AS (
    SELECT
        b.customer_key,
        a.months_back,
        SUM(b.historical_base) AS open_base,
        SUM(CASE WHEN b.days_past_due > 60 THEN b.historical_base ELSE 0 END) AS open_over_60
    FROM balances AS b
    JOIN asked AS a ON a.day_number = b.day_number
    JOIN items AS i ON i.item_key = b.item_key
    WHERE b.side_sign = 1 AND i.document_type IN ('invoice', 'debit_note')
    GROUP BY b.customer_key, a.months_back
)
SELECT
    k.customer_key,
    a.months_back,
    a.month_index,
    COALESCE(x.items, 0) AS items,
    COALESCE(x.delays, 0) AS delays,
    COALESCE(x.delays_squared, 0) AS delays_squared,
    COALESCE(x.late_items, 0) AS late_items,
    COALESCE(x.recent_items, 0) AS recent_items,
    COALESCE(x.recent_delays, 0) AS recent_delays,
    COALESCE(w.written_off, 0) AS written_off,
    COALESCE(o.open_base, 0) AS open_base,
    COALESCE(o.open_over_60, 0) AS open_over_60
FROM customers_asked AS k
CROSS JOIN asked AS a
LEFT JOIN settled AS x ON x.customer_key = k.customer_key AND x.months_back = a.months_back
LEFT JOIN written_off AS w ON w.customer_key = k.customer_key AND w.months_back = a.months_back
LEFT JOIN still_open AS o ON o.customer_key = k.customer_key AND o.months_back = a.months_back
