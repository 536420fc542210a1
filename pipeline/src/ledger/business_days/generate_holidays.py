#!/usr/bin/env python3
"""Writes holidays.txt: the days on which business rests, by country, for the calendars of `business_days`.

    python3 -m venv venv && venv/bin/pip install holidays==0.109
    venv/bin/python3 pipeline/src/ledger/business_days/generate_holidays.py > pipeline/src/ledger/business_days/holidays.txt

The source is the Python package `holidays` (MIT licence), https://github.com/vacanza/holidays: national public holidays,
with the category `bank` where the package has it. Where a country has no holidays of its own for the whole nation, or where
banks keep another list than the government, the table COUNTRIES says what is taken. Only full days count.

Holidays that fall on a weekend day are left out, because that day is no business day anyway. Weekend days that were worked
to make up for a bridge day (China, Hungary, Taiwan, Ukraine, ...) are written behind a bar.
"""

import re
import sys
from datetime import date, timedelta

import holidays

PACKAGE_VERSION = "0.109"
YEARS = range(1995, 2046)
MONTHS = "ABCDEFGHIJKL"
SATURDAY_SUNDAY = frozenset({5, 6})
THURSDAY_FRIDAY = frozenset({3, 4})

# Hours of rest, not days of it.
PART_OF_A_DAY = re.compile(r"\((from|afternoon|until|before|workday)", re.IGNORECASE)

