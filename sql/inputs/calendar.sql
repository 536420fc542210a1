-- calendar: every day the steps may ask for, without gaps
-- grain:   day
-- inputs:  documents, promises, parameters
-- columns: day, from the first document or promised date or history_months + 14 months before as_of to the end of the month after as_of
-- Not a twin but one of their inputs, and so free to say it as DuckDB does.
SELECT CAST(UNNEST(GENERATE_SERIES(
    LEAST(
        (SELECT DATE_TRUNC('month', MIN(document_date)) FROM documents),
        (SELECT DATE_TRUNC('month', MIN(promised_date)) FROM promises),
        DATE_TRUNC('month', as_of) - TO_MONTHS(CAST(history_months + 14 AS INTEGER))
    ),
    DATE_TRUNC('month', as_of) + INTERVAL 2 MONTH,
    INTERVAL 1 DAY
)) AS DATE) AS day
FROM parameters
