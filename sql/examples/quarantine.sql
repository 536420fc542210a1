-- Which rows could not be used, where do they stand, and what is wrong with them?
-- may be empty
SELECT
    source,
    file,
    line,
    table_name,
    column_name,
    reason,
    detail,
    stage
FROM quarantine_latest
ORDER BY source, file, line, reason
LIMIT 50