# Days on which the payment system of the euro, and with it every transfer in SEPA, rests: from the country's first year in it.
EURO_SINCE = {
    **dict.fromkeys(("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "PT"), 1999),
    "GR": 2001, "SI": 2007, "CY": 2008, "MT": 2008, "SK": 2009, "EE": 2011, "LV": 2014, "LT": 2015, "HR": 2023, "BG": 2026,
}  # fmt: skip

PLAIN = ("public",)
BANK = ("public", "bank")

# Code: (name, categories, subdivision, what else: a financial calendar, or names of holidays of a further category).
COUNTRIES = {
    "AE": ("United Arab Emirates", PLAIN, None, None),
    "AR": ("Argentina", BANK, None, None),
    "AT": ("Austria", BANK, None, None),
    # The holidays of New South Wales: the package has next to none of the whole nation, and the market's banks are there.
    "AU": ("Australia", PLAIN, "NSW", None),
    "BD": ("Bangladesh", PLAIN, None, None),
    "BE": ("Belgium", BANK, None, None),
    "BG": ("Bulgaria", PLAIN, None, None),
    "BH": ("Bahrain", PLAIN, None, None),
    "BR": ("Brazil", PLAIN, None, ("optional", {"Carnival", "Corpus Christi"})),
    # Employees of the federation and banks keep more days than the five of all provinces.
    "CA": ("Canada", ("public", "government"), None, None),
    # The holidays of Zurich, with Berchtold's day from the exchange: the federation knows only four.
    "CH": ("Switzerland", PLAIN, "ZH", ("XSWX", {"Saint Berchtold's Day"})),
    "CL": ("Chile", BANK, None, None),
    "CN": ("China", PLAIN, None, None),
    "CO": ("Colombia", PLAIN, None, None),
    "CR": ("Costa Rica", PLAIN, None, None),
    "CY": ("Cyprus", BANK, None, None),
    "CZ": ("Czechia", PLAIN, None, None),
    "DE": ("Germany", PLAIN, None, None),
    # Banks rest on these by agreement.
    "DK": ("Denmark", PLAIN, None, ("optional", {"Constitution Day", "Christmas Eve", "New Year's Eve"})),
    "DO": ("Dominican Republic", PLAIN, None, None),
    "EC": ("Ecuador", PLAIN, None, None),
    "EE": ("Estonia", PLAIN, None, None),
    "EG": ("Egypt", PLAIN, None, None),
    "ES": ("Spain", PLAIN, None, None),
    "FI": ("Finland", PLAIN, None, None),
    "FR": ("France", PLAIN, None, None),
    "GB": ("United Kingdom", PLAIN, "ENG", None),
    "GH": ("Ghana", PLAIN, None, None),
    "GR": ("Greece", PLAIN, None, None),
    # The general holidays, on which banks rest; the statutory ones are fewer.
    "HK": ("Hong Kong", ("public", "optional"), None, None),
    "HR": ("Croatia", PLAIN, None, None),
    "HU": ("Hungary", PLAIN, None, None),
    "ID": ("Indonesia", ("public", "government"), None, None),
    "IE": ("Ireland", PLAIN, None, None),
    "IL": ("Israel", PLAIN, None, None),
    "IN": ("India", PLAIN, None, None),
    "IS": ("Iceland", PLAIN, None, None),
    "IT": ("Italy", PLAIN, None, None),
    "JO": ("Jordan", PLAIN, None, None),
    "JP": ("Japan", BANK, None, None),
    "KE": ("Kenya", PLAIN, None, None),
    "KR": ("South Korea", BANK, None, None),
    "KW": ("Kuwait", PLAIN, None, None),
    "KZ": ("Kazakhstan", PLAIN, None, None),
    "LI": ("Liechtenstein", BANK, None, None),
    "LT": ("Lithuania", PLAIN, None, None),
    "LU": ("Luxembourg", BANK, None, None),
    "LV": ("Latvia", PLAIN, None, None),
    "MA": ("Morocco", PLAIN, None, None),
    "MT": ("Malta", PLAIN, None, None),
    # The exchange has the days of the banking supervisor: Holy Thursday, Good Friday, 2 November, 12 December.
    "MX": ("Mexico", PLAIN, None, ("XMEX", None)),
    # The holidays of Kuala Lumpur: New Year's Day and Deepavali belong to the states.
    "MY": ("Malaysia", PLAIN, "KUL", None),
    "NG": ("Nigeria", PLAIN, None, None),
    "NL": ("Netherlands", PLAIN, None, None),
    "NO": ("Norway", PLAIN, None, None),
    "NZ": ("New Zealand", PLAIN, None, None),
    "OM": ("Oman", PLAIN, None, None),
    "PA": ("Panama", BANK, None, None),
    "PE": ("Peru", PLAIN, None, None),
    "PH": ("Philippines", PLAIN, None, None),
    "PK": ("Pakistan", PLAIN, None, None),
    "PL": ("Poland", PLAIN, None, None),
    "PT": ("Portugal", PLAIN, None, None),
    "QA": ("Qatar", BANK, None, None),
    "RO": ("Romania", PLAIN, None, None),
    "RS": ("Serbia", PLAIN, None, None),
    "SA": ("Saudi Arabia", PLAIN, None, None),
    # The eves of midsummer, Christmas and New Year, which nobody works.
    "SE": ("Sweden", ("public", "de_facto"), None, None),
    "SG": ("Singapore", PLAIN, None, None),
    "SI": ("Slovenia", PLAIN, None, None),
    "SK": ("Slovakia", PLAIN, None, None),
    "TH": ("Thailand", BANK, None, None),
    "TN": ("Tunisia", PLAIN, None, None),
    "TR": ("Turkey", PLAIN, None, None),
    "TW": ("Taiwan", PLAIN, None, ("optional", {"Labor Day"})),
    "UA": ("Ukraine", PLAIN, None, None),
    # The Federal Reserve's days: on the Friday before a holiday on a Saturday, government rests and payments do not.
    "US": ("United States", PLAIN, None, ("XFED", None)),
    "UY": ("Uruguay", BANK, None, None),
    "VN": ("Vietnam", PLAIN, None, None),
    "ZA": ("South Africa", PLAIN, None, None),
}


def weekend_of(code, calendar, day):
    """The weekend in force on a day: the package's own rule, but where it does not know the one before."""
    # Both changed on the same day: Business Recorder, 2 September 2006.
    if code in ("AE", "BH") and day < date(2006, 9, 1):
        return THURSDAY_FRIDAY
    if code in ("HK", "TH", "TW"):
        # The package counts Saturdays that shops and offices worked; banks were closed or cleared nothing.
        return SATURDAY_SUNDAY
    return frozenset(calendar._get_weekend(day))


def weekends(code, calendar):
    """First day and weekdays of each weekend rule in turn."""
    rules = []
    day = date(YEARS[0], 1, 1)
    while day.year <= YEARS[-1]:
        weekend = weekend_of(code, calendar, day)
        if not rules or rules[-1][1] != weekend:
            rules.append((day, weekend))
        day += timedelta(days=1)
    return rules


def full_days(calendar, names=None):
    """The days of a calendar, without those of which only hours are free: day and names."""
    days = {}
    for day in calendar:
        of_day = [name for name in calendar.get_list(day) if not PART_OF_A_DAY.search(name)]
        if names is not None:
            of_day = [name for name in of_day if name in names]
        if of_day:
            days[day] = of_day
    return days


def language(kind):
    """English where the package speaks it, else what it speaks."""
    known = getattr(kind, "supported_languages", ())
    return next((word for word in ("en_US", "en_GB") if word in known), None)


def of_country(code, categories, subdivision):
    kind = getattr(holidays, code)
    return kind(years=YEARS, categories=categories, subdiv=subdivision, language=language(kind))


def of_market(code):
    kind = getattr(holidays, code)
    return kind(years=YEARS, language=language(kind))


def before_the_federal_reserve(days, first_year):
    """The holidays of the United States before the package knows the Federal Reserve's: the Fridays before are worked."""
    return {
        day: names
        for day, names in days.items()
        if day.year < first_year and not (day.weekday() == 4 and all("observed" in name for name in names))
    }


def resting_days(code):
    """Everything that is free in a country: day and names, and the weekend days that are worked."""
    _, categories, subdivision, further = COUNTRIES[code]
    calendar = of_country(code, categories, subdivision)
    days = full_days(calendar)
    worked = set(calendar.weekend_workdays)
    if further is not None:
        source, names = further
        more = full_days(of_market(source) if source.startswith("X") else of_country(code, (source,), subdivision), names)
        if code == "US":
            days = before_the_federal_reserve(days, min(more).year)
        days |= more
    if code == "DK":
        # Banks agreed on it in 2009, and the package has no list of theirs.
        ascensions = [day for day, names in days.items() if "Ascension Day" in names and day.year >= 2009]
        days |= {day + timedelta(days=1): ["Friday after Ascension Day"] for day in ascensions}
    since = EURO_SINCE.get(code)
    if since is not None:
        days |= {day: names for day, names in full_days(of_market("XECB")).items() if day.year >= since}
    return calendar, days, worked


def written(day):
    return f"{MONTHS[day.month - 1]}{day.day:02}"


def main():
    if holidays.__version__ != PACKAGE_VERSION:
        sys.exit(f"error: this is holidays {holidays.__version__}, the table was checked with {PACKAGE_VERSION}")
    print("# Days on which business rests, by country and year: a letter for the month (A is January), two digits for the day.")
    print("# Behind a bar: weekend days that are worked. Holidays on a weekend are left out.")
    print(f"# Written by generate_holidays.py with the Python package holidays {PACKAGE_VERSION} (MIT); do not edit, run it again.")
    for code in sorted(COUNTRIES):
        calendar, days, worked = resting_days(code)
        print(f"country {code} {COUNTRIES[code][0]}")
        rules = weekends(code, calendar)
        for first, weekend in rules:
            print(f"weekend {first} {''.join(str(weekday + 1) for weekday in sorted(weekend))}")
        for year in YEARS:
            free = sorted(day for day in days if day.year == year and day.weekday() not in weekend_of(code, calendar, day))
            made_up = sorted(day for day in worked if day.year == year and day.weekday() in weekend_of(code, calendar, day))
            line = "".join(map(written, free)) + ("|" + "".join(map(written, made_up)) if made_up else "")
            if line:
                print(f"{year} {line}")


if __name__ == "__main__":
    main()
