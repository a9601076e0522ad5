"""Whose the new records of a file are, and whether its importer may make them there."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from core.kernel.access import Principal
from core.kernel.departments import Membership
from core.kernel.guard import covers, department_fits
from core.kernel.i18n import translate as _
from core.kernel.policies import Own
from core.resources.fields import Words
from core.resources.resolved import ResolvedResource

if TYPE_CHECKING:
    from core.resources.importing.judging import Verdict


class Ownership:
    """Completes owner and department of new records as the gate does, and asks whether they lie within reach."""

    def __init__(self, resource: ResolvedResource, principal: Principal) -> None:
        policy = resource.policy
        assert isinstance(policy, Own)
        self._policy = policy
        self._principal = principal
        self._reach = principal.reach(resource.key, "create")
        self._keys = {each.attribute: each.key for each in resource.fields.values() if each.moves}
        self._owner = self._keys.get(policy.people[0], "")
        self._department = self._keys.get(policy.department or "", "")
        self._primary: dict[int, int | None] = {principal.user_id: principal.primary_department}
        self._allowed: dict[tuple[Any, Any], bool] = {}

    def prepare(self, connection: Connection, verdicts: Iterable[Verdict]) -> None:
        """Look up the primary departments of the owners that rows name; on a privileged connection."""
        key = self._owner
        wanted = {verdict.values[key] for verdict in verdicts if key in verdict.values} - self._primary.keys()
        if not wanted:
            return
        statement = select(Membership.user_id, Membership.department_id).where(
            Membership.user_id.in_(wanted), Membership.primary.is_(True), Membership.deleted_at.is_(None)
        )
        self._primary |= dict.fromkeys(wanted) | {row[0]: row[1] for row in connection.execute(statement)}

    def complete(self, verdict: Verdict) -> tuple[int | None, int | None]:
        """Owner and department of the record that a row becomes."""
        owner = verdict.values.get(self._owner)
        department = verdict.values.get(self._department)
        if owner is None and department is None:
            owner = self._principal.user_id
        if department is None and owner is not None and self._policy.department:
            department = self._primary.get(owner)
        return owner, department

    def refusal(self, verdict: Verdict) -> Words:
        """Why the record may not be made; empty where it may."""
        pair = self.complete(verdict)
        allowed = self._allowed.get(pair)
        if allowed is None:
            allowed = self._allowed[pair] = self._fits(*pair)
        return "" if allowed else _("You may not make records for this owner or department.")

    def _fits(self, owner: int | None, department: int | None) -> bool:
        given: dict[str, Any] = dict.fromkeys(self._policy.people)
        given[self._policy.people[0]] = owner
        if self._policy.department:
            given[self._policy.department] = department
        record = SimpleNamespace(**given)
        reach = self._reach
        return covers(self._principal, reach, self._policy, record) and department_fits(
            self._principal, reach, self._policy, record
        )
