"""The checks that every plugin gets for two lines: `class TestVisits(PluginChecks): plugin = "visits"`.

They run on SQLite and PostgreSQL, in an installation with the plugin and what it requires, and with nothing else.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from core.kernel import autogenerate, migrations
from core.kernel.access import load_principal
from core.kernel.database import Database
from core.kernel.platform import Platform
from core.kernel.plugins import Plugin, table_of
from core.kernel.privilege import privileged
from core.testing.coming_checks import ComingChecks
from core.testing.standing import SignIn, with_required
from core.testing.statements import counted
from core.testing.wording import untranslated
from core.web.routing import Everybody

MOST_STATEMENTS = 30
"""A list page that takes more than this asks the database in a loop."""

NONCE = re.compile(rb'nonce="?[\w+/=-]+"?|nonce-[\w+/=-]+')


class PluginChecks(ComingChecks):
    """What must hold for every plugin. Say `plugin = "name"`; override `make` where records need more than values."""

    # ------------------------------------------------------------ the declaration

    def test_it_starts_with_only_what_it_requires(self, installed_platform: Platform) -> None:
        assert not installed_platform.registry.broken
        assert set(with_required(self.plugin)) <= set(installed_platform.registry.names)

    def test_it_starts_a_second_time(self, installed_platform: Platform) -> None:
        from core.kernel.platform import rebuild

        assert rebuild(installed_platform).registry.names == installed_platform.registry.names

    @pytest.mark.sqlite
    def test_it_says_what_it_is(self, declared: Plugin) -> None:
        assert str(declared.title)
        assert declared.version

    def test_its_tables_bear_its_name(self, installed_platform: Platform) -> None:
        tables = [
            table_of(model) for model, plugin in installed_platform.registry.models.items() if plugin == self.plugin
        ]
        assert [table for table in tables if not table.startswith(f"{self.plugin}_")] == []

    def test_its_models_say_who_may_see_them(self, installed_platform: Platform) -> None:
        models = [model for model, plugin in installed_platform.registry.models.items() if plugin == self.plugin]
        assert [model.__name__ for model in models if getattr(model, "__policy__", None) is None] == []

    @pytest.mark.sqlite
    def test_it_imports_nothing_of_the_platform_but_the_door(self, declared: Plugin) -> None:
        assert [line for path in _sources(declared) for line in _imports_of_the_platform(path)] == []

    @pytest.mark.sqlite
    def test_its_routes_say_what_they_need(self, installed_platform: Platform) -> None:
        routes = [route for plugin, route in installed_platform.registry.routes if plugin == self.plugin]
        assert [route.path for route in routes if route.allow is None] == []

    # ------------------------------------------------------------ its tables

    def test_its_models_match_its_migrations(self, installed_platform: Platform) -> None:
        with installed_platform.database.transaction(write=False) as connection:
            assert autogenerate.differences(connection, self.plugin) == []

    def test_its_tables_go_and_come_back(self, installed_platform: Platform, own_url: str) -> None:
        history = migrations.History(self.plugin, installed_platform.registry.migrations.get(self.plugin))
        tables = {table.name for table in autogenerate.tables_of(self.plugin)}
        database = Database(own_url)
        with migrations.migration(database) as connection:
            before = migrations.catalogue(connection, only=self.plugin)
            migrations.downgrade(connection, history)
            assert not tables & set(inspect(connection).get_table_names())
            migrations.upgrade(connection, history)
            after = migrations.catalogue(connection, only=self.plugin)
        database.dispose()
        assert {name: after.get(name) for name in tables} == {name: before.get(name) for name in tables}

    # ------------------------------------------------------------ its pages

    def test_every_page_answers_the_owner(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        client, owner = signed_in("owner", "administrator")
        for resource in resources:
            (record,) = self.make_all(installed_platform, resource, owner)
            for page in _pages(resource, record):
                assert (page, client.get(page).status) == (page, 200)

    def test_a_stranger_gets_the_answer_for_what_is_missing(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        _, owner = signed_in("owner", "member")
        stranger, _ = signed_in("stranger", "member")
        for resource in (one for one in resources if one.scoped):
            (record,) = self.make_all(installed_platform, resource, owner)
            for foreign, missing in zip(_pages(resource, record), _pages(resource, 999_999_999), strict=True):
                if str(record) not in foreign:
                    continue
                answers = [stranger.get(foreign), stranger.get(missing)]
                assert [answer.status for answer in answers] == [404, 404], foreign
                bodies = [
                    _masked(answer.text.encode(), key)
                    for answer, key in zip(answers, (record, 999_999_999), strict=True)
                ]
                assert bodies[0] == bodies[1], foreign

    @pytest.mark.sqlite
    def test_whoever_has_no_role_is_refused(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        _client, owner = signed_in("owner", "administrator")
        nobody, _person = signed_in("nobody")
        for resource in resources:
            (record,) = self.make_all(installed_platform, resource, owner)
            for page in (*_pages(resource, record), f"{resource.url}/export"):
                assert (page, nobody.get(page).status) == (page, 403)
        for plugin, route in installed_platform.registry.routes:
            if plugin == self.plugin and not isinstance(route.allow, Everybody) and "GET" in route.methods:
                page = f"/{plugin}{re.sub(r'{[^}]*}', '1', route.path)}"
                assert (page, nobody.get(page).status) == (page, 403)

    def test_a_list_takes_as_many_statements_for_fifty_rows_as_for_five(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        client, owner = signed_in("owner", "administrator")
        for resource in resources:
            self.make_all(installed_platform, resource, owner, 5)
            client.get(resource.url)  # the first time fills what is remembered
            with counted() as few:
                assert client.get(resource.url).status == 200
            self.make_all(installed_platform, resource, owner, 45)
            client.get(resource.url)
            with counted() as many:
                assert client.get(resource.url).status == 200
            # A list longer than a page is counted as well.
            assert len(many) <= min(len(few) + 1, MOST_STATEMENTS), f"{resource.url}:\n" + "\n".join(many)
            with counted() as told:
                assert client.get(f"/api/v1/{resource.address}", {"limit": "50"}).status == 200
            with counted() as short:
                assert client.get(f"/api/v1/{resource.address}", {"limit": "5"}).status == 200
            assert len(told) <= len(short), f"/api/v1/{resource.address}:\n" + "\n".join(told)

    # ------------------------------------------------------------ its hooks

    def test_what_it_does_for_many_records_is_what_it_does_for_one(
        self, installed_platform: Platform, signed_in: SignIn
    ) -> None:
        hooks = installed_platform.registry.hooks
        resources = [
            one for one in installed_platform.above.values() if self.plugin in hooks.concerned("on_many", one.key)
        ]
        if not resources:
            return
        _client, owner = signed_in("owner", "administrator")
        for resource in resources:
            ids = self.make_all(installed_platform, resource, owner, 3)
            each = self._after(installed_platform, resource, ids, owner, together=False)
            assert self._after(installed_platform, resource, ids, owner, together=True) == each, resource.key

    def _after(self, platform: Platform, resource: Any, ids: list[int], owner: int, *, together: bool) -> list[Any]:
        """New records as the plugin leaves them, told of them singly or together; they stay as they were."""
        hooks, columns = platform.registry.hooks, resource.table.c
        others = set(platform.registry.names) - {self.plugin}
        with platform.database.transaction(write=False) as connection:
            principal = load_principal(connection, owner)
        told = {"but": others, "principal": principal, "resource": resource.key, "action": "create"}
        with platform.gate.session(principal, write=True) as session:
            trial = session.begin_nested()
            if together:
                assert hooks.react("on_many", session=session, ids=ids, **told) == []
            for record_id in () if together else ids:
                record = session.get_one(resource.model, record_id)
                assert hooks.react("on_change", session=session, record=record, **told) == []
            session.flush()
            kept = [column for column in columns if column.name not in ("version", "updated_at")]
            wanted = select(*kept).where(columns.id.in_(ids)).order_by(columns.id)
            found = [tuple(row) for row in privileged(session).execute(wanted)]
            trial.rollback()
        return found

    # ------------------------------------------------------------ its words and looks

    @pytest.mark.sqlite
    def test_every_template_compiles(self, declared: Plugin) -> None:
        from jinja2 import Environment

        environment = Environment()  # without extensions, as the one that draws them
        for path in (declared.folder / "templates").rglob("*.html") if declared.folder else ():
            environment.parse(path.read_text("utf-8"), str(path))

    @pytest.mark.sqlite
    def test_every_text_is_translated(self, declared: Plugin) -> None:
        if declared.folder is None:
            pytest.skip("a plugin of one file has no catalogue")
        for locale in self.locales:
            catalogue = declared.folder / "locale" / locale / "LC_MESSAGES" / f"{self.plugin}.po"
            missing = untranslated(declared.folder, catalogue)
            assert [f"{text.place}: {text.source}" for text in missing] == []


def _pages(resource: Any, record: int) -> list[str]:
    """The pages that can be looked at, of a resource and of one record."""
    pages = [resource.url, f"{resource.url}/{record}"]
    return pages if resource.read_only else [*pages, f"{resource.url}/new", f"{resource.url}/{record}/edit"]


def _masked(body: bytes, key: int) -> bytes:
    return re.sub(rb"/%d\b" % key, b"/KEY", NONCE.sub(b"nonce", body))


def _sources(plugin: Plugin) -> Iterator[Path]:
    if plugin.folder is not None:
        yield from sorted(plugin.folder.rglob("*.py"))
    else:
        yield Path(str(sys.modules[plugin.module].__file__))


def _imports_of_the_platform(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        modules += [name.name for name in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            # Tests of a plugin may use the kit.
            if module.partition(".")[0] == "core" and not module.startswith("core.testing"):
                yield f"{path}:{node.lineno} imports {module}; use sopia"
