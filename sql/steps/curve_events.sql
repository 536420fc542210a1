-- curve_events: who began and ceased to be watched, age by age, in each scope value
-- grain:   scope_id, weighting (items, amount: base currency; a customer has items only), days (since the document date)
-- inputs:  item_exits, label_scopes, scopes
-- columns: came_in (watched from this age on), went_out (watched on it for the last time, whatever the cause or none),
--          cash, credit, write_off (of those, settled so), settled_items (how many in either weighting)
WITH label_events AS (
    SELECT
        label_key,
        entry_age + 1 AS days,
        COUNT(*) AS items_in, 0 AS items_out, 0 AS items_cash, 0 AS items_credit, 0 AS items_write_off,
        SUM(amount_base) AS amount_in, 0 AS amount_out, 0 AS amount_cash, 0 AS amount_credit, 0 AS amount_write_off
    FROM item_exits
    WHERE is_watched
    GROUP BY label_key, entry_age
    UNION ALL
    SELECT
        label_key,
        exit_age,
        0,
        COUNT(*),
        SUM(CASE WHEN cause = 'cash' THEN 1 ELSE 0 END),
        SUM(CASE WHEN cause = 'credit' THEN 1 ELSE 0 END),
        SUM(CASE WHEN cause = 'write_off' THEN 1 ELSE 0 END),
        0,
        SUM(amount_base),
        SUM(CASE WHEN cause = 'cash' THEN amount_base ELSE 0 END),
        SUM(CASE WHEN cause = 'credit' THEN amount_base ELSE 0 END),
        SUM(CASE WHEN cause = 'write_off' THEN amount_base ELSE 0 END)
    FROM item_exits
    WHERE is_watched
    GROUP BY label_key, exit_age
),
by_scope AS (
    SELECT
        l.scope_id,
        l.all_scope_id,
        e.days,
        SUM(e.items_in) AS items_in,
        SUM(e.items_out) AS items_out,
        SUM(e.items_cash) AS items_cash,
        SUM(e.items_credit) AS items_credit,
        SUM(e.items_write_off) AS items_write_off,
        SUM(e.amount_in) AS amount_in,
        SUM(e.amount_out) AS amount_out,
        SUM(e.amount_cash) AS amount_cash,
        SUM(e.amount_credit) AS amount_credit,
        SUM(e.amount_write_off) AS amount_write_off
    FROM label_events AS e
    JOIN label_scopes AS l ON l.label_key = e.label_key
    GROUP BY l.scope_id, l.all_scope_id, e.days
),
customer_events AS (
    SELECT
        customer_key, entry_age + 1 AS days,
        COUNT(*) AS items_in, 0 AS items_out, 0 AS items_cash, 0 AS items_credit, 0 AS items_write_off
    FROM item_exits
    WHERE is_watched
    GROUP BY customer_key, entry_age
    UNION ALL
    SELECT
        customer_key, exit_age, 0, COUNT(*),
        SUM(CASE WHEN cause = 'cash' THEN 1 ELSE 0 END),
        SUM(CASE WHEN cause = 'credit' THEN 1 ELSE 0 END),
        SUM(CASE WHEN cause = 'write_off' THEN 1 ELSE 0 END)
    FROM item_exits
    WHERE is_watched
    GROUP BY customer_key, exit_age
),
gathered AS (
    SELECT
        scope_id, 'items' AS weighting, days,
        items_in AS came_in, items_out AS went_out, items_cash AS cash, items_credit AS credit, items_write_off AS write_off,
        items_cash + items_credit + items_write_off AS settled_items
    FROM by_scope
    UNION ALL
    SELECT
        all_scope_id, 'items', days, items_in, items_out, items_cash, items_credit, items_write_off,
        items_cash + items_credit + items_write_off
    FROM by_scope
    UNION ALL
    SELECT
        scope_id, 'amount', days, amount_in, amount_out, amount_cash, amount_credit, amount_write_off,
        items_cash + items_credit + items_write_off
    FROM by_scope
    UNION ALL
    SELECT
        all_scope_id, 'amount', days, amount_in, amount_out, amount_cash, amount_credit, amount_write_off,
        items_cash + items_credit + items_write_off
    FROM by_scope
    UNION ALL
    SELECT
        v.scope_id, 'items', e.days, e.items_in, e.items_out, e.items_cash, e.items_credit, e.items_write_off,
        e.items_cash + e.items_credit + e.items_write_off
    FROM customer_events AS e
    JOIN scopes AS v ON v.customer_key = e.customer_key
)
SELECT
    scope_id,
    weighting,
    days,
    CAST(SUM(came_in) AS DECIMAL(38, 4)) AS came_in,
    CAST(SUM(went_out) AS DECIMAL(38, 4)) AS went_out,
    CAST(SUM(cash) AS DECIMAL(38, 4)) AS cash,
    CAST(SUM(credit) AS DECIMAL(38, 4)) AS credit,
    CAST(SUM(write_off) AS DECIMAL(38, 4)) AS write_off,
    CAST(SUM(settled_items) AS BIGINT) AS settled_items
FROM gathered
GROUP BY scope_id, weighting, days
