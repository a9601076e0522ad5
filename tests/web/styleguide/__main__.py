"""Serve the style guide: `python -m tests.web.styleguide [port]`."""

import sys

import uvicorn

from tests.web.styleguide.app import make_app

uvicorn.run(make_app(), port=int(sys.argv[1]) if len(sys.argv) > 1 else 8765, log_level="warning")
