-- What has become of invoices a year after their date: paid, credited, written off, or still open?
SELECT
    company_id,
    ROUND(100 * incidence_cash, 1) AS paid_percent,
    ROUND(100 * incidence_credit, 1) AS credited_percent,
    ROUND(100 * incidence_write_off, 1) AS written_off_percent,
    ROUND(100 * open_share, 1) AS still_open_percent
FROM payment_curves_latest
WHERE scope = 'company' AND weighting = 'amount' AND days = 365
ORDER BY company_id
