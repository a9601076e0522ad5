"""Static files: held in memory, packed once at the start, and addressed by their content so that browsers keep them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.kernel.errors import ConfigurationError
from core.kernel.i18n import translate as _

PREFIX = "/static/"

LARGEST = 4 * 1024 * 1024
"""Bytes of one static file. What is larger belongs into the storage of files."""

PACKED = ("text/", "application/json", "image/svg+xml", "application/manifest+json")

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".rules": "application/speculationrules+json",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}

FOREVER = b"public, max-age=31536000, immutable"
ASK_AGAIN = b"no-cache"

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, as it is and packed."""

    content: bytes
    packed: bytes
    etag: bytes
    kind: bytes


class Statics:
    """The static files of one generation. The first folder that has a file wins: themes, then plugins, then our own.

    Addresses carry one hash of all files, so that modules and style sheets find each other by relative addresses.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._assets: dict[str, Asset] = {}
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                if path.is_file() and name not in self._assets and not name.startswith("."):
                    self._assets[name] = _load(path)
        everything = hashlib.sha256()
        for name, asset in sorted(self._assets.items()):
            everything.update(name.encode() + asset.etag)
        self.version = everything.hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file: `url("css/base.css")`."""
        return f"{PREFIX}{self.version}/{name}"

    def __contains__(self, name: str) -> bool:
        return name in self._assets

    def answer(self, path: str, headers: Mapping[bytes, bytes]) -> tuple[int, Headers, bytes] | None:
        """Status, headers and body for a path under `/static/`; None where there is no such file."""
        version, _slash, name = path[len(PREFIX) :].partition("/")
        asset = self._assets.get(name)
        if asset is None:
            return None
        # A page of the generation before may still ask; it gets the present file, but must not keep it under that name.
        keep = FOREVER if version == self.version else ASK_AGAIN
        common = [(b"etag", asset.etag), (b"cache-control", keep), (b"vary", b"Accept-Encoding")]
        if asset.etag in headers.get(b"if-none-match", b""):
            return 304, common, b""
        common += [(b"content-type", asset.kind), *SAFE]
        if asset.packed and b"gzip" in headers.get(b"accept-encoding", b""):
            return 200, [*common, (b"content-encoding", b"gzip"), _length(asset.packed)], asset.packed
        return 200, [*common, _length(asset.content)], asset.content


SAFE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
]
"""An SVG opened by itself is a document; it must not run what somebody drew into it."""


def _load(path: Path) -> Asset:
    content = path.read_bytes()
    if len(content) > LARGEST:
        raise ConfigurationError(
            _("The static file '{path}' is larger than {most} MB.", path=path, most=LARGEST // 1024**2),
            _("Make it smaller, or keep it in the storage of files."),
        )
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(content, 9, mtime=0) if kind.startswith(PACKED) and len(content) > 256 else b""
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'.encode()
    return Asset(content, packed if len(packed) < len(content) else b"", etag, kind.encode())


def _length(content: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", str(len(content)).encode())
