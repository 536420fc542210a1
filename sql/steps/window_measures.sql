-- window_measures: all that the windowed metrics are made of, side by side
-- grain:   scope_id, period_end_day, time_window
-- inputs:  scope_windows, scope_balances, scope_flows, scope_cash_delays, scope_collections, scope_settlements, scope_discounts, scope_billing,
--          scope_disputes, scope_promises
-- columns: begin_day, days, flags; receivable_begin, receivable_end (AR net, closing), receivable_end_historical, debit_end, not_due_end;
--          net_credit_sales, gross_sales, credit_notes, cash, write_offs, reinstatements, cohort_write_offs, terms_weighted, terms_amount,
--          invoices, invoice_documents, credit_note_documents of the window; late_sale_items, late_sale_historical at its end; and the columns of the scope_… steps, 0 where
--          a window has no row there (those of scope_collections in the windows month only)
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
    fe.terms_amount - fb.terms_amount AS terms_amount,
    fe.invoices - fb.invoices AS invoices,
    fe.credit_notes - fb.credit_notes AS credit_notes,
    CAST(fe.invoice_documents - fb.invoice_documents AS BIGINT) AS invoice_documents,
    CAST(fe.credit_note_documents - fb.credit_note_documents AS BIGINT) AS credit_note_documents,
    CAST(e.late_sale_items AS BIGINT) AS late_sale_items,
    e.late_sale_historical,
    COALESCE(h.dated_cash, 0) AS dated_cash,
    COALESCE(h.dated_cash_delayed, 0) AS dated_cash_delayed,
    COALESCE(o.collectable, 0) AS collectable,
    COALESCE(o.collected, 0) AS collected,
    COALESCE(o.collected_early, 0) AS collected_early,
    CAST(COALESCE(t.settled_items, 0) AS BIGINT) AS settled_items,
    CAST(COALESCE(t.on_time_items, 0) AS BIGINT) AS on_time_items,
    COALESCE(t.settled_amount, 0) AS settled_amount,
    COALESCE(t.on_time_amount, 0) AS on_time_amount,
    COALESCE(t.settled_amount_delayed, 0) AS settled_amount_delayed,
    COALESCE(t.settled_cash, 0) AS settled_cash,
    COALESCE(t.settled_cash_delayed, 0) AS settled_cash_delayed,
    CAST(COALESCE(d.offered_items, 0) AS BIGINT) AS offered_items,
    COALESCE(d.offered_amount, 0) AS offered_amount,
    CAST(COALESCE(d.taken_items, 0) AS BIGINT) AS taken_items,
    COALESCE(d.taken_amount, 0) AS taken_amount,
    COALESCE(d.missed_amount, 0) AS missed_amount,
    COALESCE(d.taken_amount_due, 0) AS taken_amount_due,
    COALESCE(d.taken_cash_days, 0) AS taken_cash_days,
    COALESCE(d.contractual_amount, 0) AS contractual_amount,
    COALESCE(d.contractual_cash_days, 0) AS contractual_cash_days,
    COALESCE(d.leaked_amount, 0) AS leaked_amount,
    CAST(COALESCE(l.delivered_items, 0) AS BIGINT) AS delivered_items,
    COALESCE(l.delivered_amount, 0) AS delivered_amount,
    CAST(COALESCE(l.lag_days, 0) AS BIGINT) AS lag_days,
    COALESCE(l.delivered_amount_lagged, 0) AS delivered_amount_lagged,
    CAST(COALESCE(p.closed_disputes, 0) AS BIGINT) AS closed_disputes,
    CAST(COALESCE(p.closed_dispute_days, 0) AS BIGINT) AS closed_dispute_days,
    CAST(COALESCE(q.promises_due, 0) AS BIGINT) AS promises_due,
    CAST(COALESCE(q.promises_kept, 0) AS BIGINT) AS promises_kept,
    CAST(COALESCE(q.promises_partly, 0) AS BIGINT) AS promises_partly,
    CAST(COALESCE(q.promises_broken, 0) AS BIGINT) AS promises_broken
FROM scope_windows AS w
JOIN scope_balances AS b ON b.scope_id = w.scope_id AND b.day_number = w.begin_day
JOIN scope_balances AS e ON e.scope_id = w.scope_id AND e.day_number = w.period_end_day
JOIN scope_flows AS fb ON fb.scope_id = w.scope_id AND fb.day_number = w.begin_day
JOIN scope_flows AS fe ON fe.scope_id = w.scope_id AND fe.day_number = w.period_end_day
LEFT JOIN scope_cash_delays AS h ON h.scope_id = w.scope_id AND h.period_end_day = w.period_end_day AND h.time_window = w.time_window
LEFT JOIN scope_collections AS o ON o.scope_id = w.scope_id AND o.period_end_day = w.period_end_day AND w.time_window = 'month'
LEFT JOIN scope_settlements AS t ON t.scope_id = w.scope_id AND t.period_end_day = w.period_end_day AND t.time_window = w.time_window
LEFT JOIN scope_discounts AS d ON d.scope_id = w.scope_id AND d.period_end_day = w.period_end_day AND d.time_window = w.time_window
LEFT JOIN scope_billing AS l ON l.scope_id = w.scope_id AND l.period_end_day = w.period_end_day AND l.time_window = w.time_window
LEFT JOIN scope_disputes AS p ON p.scope_id = w.scope_id AND p.period_end_day = w.period_end_day AND p.time_window = w.time_window
LEFT JOIN scope_promises AS q ON q.scope_id = w.scope_id AND q.period_end_day = w.period_end_day AND q.time_window = w.time_window
