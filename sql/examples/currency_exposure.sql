-- How much is owed in each currency, and what did the rates do to it over the last twelve months?
WITH exposure AS (
    SELECT scope_value AS currency, amount AS receivable_base
    FROM kpis_latest
    WHERE company_id = '(all)' AND scope = 'currency' AND metric = 'ar_net' AND convention = 'closing' AND period_end = as_of_date
),
movement AS (
    SELECT
        scope_value AS currency,
        SUM(CASE WHEN line = 'realised_fx' THEN amount ELSE 0 END) AS realised_fx_12m,
        SUM(CASE WHEN line = 'unrealised_fx' THEN amount ELSE 0 END) AS unrealised_fx_12m
    FROM roll_forward_latest
    WHERE company_id = '(all)' AND scope = 'currency' AND period_end > as_of_date - 365
    GROUP BY scope_value
)
SELECT e.currency, e.receivable_base, m.realised_fx_12m, m.unrealised_fx_12m
FROM exposure AS e
LEFT JOIN movement AS m ON m.currency = e.currency
ORDER BY e.receivable_base DESC, e.currency
