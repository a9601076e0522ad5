"""The door for plugins: every name that a plugin may use, built-in or not. Nothing else of the platform is promised."""

from core.kernel.errors import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    SopiaError,
    Stale,
)
from core.kernel.i18n import Text, translate, translate_plural, translator
from core.kernel.types import Instant, Money, MoneyType, link

__all__ = [
    "BadRequest",
    "Conflict",
    "FieldError",
    "Forbidden",
    "Instant",
    "Invalid",
    "Money",
    "MoneyType",
    "NotFound",
    "SopiaError",
    "Stale",
    "Text",
    "link",
    "translate",
    "translate_plural",
    "translator",
]
