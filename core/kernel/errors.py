"""Every error that Sopia raises on purpose, each with the sentence that tells the way out.

The web and the API turn `status` into the answer; the command line prints the message and the remedy and ends with 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from core.kernel.i18n import Text
from core.kernel.i18n import translate as _

Words = Text | str


class SopiaError(Exception):
    """Something that the person in front of it can understand and mend."""

    status: ClassVar[int] = 500

    def __init__(self, message: Words, remedy: Words = "") -> None:
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ConfigurationError(SopiaError):
    """The installation is set up wrongly; found at start-up or by a command."""


class PluginError(ConfigurationError):
    """A plugin is missing, broken, or does not fit to the others."""


class GateRefused(SopiaError):
    """Code asked a scoped session for something that the gate cannot scope: a fault of the program, not of its user."""


class BadRequest(SopiaError):
    """The request cannot be understood: an unknown field, a broken cursor, a malformed filter."""

    status = 400


class Forbidden(SopiaError):
    """A whole function is not granted. Single records out of scope are `NotFound` instead."""

    status = 403

    def __init__(self, message: Words = "", remedy: Words = "") -> None:
        super().__init__(
            message or _("You may not use this function."),
            remedy or _("Ask an administrator for the permission."),
        )


class NotFound(SopiaError):
    """Missing or out of scope. It always says the same words, so that nobody learns which of the two it is."""

    status = 404

    def __init__(self) -> None:
        super().__init__(
            _("There is nothing here."),
            _("It may have been deleted, or you may not see it."),
        )


class Conflict(SopiaError):
    """A rule of the business forbids it: a credit limit, an over-allocation, a record that others still need."""

    status = 409


class Stale(SopiaError):
    """Somebody else has changed the record in the meantime."""

    status = 412

    def __init__(self, message: Words = "", remedy: Words = "") -> None:
        super().__init__(
            message or _("Somebody else has changed this record in the meantime."),
            remedy or _("Load it again, then repeat your change."),
        )


class TooLarge(SopiaError):
    """What was sent is larger than what is accepted."""

    status = 413


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, in words for the person who filled it in."""

    field: str
    message: Words


class Invalid(SopiaError):
    """The values sent do not pass; `errors` says field by field why. A field of "" means the whole record."""

    status = 422

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors: tuple[FieldError, ...] = tuple(errors)
        super().__init__(_("Some values are not accepted."), _("Correct the fields named and send again."))

    def __reduce__(self) -> tuple[type[Invalid], tuple[tuple[FieldError, ...]]]:
        # The caller may have handed over a generator, which cannot be pickled.
        return (type(self), (self.errors,))

    def __str__(self) -> str:
        return "; ".join(f"{e.field}: {e.message}" if e.field else str(e.message) for e in self.errors)


class PreconditionRequired(SopiaError):
    """A change came without the version it is based on."""

    status = 428

    def __init__(self, message: Words = "", remedy: Words = "") -> None:
        super().__init__(
            message or _("The version of the record is missing."),
            remedy or _("Send the header If-Match with the record's version."),
        )


class TooManyRequests(SopiaError):
    """Too many attempts; `retry_after` is the number of seconds to wait."""

    status = 429

    def __init__(self, retry_after: int = 60) -> None:
        self.retry_after = retry_after
        super().__init__(_("Too many attempts."), _("Wait {seconds} seconds, then try again.", seconds=retry_after))
