"""Checks of what comes and goes: files in and out, demo data, and the plugin itself."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, inspect, select

from core.kernel.access import load_principal
from core.kernel.i18n import activate
from core.kernel.platform import Platform
from core.testing.api_checks import API, ApiChecks
from core.testing.client import Client
from core.testing.plugin import opened_platform
from core.testing.standing import SignIn
from core.testing.typed import same

ROWS = 3


class ComingChecks(ApiChecks):
    """A file brings back what it was written from; demo data goes again; the plugin goes and loses nothing."""

    @pytest.mark.sqlite
    def test_what_is_exported_is_imported_again(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        from core.resources.importing.imports import Imports

        client, person = signed_in("owner", "administrator")
        with installed_platform.database.transaction(write=False) as connection:
            principal = load_principal(connection, person)
        for resource in self.typed(resources):
            made = [self.created(installed_platform, client, resource, person) for _number in range(ROWS)]
            paths = [key for key in made[0][0] if all(key in sent for sent, _answer in made)]
            url = f"{API}/{resource.address}"
            file = self._exported(client, url, paths, [answer["id"] for _sent, answer in made])
            for _sent, answer in made:
                if resource.has_bin:
                    assert client.send("DELETE", f"{url}/{answer['id']}").status == 204
            imports = Imports(installed_platform)
            brought = imports.bring(principal, resource, BytesIO(file), f"{resource.key}.csv")
            targets = imports.targets(brought, principal)
            needed = {key for key, each in resource.fields.items() if each.required and not each.readonly}
            if not needed <= targets.keys() or not resource.has_bin:
                continue  # what a file cannot hold is made by hand
            with activate(installed_platform.catalogues, installed_platform.settings.locale):
                taken = self._taken(imports, brought, principal, paths, targets)  # in the language of the file
            assert (resource.key, taken.created, self._faults(installed_platform, taken)) == (resource.key, ROWS, [])
            found = client.get(url, {"sort": "-created_at", "limit": str(ROWS)}).json["items"]
            for key in (key for key in paths if key in targets and not resource.fields[key].many):
                field = resource.fields[key]
                for sent, _answer in made:
                    assert any(same(field, sent[key], item[key]) for item in found), f"{resource.key}.{key}"

    def _exported(self, client: Client, url: str, paths: list[str], ids: list[int]) -> bytes:
        query = {"format": "csv", "columns": ",".join(paths), "id__in": ",".join(map(str, ids))}
        answer = client.get(f"{url}/export", query)
        assert (url, answer.status) == (url, 200), answer.text
        assert len(answer.text.splitlines()) >= ROWS + 1
        return answer.text.encode("utf-8-sig")

    def _taken(self, imports: Any, brought: Any, principal: Any, paths: list[str], targets: Any) -> Any:
        from dataclasses import replace

        # The first column is the record's number.
        columns = {place: key for place, key in enumerate(paths, 1) if key in targets}
        brought = imports.plan(brought, replace(brought.plan, columns=columns, mode="create"), principal)
        return imports.run(brought.id, brought.user_id)

    def _faults(self, platform: Platform, taken: Any) -> list[str]:
        from core.resources.importing import kept

        with platform.database.transaction(write=False) as connection:
            return [kept.in_words(taken, row) for row in kept.rows(connection, taken) if row.state != "done"]

    def test_demo_data_comes_and_goes_without_a_trace(self, installed_platform: Platform) -> None:
        from core.workplace import demo

        if installed_platform.registry.plugin(self.plugin).demo is None:
            return
        before = self._counts(installed_platform)
        database, above = installed_platform.database, installed_platform.above
        demo.make(database, installed_platform.registry, above, size=20, seed=7)
        # A bridge has no tables of its own: what it makes are records of the plugins that it joins.
        assert not before or sum(self._counts(installed_platform).values()) > sum(before.values())
        demo.remove(database, above)
        assert self._counts(installed_platform) == before

    def _counts(self, platform: Platform) -> dict[str, int]:
        """How many rows the tables of the plugin have, search indexes included."""
        with platform.database.transaction(write=False) as connection:
            tables = [table for table in _tables(platform) if inspect(connection).has_table(table.name)]
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in tables
                if table.name.startswith(f"{self.plugin}_")
            }

    def test_parked_it_is_gone_and_enabled_again_nothing_is_lost(
        self,
        installed_platform: Platform,
        installation_url: str,
        installed_plugins: tuple[str, ...],
        resources: list[Any],
        signed_in: SignIn,
        tmp_path: Path,
        pytestconfig: pytest.Config,
    ) -> None:
        from core.web.app import Application

        client, owner = signed_in("owner", "administrator")
        records = {one: self.make_all(installed_platform, one, owner)[0] for one in resources}
        urls = [f"{API}/{one.address}/{record}" for one, record in records.items()]
        before = [client.get(url).json for url in urls]
        rest = tuple(name for name in installed_plugins if name != self.plugin)
        with opened_platform(installation_url, tmp_path, rest, pytestconfig) as without:
            parked = Client(Application(without, works=False))
            parked.cookies = client.cookies
            assert self._traces(parked, records) == []
        with opened_platform(installation_url, tmp_path, installed_plugins, pytestconfig) as again:
            returned = Client(Application(again, works=False))
            returned.cookies = client.cookies
            assert [returned.get(url).json for url in urls] == before

    def _traces(self, client: Client, records: dict[Any, int]) -> list[str]:
        """Where a plugin that is off can still be seen."""
        pages = [url for one, key in records.items() for url in (one.url, f"{one.url}/{key}", f"{API}/{one.address}")]
        left = [url for url in pages if client.get(url).status != 404]
        home = client.get("/")
        assert home.status == 200
        left += ["the menu"] if f'href="/{self.plugin}/' in home.text else []
        told = client.get(f"{API}/openapi.json").json
        left += [path for path in told["paths"] if path.startswith(f"{API}/{self.plugin}/")]
        words = {one.key: one.key.partition(".")[2][:3] for one in records}
        for key, word in words.items():
            left += [f"search for {key}"] if f'href="/{self.plugin}/' in client.get("/search", {"q": word}).text else []
        return left


def _tables(platform: Platform) -> list[Any]:
    return [model.__table__ for model in platform.registry.models]
