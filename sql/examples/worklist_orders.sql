-- Which customers come first by age, by amount and by expected value, and which few make up four fifths?
SELECT DISTINCT
    company_id,
    customer_id,
    customer_name,
    rank_by_oldest,
    rank_by_largest,
    rank_by_expected_value,
    customer_days_past_due_max,
    customer_overdue_amount_base,
    customer_expected_value,
    is_first_80_percent_by_largest,
    is_first_80_percent_by_expected_value
FROM worklist_latest
WHERE is_first_80_percent_by_oldest OR is_first_80_percent_by_largest OR is_first_80_percent_by_expected_value
ORDER BY company_id, rank_by_largest
