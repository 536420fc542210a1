"""Writes the workbooks of this folder. Needs xlsxwriter, xlwt and msoffcrypto-tool; nothing else reads this file.

The figures are in tests/workbooks.rs, worked by hand.
"""

import datetime
import io
import pathlib

import msoffcrypto.format.ooxml
import xlsxwriter
import xlwt

HERE = pathlib.Path(__file__).parent
CREATED = datetime.datetime(2024, 1, 1)
HEADER = ["Invoice", "Customer", "Invoice date", "Due date", "Amount", "Paid date"]


def day(text):
    return datetime.datetime.fromisoformat(text)


def open_items():
    """Titles above the header, every kind of cell, a stray cell far out."""
    book = xlsxwriter.Workbook(HERE / "open_items.xlsx")
    book.set_properties({"created": CREATED})
    date = book.add_format({"num_format": "dd.mm.yyyy"})
    cover = book.add_worksheet("Cover")
    cover.write("A1", "Open items, printed for the board")
    sheet = book.add_worksheet("Open items")
    sheet.write("A1", "Example Ltd")
    sheet.merge_range("A2:E2", "Open items as of 31.03.2024")
    for column, name in enumerate(HEADER):
        sheet.write(4, column, name)
    # A number that is no exact binary fraction, and dates as dates.
    sheet.write_row(5, 0, ["R1", "Alder"])
    sheet.write_datetime(5, 2, day("2024-01-15"), date)
    sheet.write_datetime(5, 3, day("2024-02-14"), date)
    sheet.write_number(5, 4, 0.1 + 0.2)
    # Text in columns of dates and numbers, as people type it.
    sheet.write_row(6, 0, ["R2", "Birch", "20.01.2024", "19.02.2024", "1.234,56", "01.03.2024"])
    # A number as an id, a formula with the value it last had.
    sheet.write_number(7, 0, 4711)
    sheet.write(7, 1, "Cedar")
    sheet.write_datetime(7, 2, day("2024-02-01"), date)
    sheet.write_datetime(7, 3, day("2024-03-02"), date)
    sheet.write_formula(7, 4, "=1000+0.5", None, 1000.5)
    # An error where the amount should be.
    sheet.write_row(8, 0, ["R4", "Dogwood"])
    sheet.write_datetime(8, 2, day("2024-02-02"), date)
    sheet.write_formula(8, 4, "=NA()", None, "#N/A")
    # A row is left empty; a date with a time of day is no date.
    sheet.write_row(10, 0, ["R5", "Elm"])
    sheet.write_datetime(10, 2, datetime.datetime(2024, 2, 3, 12, 30), date)
    sheet.write_number(10, 4, 5)
    sheet.write_row(11, 0, ["R6", "Fir", "05.03.2024", "", "12,5"])
    sheet.write(11, 700, "far out")
    book.close()


def calendar_1904():
    book = xlsxwriter.Workbook(HERE / "calendar_1904.xlsx", {"date_1904": True})
    book.set_properties({"created": CREATED})
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("Sheet1")
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["R1", "Alder"])
    sheet.write_datetime(1, 2, day("2024-01-15"), date)
    sheet.write_datetime(1, 3, day("2024-02-14"), date)
    sheet.write_number(1, 4, 100)
    book.close()


def merged_header():
    book = xlsxwriter.Workbook(HERE / "merged_header.xlsx")
    book.set_properties({"created": CREATED})
    sheet = book.add_worksheet("Report")
    sheet.merge_range("A1:A2", "Invoice")
    sheet.merge_range("B1:B2", "Customer")
    sheet.merge_range("C1:D1", "Dates")
    sheet.merge_range("E1:E2", "Amount")
    sheet.write_row(1, 2, ["Invoice date", "Due date"])
    sheet.write_row(2, 0, ["R1", "Alder", "2024-01-15", "2024-02-14", 100])
    book.close()


def old():
    book = xlwt.Workbook()
    date = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    sheet = book.add_sheet("Invoices")
    for column, name in enumerate(HEADER):
        sheet.write(0, column, name)
    for column, value in enumerate(["R1", "Alder", day("2024-01-15"), day("2024-02-14"), 99.95]):
        sheet.write(1, column, value, date) if isinstance(value, datetime.datetime) else sheet.write(1, column, value)
    book.save(str(HERE / "old.xls"))


def protected():
    plain = io.BytesIO()
    book = xlsxwriter.Workbook(plain)
    book.add_worksheet("Sheet1").write_row(0, 0, HEADER)
    book.close()
    plain.seek(0)
    with open(HERE / "protected.xlsx", "wb") as out:
        msoffcrypto.format.ooxml.OOXMLFile(plain).encrypt("secret", out)


def separators():
    """Separators, quotes and line ends in cells, in rows that somebody has to mend."""
    book = xlsxwriter.Workbook(HERE / "separators.xlsx")
    book.set_properties({"created": CREATED})
    date = book.add_format({"num_format": "dd.mm.yyyy"})
    sheet = book.add_worksheet("Items")
    rows = [
        ("R1", 'Alder, Sons & "Daughters"', day("2024-01-15"), 1000.25),
        # No such day.
        ("R2", 'Birch, "The Works", Ltd', "35.01.2024", 1234.5),
        ("R3", "Cedar; House,\n2nd floor", day("2024-02-01"), None),
        # Two rows of one number, each with a price of its own.
        ("R4", '"Dogwood"', day("2024-02-02"), 1500.75),
        ("R4", '"Dogwood", again', day("2024-02-03"), 2500.5),
    ]
    sheet.write_row(0, 0, HEADER)
    for row, (invoice, customer, issued, amount) in enumerate(rows, start=1):
        sheet.write_row(row, 0, [invoice, customer])
        sheet.write_datetime(row, 2, issued, date) if isinstance(issued, datetime.datetime) else sheet.write(row, 2, issued)
        sheet.write_datetime(row, 3, day("2024-03-02"), date)
        if amount is None:
            sheet.write_formula(row, 4, "=NA()", None, "#N/A")
        else:
            sheet.write_number(row, 4, amount)
    book.close()


for make in (open_items, calendar_1904, merged_header, old, protected, separators):
    make()
