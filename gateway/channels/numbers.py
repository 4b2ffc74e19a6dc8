"""Which numbers are never called, and why, in a sentence for people that does not repeat the number.

Kinds and countries are those of Google's libphonenumber, which the phonenumbers package carries. Two of its blind spots
in North America cost money and are closed here: exchange 976, pay-per-call since before area code 900 took over, and
directory assistance at 555-1212 of any area code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final, TypeGuard

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from phonenumbers.shortnumberinfo import is_emergency_number

from gateway.domain.address import is_e164

KINDS: Final[dict[int, str | None]] = {
    PhoneNumberType.FIXED_LINE: None,
    PhoneNumberType.MOBILE: None,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: None,
    PhoneNumberType.VOIP: None,
    PhoneNumberType.TOLL_FREE: None,
    PhoneNumberType.UAN: None,
    PhoneNumberType.PREMIUM_RATE: "A premium-rate number is never called",
    PhoneNumberType.SHARED_COST: "A number at shared cost is never called",
    PhoneNumberType.PERSONAL_NUMBER: "A follow-me number is never called, for nobody knows what it costs",
    PhoneNumberType.PAGER: "A pager cannot be called",
    PhoneNumberType.VOICEMAIL: "A voicemail's access number is never called",
}
"""None: may be called."""

_PAID_NANP = re.compile(r"\d{3}(?:976\d{4}|5551212)", re.ASCII)
_EMERGENCY: Final = "An emergency number is never called"
_SHORT: Final = "A short number is never called"
NO_NUMBER: Final = "This is no telephone number that we can read; write it with its country's code in front"
_NOT_THERE: Final = "There is no such telephone number"


def e164(text: str, near: Iterable[str] = ()) -> str | None:
    """A number with its country's code, however it was grouped, as E.164; None for what is none. Without the code it is
    a number of one of the countries that are `near` (ISO 3166-1 alpha-2), if it is that in one of them only."""
    parsed = _parsed(text)
    if parsed is not None:
        return None if parsed.extension else _as_e164(parsed)
    found = {_as_e164(one) for one in (_parsed(text, country) for country in near) if _is_whole(one)}
    return found.pop() if len(found) == 1 else None


def country(number: str) -> str | None:
    """Of an E.164 number, ISO 3166-1 alpha-2; None where it is of none."""
    parsed = _parsed(number)
    return None if parsed is None else phonenumbers.region_code_for_number(parsed)


def refusal(number: str, countries: Collection[str] | None = None, near: Collection[str] = ()) -> str | None:
    """Why it is not called, or None. `countries` are ISO 3166-1 alpha-2; None: wherever it is, since a person dials it
    by hand. `near`: whose emergency numbers those are that have no country's code."""
    parsed = _parsed(number)
    near = countries if countries is not None else near if parsed is None else _countries_of(parsed)
    if any(is_emergency_number(digits, country) for country in near for digits in _short_forms(number, parsed)):
        return _EMERGENCY
    if parsed is None or not is_e164(number):
        return _SHORT if number.isascii() and number.isdigit() and len(number) <= 6 else NO_NUMBER
    region = phonenumbers.region_code_for_number(parsed)
    if region is None or not phonenumbers.is_valid_number(parsed):
        return _NOT_THERE
    if countries is not None and region not in countries:
        return f"Calls go only to these countries: {', '.join(countries)}"
    if parsed.country_code == 1 and _PAID_NANP.fullmatch(str(parsed.national_number)):
        return KINDS[PhoneNumberType.PREMIUM_RATE]
    return KINDS.get(phonenumbers.number_type(parsed), _NOT_THERE)


def _as_e164(parsed: PhoneNumber) -> str:
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _is_whole(parsed: PhoneNumber | None) -> TypeGuard[PhoneNumber]:
    return parsed is not None and not parsed.extension and phonenumbers.is_valid_number(parsed)


def _parsed(number: str, country: str | None = None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None


def _countries_of(parsed: PhoneNumber) -> Collection[str]:
    """The main one of its country's code."""
    return (phonenumbers.region_code_for_country_code(parsed.country_code or 0),)


def _short_forms(number: str, parsed: PhoneNumber | None) -> tuple[str, ...]:
    """As typed, and behind a country's code: "911" and "+1911"."""
    return (number,) if parsed is None else (number, phonenumbers.national_significant_number(parsed))
