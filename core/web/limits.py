"""How much of what a request may bring, before anybody looks at it."""

BODY = 1024 * 1024
"""Bytes of a form or of JSON."""

UPLOAD = 64 * 1024 * 1024
"""Bytes of a request to a route that takes files."""

HEADERS = 32 * 1024
"""Bytes of all headers together."""

ADDRESS = 8 * 1024
"""Bytes of path and query: the state of a list with all its filters fits well into it."""

FIELDS = 5000
"""Fields of a form: a role has one for each resource and action."""

FILES = 20
"""Files in one form."""

FIELD = 256 * 1024
"""Bytes of one field of a form with files."""

JSON_DEPTH = 32
"""Brackets within brackets."""

PATIENCE = 20.0
"""Seconds without a byte after which a body counts as given up."""
