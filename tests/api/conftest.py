"""The API of an application over a fresh database."""

from tests.web.conftest import admin, application, member, platform, settings, visitor

__all__ = ["admin", "application", "member", "platform", "settings", "visitor"]
