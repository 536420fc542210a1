-- label_values: what each combination of labels is called in each scope, pairs of scopes included
-- grain:   label_key, scope
-- inputs:  labels, scope_pairs (first_scope, second_scope)
-- columns: label_key, company_id, scope (of a pair: 'segment,country'), scope_value (of a pair: 'a,b'),
--          of_customer (the customer alone decides the value: what has no document still belongs there)
WITH single AS (
    SELECT label_key, company_id, 'company' AS scope, company_id AS scope_value, TRUE AS of_customer FROM labels
    UNION ALL SELECT label_key, company_id, 'segment', segment, TRUE FROM labels
    UNION ALL SELECT label_key, company_id, 'region', region, TRUE FROM labels
    UNION ALL SELECT label_key, company_id, 'country', country, TRUE FROM labels
    UNION ALL SELECT label_key, company_id, 'industry', industry, TRUE FROM labels
    UNION ALL SELECT label_key, company_id, 'account_manager', account_manager, FALSE FROM labels
    UNION ALL SELECT label_key, company_id, 'payment_terms', payment_terms, FALSE FROM labels
    UNION ALL SELECT label_key, company_id, 'currency', currency, FALSE FROM labels
)
SELECT label_key, company_id, scope, scope_value, of_customer
FROM single
UNION ALL
SELECT
    a.label_key,
    a.company_id,
    a.scope || ',' || b.scope,
    a.scope_value || ',' || b.scope_value,
    a.of_customer AND b.of_customer
FROM scope_pairs AS p
JOIN single AS a ON a.scope = p.first_scope
JOIN single AS b ON b.scope = p.second_scope AND b.label_key = a.label_key
