"""People, permission, database, storage and hooks: the floor that knows no business and no web."""

import sys

# structlog takes Rich along where it is installed, for colourful tracebacks that show the values of all variables. Those
# are not for a log, and loading them is a twentieth of a start. Whoever imports Rich later gets it.
if "structlog" not in sys.modules and "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import structlog as _structlog  # noqa: F401
    finally:
        del sys.modules["rich"]
