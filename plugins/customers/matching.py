"""By what two customers are recognised as the same firm: the name without its legal form, the digits of the phone."""

from __future__ import annotations

from sopia import values


def name_key(name: str) -> str:
    """The comparable part of a firm's name: 北京市云图科技有限公司（总部） and 北京云图科技有限公司 have the same."""
    return values.normalise_name(name)


def phone_key(number: str) -> str:
    """The digits of a phone number without the prefix of the country; empty for what is no number."""
    try:
        found = values.phone(number)
    except values.ValueFault:
        return ""
    return found.key if found else ""
