-- label_scopes: which scope values a label combination belongs to, in its own company
-- grain:   label_key, scope_id (eight rows a label_key)
-- inputs:  labels, scopes
-- columns: label_key, scope_id, all_scope_id, scope
WITH label_values AS (
    SELECT label_key, company_id, 'company' AS scope, company_id AS scope_value FROM labels
    UNION ALL SELECT label_key, company_id, 'segment', segment FROM labels
    UNION ALL SELECT label_key, company_id, 'region', region FROM labels
    UNION ALL SELECT label_key, company_id, 'country', country FROM labels
    UNION ALL SELECT label_key, company_id, 'industry', industry FROM labels
    UNION ALL SELECT label_key, company_id, 'account_manager', account_manager FROM labels
    UNION ALL SELECT label_key, company_id, 'payment_terms', payment_terms FROM labels
    UNION ALL SELECT label_key, company_id, 'currency', currency FROM labels
)
SELECT l.label_key, s.scope_id, s.all_scope_id, l.scope
FROM label_values AS l
JOIN scopes AS s ON s.company_id = l.company_id AND s.scope = l.scope AND s.scope_value = l.scope_value
