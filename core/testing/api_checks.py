"""Checks of a plugin's resources from outside: what the API takes it gives back, and who may not gets no hint."""

from __future__ import annotations

from typing import Any

import pytest

from core.kernel.access import load_principal
from core.kernel.platform import Platform
from core.testing.client import Answer, Client
from core.testing.standing import SignIn, Standing
from core.testing.typed import same, typed_fields, typed_value, typed_values

API = "/api/v1"
NOWHERE = 999_999_999


class ApiChecks(Standing):
    """Create, read, change, delete and restore by the API; refusals that tell nothing."""

    def test_what_is_created_by_the_api_is_read_changed_deleted_and_restored(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        client, person = signed_in("owner", "administrator")
        for resource in self.typed(resources):
            sent, made = self.created(installed_platform, client, resource, person)
            url = f"{API}/{resource.address}/{made['id']}"
            read = client.get(url).json
            fields = resource.fields
            assert [key for key, value in sent.items() if not same(fields[key], value, read[key])] == [], url
            self._change(client, resource, url, sent, read)
            before = client.get(url)
            if not resource.has_bin:
                continue
            assert (url, client.send("DELETE", url).status) == (url, 204)
            assert client.get(url).status == 404
            restored = client.send("POST", f"{url}/restore")
            assert (url, restored.status) == (url, 200)
            assert _lasting(restored.json) == _lasting(before.json)

    def test_the_api_answers_a_stranger_as_if_there_were_nothing(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        _client, owner = signed_in("owner", "member")
        stranger, _person = signed_in("stranger", "member")
        for resource in (one for one in resources if one.scoped):
            (record,) = self.make_all(installed_platform, resource, owner)
            for method, end, body in _requests(resource):
                answers = [
                    stranger.send(method, f"{API}/{resource.address}/{key}{end}", body, if_match="1")
                    for key in (record, NOWHERE)
                ]
                assert [answer.status for answer in answers] == [404, 404], f"{method} {resource.address}{end}"
                assert _told(answers[0], record) == _told(answers[1], NOWHERE), f"{method} {resource.address}{end}"

    @pytest.mark.sqlite
    def test_the_api_refuses_whole_functions_to_whoever_has_no_role(
        self, installed_platform: Platform, resources: list[Any], signed_in: SignIn
    ) -> None:
        _owner, owner = signed_in("owner", "administrator")
        nobody, _person = signed_in("nobody")
        for resource in resources:
            (record,) = self.make_all(installed_platform, resource, owner)
            url = f"{API}/{resource.address}"
            asked = [("GET", url), ("GET", f"{url}/{record}"), ("GET", f"{url}/export")]
            if not resource.read_only:
                asked += [("POST", url), ("PATCH", f"{url}/{record}")]
                asked += [("DELETE", f"{url}/{record}")] if resource.has_bin else []
                asked += [("POST", f"{url}/{record}/actions/{each.name}") for each in resource.actions]
            for method, address in asked:
                body: Any = {} if method in ("POST", "PATCH") else None
                answer = nobody.send(method, address, body, if_match="1")
                assert (method, address, answer.status) == (method, address, 403)

    # ------------------------------------------------------------------------------------------------ making records

    def typed(self, resources: list[Any]) -> list[Any]:
        """The resources whose records somebody types."""
        return [one for one in resources if not one.read_only and one.key not in self.not_by_hand]

    def created(
        self, platform: Platform, client: Client, resource: Any, person: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """A record made by the API from made-up values: what was sent, and the answer."""
        with platform.database.system("records for the checks") as session:
            principal = load_principal(session.connection(), person)
            given = self.values(session, resource, person)

            def make_target(key: str) -> int | None:
                target = platform.above.get(key)
                return int(self.make(session, target.model, person).id) if target is not None else None

            fields = typed_fields(resource, principal)
            sent = typed_values(fields, given, make_target)
        required = {each.key for each in fields if each.required} | given.keys()
        while True:
            answer = client.send("POST", f"{API}/{resource.address}", sent)
            wrong = {each["field"] for each in answer.json.get("errors", ())} & (sent.keys() - required)
            if answer.status != 422 or not wrong:
                break
            # What is not needed may have rules that a made-up value does not keep.
            sent = {key: value for key, value in sent.items() if key not in wrong}
        assert answer.status == 201, f"{resource.key} {sent}: {answer.text}\nSay what it needs: override `values`."
        return sent, answer.json

    def _change(self, client: Client, resource: Any, url: str, sent: dict[str, Any], read: dict[str, Any]) -> None:
        """Change the first field for which another value can be made up."""
        for key in sent:
            field = resource.fields[key]
            value = typed_value(field)
            if value is None or field.kind in ("choice", "boolean", "colour") or same(field, value, read[key]):
                continue
            stale = client.send("PATCH", url, {key: value}, if_match=str(read["version"] + 7))
            assert (url, stale.status) == (url, 412)
            changed = client.send("PATCH", url, {key: value}, if_match=str(read["version"]))
            if changed.status == 422:
                continue
            assert (url, key, changed.status) == (url, key, 200), changed.text
            assert same(field, value, changed.json[key]), f"{url} {key}"
            return


def _lasting(told: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in ("version", "updated_at")}


def _requests(resource: Any) -> list[tuple[str, str, Any]]:
    """Everything that can be asked of one record."""
    asked: list[tuple[str, str, Any]] = [("GET", "", None)]
    if not resource.read_only:
        asked += [("PATCH", "", {})]
        asked += [("DELETE", "", None), ("POST", "/restore", None)] if resource.has_bin else []
        asked += [("POST", f"/actions/{each.name}", {}) for each in resource.actions if each.allow == "edit"]
    return asked


def _told(answer: Answer, key: int) -> str:
    return answer.text.replace(str(key), "KEY")
