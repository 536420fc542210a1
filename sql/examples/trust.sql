-- Can I trust this night: how many rows did each table bring, and how many could not be used, and why?
SELECT
    table_name,
    SUM(CASE WHEN measure = 'read' THEN row_count ELSE 0 END) AS rows_read,
    SUM(CASE WHEN measure IN ('accepted', 'repaired') THEN row_count ELSE 0 END) AS rows_taken,
    SUM(CASE WHEN measure = 'unchanged' THEN row_count ELSE 0 END) AS rows_known_already,
    SUM(CASE WHEN measure = 'quarantined' AND reason IS NULL THEN row_count ELSE 0 END) AS rows_quarantined,
    SUM(CASE WHEN measure = 'left_out' THEN row_count ELSE 0 END) AS rows_left_out,
    MAX(CASE WHEN measure IN ('quarantined', 'left_out') THEN reason END) AS a_reason
FROM data_quality_latest
WHERE measure <> 'finding'
GROUP BY table_name
ORDER BY table_name
