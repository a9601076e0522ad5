"""The door for plugins: every name that a plugin may use, built-in or not. Nothing else of the platform is promised."""

from core.kernel.database import Model, Session
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
from core.kernel.plugins import Plugin, Setting
from core.kernel.policies import Attached, Private, Public, Restrict, Scoped, Sealed, Through
from core.kernel.types import Instant, Money, MoneyType, link

__all__ = [
    "Attached",
    "BadRequest",
    "Conflict",
    "FieldError",
    "Forbidden",
    "Instant",
    "Invalid",
    "Model",
    "Money",
    "MoneyType",
    "NotFound",
    "Plugin",
    "Private",
    "Public",
    "Restrict",
    "Scoped",
    "Sealed",
    "Session",
    "Setting",
    "SopiaError",
    "Stale",
    "Text",
    "Through",
    "link",
    "translate",
    "translate_plural",
    "translator",
]
