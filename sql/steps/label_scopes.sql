-- label_scopes: which scope values a label combination belongs to, in its own company
-- grain:   label_key, scope_id (eight rows a label_key, and one more for each pair of scopes)
-- inputs:  label_values, scopes
-- columns: label_key, scope_id, all_scope_id, scope, of_customer (the customer alone decides it)
SELECT l.label_key, s.scope_id, s.all_scope_id, l.scope, l.of_customer
FROM label_values AS l
JOIN scopes AS s ON s.company_id = l.company_id AND s.scope = l.scope AND s.scope_value = l.scope_value
