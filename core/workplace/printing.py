"""Records on paper: what stands in the document of a record, and its PDF by typst where that is installed.

The content is the same for the print page and for the PDF. A plugin or theme replaces the looks of one resource with the
templates `<plugin>/print_<noun>.html` and `<plugin>/print_<noun>.typ`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

from core.kernel.errors import SopiaError
from core.kernel.i18n import translate as _
from core.kernel.plugins import Setting

ON_PAPER: Final = (
    Setting(
        "company_name",
        default="",
        title=_("Name of the company"),
        help=_("Stands on printed documents. A picture logo.png in the data folder stands beside it."),
    ),
)
"""The settings of printing, for the platform's own plugin."""

LOGOS: Final = ("logo.png", "logo.jpg")
"""Files in the data folder, the first of which stands on every document."""

FONTS: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "Noto Serif CJK SC",
    "WenQuanYi Zen Hei", "SimHei", "SimSun",
)  # fmt: skip
"""Fonts with Chinese characters, the first of them that is installed is taken."""

TEMPLATE: Final = Path(__file__).parent / "printing.typ"


class PdfNotInstalled(SopiaError):
    """The part that makes PDFs is not installed."""

    status: ClassVar[int] = 501

    def __init__(self) -> None:
        super().__init__(
            _("The support for PDF is not installed."), _("Install it: pip install 'sopia[pdf]', or print the page.")
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its name and its value in words; `capitals` is an amount in Chinese capitals."""

    title: str
    text: str
    capitals: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Fields under one heading."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the record: the lines of an order."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[bool] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Printed:
    """Everything that stands on the paper."""

    title: str
    kind: str
    number: str
    company: str
    parts: Sequence[Part]
    tables: Sequence[Table]
    foot: str
    locale: str


@lru_cache(maxsize=1)
def makes_pdf() -> bool:
    """Whether typst is installed."""
    return find_spec("typst") is not None


def logo_of(folder: Path) -> Path | None:
    """The company's logo in the data folder; None where there is none."""
    return next((folder / name for name in LOGOS if (folder / name).is_file()), None)


def logo_address(folder: Path) -> str:
    """The logo as an address that holds the picture itself; "" where there is none."""
    logo = logo_of(folder)
    if logo is None or logo.stat().st_size > 500_000:
        return ""
    kind = "png" if logo.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(logo.read_bytes()).decode()}"


def pdf(printed: Printed, folder: Path, template: Path | None = None) -> bytes:
    """The document as a PDF. Values reach typst as data, so none of them is ever read as its language."""
    if not makes_pdf():
        raise PdfNotInstalled
    typst: Any = import_module("typst")
    logo = logo_of(folder)
    inputs = {
        "document": json.dumps(asdict(printed), ensure_ascii=False),
        "fonts": json.dumps(FONTS),
        "logo_bytes": json.dumps(list(logo.read_bytes())) if logo and logo.stat().st_size < 500_000 else "",
    }
    made: bytes = typst.compile((template or TEMPLATE).read_bytes(), sys_inputs=inputs)
    return made
