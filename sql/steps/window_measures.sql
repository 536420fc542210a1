-- window_measures: all that the windowed metrics are made of, side by side
-- grain:   scope_id, period_end_day, time_window
-- inputs:  scope_windows, scope_balances, scope_flows
-- columns: begin_day, days, flags; receivable_begin, receivable_end (AR net, closing), receivable_end_historical, debit_end, not_due_end;
--          net_credit_sales, gross_sales, cash, write_offs, reinstatements, cohort_write_offs, terms_weighted, terms_amount of the window
SELECT
    w.scope_id,
    w.period_end_day,
    w.time_window,
    w.begin_day,
    w.days,
    w.flags,
    b.net_closing AS receivable_begin,
    e.net_closing AS receivable_end,
    e.net_historical AS receivable_end_historical,
    e.debit_closing AS debit_end,
    e.not_due AS not_due_end,
    fe.invoices_and_debit_notes - fb.invoices_and_debit_notes - (fe.credit_notes - fb.credit_notes) AS net_credit_sales,
    fe.invoices_and_debit_notes - fb.invoices_and_debit_notes AS gross_sales,
    fe.cash - fb.cash AS cash,
    fe.write_offs - fb.write_offs AS write_offs,
    fe.reinstatements - fb.reinstatements AS reinstatements,
    fe.cohort_write_offs - fb.cohort_write_offs AS cohort_write_offs,
    fe.terms_weighted - fb.terms_weighted AS terms_weighted,
    fe.terms_amount - fb.terms_amount AS terms_amount
FROM scope_windows AS w
JOIN scope_balances AS b ON b.scope_id = w.scope_id AND b.day_number = w.begin_day
JOIN scope_balances AS e ON e.scope_id = w.scope_id AND e.day_number = w.period_end_day
JOIN scope_flows AS fb ON fb.scope_id = w.scope_id AND fb.day_number = w.begin_day
JOIN scope_flows AS fe ON fe.scope_id = w.scope_id AND fe.day_number = w.period_end_day
