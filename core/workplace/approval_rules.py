"""Which rule asks for approval: those of a record's resource, in their order, the first whose condition holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.kernel.database import Session
from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.kernel.principal import NOBODY, Principal
from core.kernel.privilege import privileged
from core.resources.conditions import Condition, Context
from core.resources.fields import Words
from core.resources.locks import Rules, rules_of
from core.resources.queries import ListRequest, Lists, read_list
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.approval_models import KINDS, ApprovalRule


def find_rule(session: Session, rules: Rules, resource: ResolvedResource, record: Any) -> ApprovalRule | None:
    """The rule that asks for approval of a record; None where none does. `session` reaches beyond anybody's scope."""
    declared = (
        select(ApprovalRule)
        .where(ApprovalRule.resource == resource.key, ApprovalRule.active, ApprovalRule.deleted_at.is_(None))
        .order_by(ApprovalRule.position, ApprovalRule.id)
    )
    for rule in session.scalars(declared):
        if rule.steps and _applies(session, rules, resource, record, rule):
            return rule
    return None


def _applies(session: Session, rules: Rules, resource: ResolvedResource, record: Any, rule: ApprovalRule) -> bool:
    context = _context(rules, session.info.get("principal") or NOBODY)
    request = read_condition_of(rules.resources, resource, rule.condition, context)
    this = replace(request, conditions=(*request.conditions, Condition("id", "eq", (record.id,))))
    # What the submitter does not see counts as well: the rule asks, not he.
    return bool(Lists(rules.resources, resource).ids(privileged(session), this, context, 1))


def _context(rules: Rules, principal: Principal) -> Context:
    zone = ZoneInfo(rules.timezone)
    everything = replace(principal, administrator=True, read_only=False)
    return Context(everything, zone, rules.currency, dt.datetime.now(zone).date())


def read_condition_of(
    resources: Resources, resource: ResolvedResource, condition: str, context: Context
) -> ListRequest:
    """The filters of a condition; a BadRequest says which of them means nothing."""
    pairs = parse_qsl(condition.strip().lstrip("?"), keep_blank_values=False)
    if condition.strip() and not pairs:
        raise BadRequest(
            _("'{text}' is no filter.", text=condition[:80]),
            _("Write it as in the address of a list: {example}.", example="total__gte=50000"),
        )
    return read_list(resources, resource, pairs, context, ("id",))


def find_faults(session: Any, rule: ApprovalRule) -> Mapping[str, Words]:
    """What is wrong with a rule as an administrator wrote it, by field."""
    rules = rules_of(session)
    if rules is None:
        return {}
    resource = rules.resources.find(rule.resource or "")
    known = [each for each in rules.resources.values() if is_approved(each)]
    if resource is None or resource not in known:
        told = ", ".join(each.key for each in known) or "–"
        return {"resource": _("'{key}' is not submitted for approval. These are: {known}.",
                              key=(rule.resource or "")[:80], known=told)}  # fmt: skip
    rule.resource = resource.key
    try:
        read_condition_of(rules.resources, resource, rule.condition or "", _context(rules, NOBODY))
    except BadRequest as fault:
        return {"condition": str(fault)}
    return {}


def is_approved(resource: ResolvedResource) -> bool:
    """Whether records of a resource can be submitted for approval."""
    from core.workplace.approval import Approval

    return bool(resource.declared.of_kind(Approval))


def check_step(_resources: Resources, row: Mapping[str, Any]) -> Mapping[str, Words]:
    """What is wrong with a step of a rule, by field."""
    kind = row.get("kind") or KINDS[1]
    if kind == "person" and not row.get("user"):
        return {"user": _("Choose the person.")}
    if kind == "role" and not row.get("role"):
        return {"role": _("Choose the role.")}
    if kind == "head" and not 1 <= int(row.get("levels") or 1) <= 9:
        return {"levels": _("Give a number from 1 to 9.")}
    return {}
