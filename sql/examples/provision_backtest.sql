-- Did last year's provision matrix cover what was lost since of the balances it was made for?
SELECT
    company_id,
    method,
    matrix_date,
    SUM(gross_amount) AS open_then,
    SUM(provision) AS provision_then,
    SUM(actual_loss) AS lost_since,
    SUM(undetermined_amount) AS still_undecided,
    -- Only where there was a rate: what had none was not provided for, and stands beside it.
    SUM(difference) AS provision_less_loss,
    SUM(unrated_amount) AS without_a_rate
FROM expected_credit_loss_backtest_latest
GROUP BY company_id, method, matrix_date
ORDER BY company_id, method
