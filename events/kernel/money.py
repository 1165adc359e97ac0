"""Money is a whole number of minor units and an ISO 4217 code; only the screen shows decimals."""

from decimal import Decimal

from babel.numbers import format_currency

from events.kernel.texts import babel_locale

# Digits after the decimal point (ISO 4217); currencies not listed have two.
EXPONENTS = {"KRW": 0, "JPY": 0, "VND": 0, "CLP": 0, "ISK": 0}
CURRENCIES = ("KRW", "CNY", "JPY", "USD", "EUR", "TWD", "HKD", "SGD", "GBP", "VND")


def exponent_of(currency: str) -> int:
    """How many decimals the currency has."""
    return EXPONENTS.get(currency, 2)


def to_decimal(minor: int, currency: str) -> Decimal:
    """1250 CNY minor units -> Decimal("12.50")."""
    return Decimal(minor).scaleb(-exponent_of(currency))


def format_money(minor: int, currency: str, language: str) -> str:
    """The amount as its reader writes it: `6,500원` in Korean, `₩6,500` elsewhere."""
    amount = to_decimal(minor, currency)
    if language == "ko" and currency == "KRW":
        return f"{minor:,}원"
    return str(format_currency(amount, currency, locale=babel_locale(language)))
