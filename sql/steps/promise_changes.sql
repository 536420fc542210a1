-- promise_changes: what became of each promise to pay, change by change
-- grain:   company_id, promise_id, change_day
-- inputs:  promises, items, customer_keys, application_pairs, rates_daily, settings
-- columns: company_id, promise_id, label_key, customer_key, of_customer_only (it names no document: label_key is any of the customer's)
--          anchor_day (promised date, or the date of the document if later; without one of the customer's first sale), change_day (≥ anchor_day)
--          promises_due (1 on the anchor day), and the state as of change_day less the state before:
--          promises_kept (cash ≥ amount), promises_partly (cash > 0), promises_broken
-- Cash: receipts with an effective day within [made, promised], on the document's sale items, or else on all of the customer's. It is compared in
-- the document's currency where the promise is in that, else in base currency, the promise at the rate of the promised day; without a rate
-- the promise counts nowhere.
WITH first_items AS (
    SELECT p.company_id, p.promise_id, MIN(i.item_no) AS item_no
    FROM promises AS p
    JOIN items AS i ON i.company_id = p.company_id AND i.document_id = p.document_id
    WHERE i.document_type IN ('invoice', 'debit_note') AND NOT i.is_intercompany
    GROUP BY p.company_id, p.promise_id
),
customer_labels AS (
    SELECT k.customer_key, k.company_id, k.customer_id, k.first_sale_day, MIN(i.label_key) AS label_key
    FROM (SELECT DISTINCT company_id, customer_id FROM promises WHERE document_id IS NULL) AS p
    JOIN customer_keys AS k ON k.company_id = p.company_id AND k.customer_id = p.customer_id
    JOIN items AS i ON i.customer_key = k.customer_key
    WHERE k.first_sale_day IS NOT NULL
    GROUP BY k.customer_key, k.company_id, k.customer_id, k.first_sale_day
),
given AS (
    SELECT
        p.company_id, p.promise_id, p.document_id, i.label_key, i.customer_key, FALSE AS of_customer_only,
        i.document_day AS first_day,
        i.currency AS item_currency,
        COALESCE(p.currency, i.currency) AS currency,
        p.made_date, p.promised_date, p.amount
    FROM first_items AS f
    JOIN promises AS p ON p.company_id = f.company_id AND p.promise_id = f.promise_id
    JOIN items AS i ON i.company_id = p.company_id AND i.document_id = p.document_id AND i.item_no = f.item_no
    UNION ALL
    SELECT
        p.company_id, p.promise_id, p.document_id, k.label_key, k.customer_key, TRUE,
        k.first_sale_day,
        CAST(NULL AS VARCHAR),
        COALESCE(p.currency, s.base_currency),
        p.made_date, p.promised_date, p.amount
    FROM promises AS p
    CROSS JOIN settings AS s
    JOIN customer_labels AS k ON k.company_id = p.company_id AND k.customer_id = p.customer_id
    WHERE p.document_id IS NULL
),
dated AS (
    SELECT
        g.*,
        CAST(EXTRACT(EPOCH FROM g.made_date) / 86400.0 AS BIGINT) AS made_day,
        CAST(EXTRACT(EPOCH FROM g.promised_date) / 86400.0 AS BIGINT) AS promised_day,
        COALESCE(g.item_currency = g.currency, FALSE) AS in_document_currency
    FROM given AS g
),
due AS (
    SELECT
        d.company_id, d.promise_id, d.document_id, d.label_key, d.customer_key, d.of_customer_only,
        d.currency, d.in_document_currency, d.made_day, d.promised_day,
        GREATEST(d.promised_day, d.first_day) AS anchor_day,
        CASE
            WHEN d.in_document_currency OR d.currency = s.base_currency THEN d.amount
            ELSE CAST(CAST(d.amount * r.rate_minor AS DECIMAL(38, 0)) * s.minor_unit AS DECIMAL(18, 4))
        END AS amount
    FROM dated AS d
    JOIN settings AS s ON s.as_of_day >= d.promised_day
    LEFT JOIN rates_daily AS r ON r.currency = d.currency AND r.day_number = d.promised_day
    WHERE d.in_document_currency OR d.currency = s.base_currency OR r.rate_minor IS NOT NULL
),
cash AS (
    SELECT
        p.company_id, p.promise_id,
        GREATEST(a.visible_day, p.anchor_day) AS change_day,
        CASE WHEN NOT p.in_document_currency THEN a.debit_base WHEN i.currency = p.currency THEN a.debit_amount ELSE 0 END AS paid
    FROM due AS p
    JOIN items AS i ON i.company_id = p.company_id AND i.document_id = p.document_id
    JOIN application_pairs AS a ON a.item_key = i.item_key AND a.effective_day >= p.made_day AND a.effective_day <= p.promised_day
    WHERE a.credit_document_type = 'receipt' AND NOT p.of_customer_only
    UNION ALL
    SELECT
        p.company_id, p.promise_id,
        GREATEST(a.visible_day, p.anchor_day),
        a.debit_base
    FROM due AS p
    JOIN application_pairs AS a
        ON a.customer_key = p.customer_key
        AND a.effective_day >= p.made_day
        AND a.effective_day <= p.promised_day
    WHERE a.credit_document_type = 'receipt' AND p.of_customer_only
    UNION ALL
    SELECT company_id, promise_id, anchor_day, 0
    FROM due
),
daily AS (
    SELECT c.company_id, c.promise_id, c.change_day, SUM(c.paid) AS paid
    FROM cash AS c
    GROUP BY c.company_id, c.promise_id, c.change_day
),
running AS (
    SELECT
        d.company_id, d.promise_id, d.change_day,
        SUM(d.paid) OVER (PARTITION BY d.company_id, d.promise_id ORDER BY d.change_day ROWS UNBOUNDED PRECEDING) AS paid
    FROM daily AS d
),
states AS (
    SELECT
        p.company_id, p.promise_id, p.label_key, p.customer_key, p.of_customer_only, p.anchor_day, r.change_day,
        CASE WHEN r.paid >= p.amount THEN 1 ELSE 0 END AS kept,
        CASE WHEN r.paid < p.amount AND r.paid > 0 THEN 1 ELSE 0 END AS partly,
        CASE WHEN r.paid < p.amount AND r.paid <= 0 THEN 1 ELSE 0 END AS broken
    FROM running AS r
    JOIN due AS p ON p.company_id = r.company_id AND p.promise_id = r.promise_id
),
followed AS (
    SELECT
        x.*,
        LAG(x.kept) OVER (PARTITION BY x.company_id, x.promise_id ORDER BY x.change_day) AS kept_before,
        LAG(x.partly) OVER (PARTITION BY x.company_id, x.promise_id ORDER BY x.change_day) AS partly_before,
        LAG(x.broken) OVER (PARTITION BY x.company_id, x.promise_id ORDER BY x.change_day) AS broken_before
    FROM states AS x
)
SELECT
    company_id, promise_id, label_key, customer_key, of_customer_only, anchor_day, change_day,
    CASE WHEN change_day = anchor_day THEN 1 ELSE 0 END AS promises_due,
    kept - COALESCE(kept_before, 0) AS promises_kept,
    partly - COALESCE(partly_before, 0) AS promises_partly,
    broken - COALESCE(broken_before, 0) AS promises_broken
FROM followed
