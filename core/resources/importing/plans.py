"""What an import is to do: which column is which field, how rows are recognised, what happens to those that exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import translate as _

Mode = Literal["create", "update", "both"]
"""Whether rows become new records, change present ones, or either."""

Same = Literal["skip", "update", "create"]
"""What happens to a row that is probably the same as a record that exists: it is left out, changes it, or is made
anyway."""

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
SAMES: Final[tuple[Same, ...]] = get_args(Same)


@dataclass(frozen=True)
class Plan:
    """How a file is read and what becomes of its rows."""

    resource: str
    columns: Mapping[int, str] = field(default_factory=dict)
    """The path of the field by the position of the column; columns that are not named are left out."""
    mode: Mode = "create"
    key: str = ""
    """The path by which a row's record is recognised; empty: by the resource's rule of duplicates alone."""
    same: Same = "skip"
    new_words: bool = True
    """Whether words that a dictionary does not know are put into it, by those who may."""
    encoding: str = ""
    sheet: str = ""

    def to_json(self) -> dict[str, Any]:
        """The plan as it is kept."""
        return {**self.__dict__, "columns": {str(index): path for index, path in self.columns.items()}}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Plan:
        """The plan as it was kept."""
        return cls(**{**kept, "columns": {int(index): path for index, path in kept["columns"].items()}})

    def check(self) -> None:
        """Refuse words that mean nothing, with the name of the parameter."""
        faults = []
        if self.mode not in MODES:
            faults.append(_choice("mode", self.mode, MODES))
        if self.same not in SAMES:
            faults.append(_choice("same", self.same, SAMES))
        if self.mode == "update" and not self.key:
            faults.append(FieldError("key", _("To change records, say by which field they are recognised.")))
        if self.key and self.key not in self.columns.values():
            faults.append(FieldError("key", _("No column of the file is the field '{field}'.", field=self.key)))
        doubled = {path for path in self.columns.values() if list(self.columns.values()).count(path) > 1}
        faults += [FieldError("map", _("Two columns are the field '{field}'.", field=path)) for path in sorted(doubled)]
        if not self.columns:
            faults.append(FieldError("map", _("No column of the file is a field. Choose one for each that matters.")))
        if faults:
            raise Invalid(faults)


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> FieldError:
    return FieldError(name, _("'{value}' is not among: {allowed}.", value=value[:20], allowed=", ".join(allowed)))
