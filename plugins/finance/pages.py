"""The pages that no list can be: allocation, ageing, running account, profit by deal, the business situation."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from plugins.customers.models import Party
from plugins.finance import deal, figures, services
from plugins.finance.models import Expense, Payment, Receipt, Receivable
from plugins.finance.services import IN, OUT, Side
from sopia import BadRequest, Conflict, Invalid, MenuEntry, NotFound, Route, charts, formats, values
from sopia import translate as _

GROUP = _("Finance")
KINDS = {
    "receivable": _("Receivable"),
    "receipt": _("Receipt"),
    "receipt_countered": _("Receipt countered"),
    "payable": _("Payable"),
    "payment": _("Payment"),
    "payment_countered": _("Payment countered"),
}
SIDES = {"receivables": IN, "payables": OUT}


def money_of(request: Any) -> Any:
    """How amounts are written for the reader."""
    currency = request.platform.settings.currency
    return lambda minor: formats.money(minor, currency)


def today_of(request: Any) -> date:
    """The reader's day."""
    day: date = datetime.now(request.timezone).date()
    return day


def address(path: str, **given: Any) -> str:
    """An address with what is given behind the question mark."""
    told = [(name, each) for name, each in given.items() if each not in (None, "")]
    return f"{path}?{urlencode(told)}" if told else path


def day_of(request: Any, name: str, usual: date) -> date:
    """A day among the fields of the address."""
    text = request.query.get(name)
    try:
        return (values.date(text) if text else None) or usual
    except values.ValueFault as fault:
        raise BadRequest(fault.message) from None


def period_of(request: Any, usual: date) -> tuple[date, date]:
    """The days from and to, in their order."""
    start, end = day_of(request, "from", usual), day_of(request, "to", today_of(request))
    if end < start:
        start, end = end, start
    # A chart of months has an end.
    return max(start, end.replace(year=max(end.year - 10, 1), day=1)), end


# ------------------------------------------------------------------------------------------------ allocation


def show_allocation(request: Any) -> Any:
    """What is open for the firm of a receipt or payment, with a field for each amount."""
    return _allocation(request, _paid(request, request.reader))


def _paid(request: Any, session: Any) -> Any:
    model = (
        Receipt if request.params["kind"] == "receipts" else Payment if request.params["kind"] == "payments" else None
    )
    record = session.get(model, request.params["id"]) if model is not None else None
    if record is None or record.state != "confirmed":
        raise NotFound
    reach = request.principal.reach(f"finance.{services.side_of(record).paid_name}", "allocate")
    mine = record.owner_id == request.principal.user_id or record.owner_id in reach.users
    if reach.level == "none" or (reach.level != "all" and not mine and record.department_id not in reach.departments):
        raise NotFound
    return record


def _allocation(request: Any, record: Any, fault: str = "", status: int = 200) -> Any:
    side, money = services.side_of(record), money_of(request)
    owed = side.owed
    rows = request.reader.scalars(
        select(owed)
        .where(owed.party_id == record.party_id, owed.state != "settled", owed.deleted_at.is_(None))
        .order_by(owed.due_on, owed.id)
        .limit(services.MOST)
    ).all()
    shares = services.shares({row.id: row for row in rows}, record.left)
    currency = request.platform.settings.currency
    lines = [
        {
            "id": row.id,
            "url": f"/finance/{side.owed_name}s/{row.id}",
            "number": row.number or f"#{row.id}",
            "source": row.source or "",
            "due": row.due_on,
            "late": row.due_on < today_of(request),
            "amount": money(row.amount.minor),
            "open": money(row.open.minor),
            "value": request.form.get(f"amount_{row.id}") if fault else (
                values.money_text(shares[row.id].minor, currency) if row.id in shares else ""
            ),
        }
        for row in rows
    ]  # fmt: skip
    view = {
        "title": _("Allocate {number}", number=record.number or f"#{record.id}"),
        "home": f"/finance/{side.paid_name}s/{record.id}",
        "firm": figures.names_of(request.connection, [record.party_id]).get(record.party_id, ""),
        "amount": money(record.amount.minor),
        "left": money(record.left.minor),
        "lines": lines,
        "fault": fault,
        "token": request.new_token(),
    }
    return request.render("finance/allocate.html", view, status)


def allocate(request: Any) -> Any:
    """Allocate what was filled in."""
    record = _paid(request, request.begin(verb="allocate"))
    side = services.side_of(record)
    to = [
        {side.owed_name: int(name.removeprefix("amount_")), "amount": text}
        for name, text in request.form.values.pairs
        if name.startswith("amount_") and name.removeprefix("amount_").isdigit() and isinstance(text, str) and text.strip()
    ]  # fmt: skip
    try:
        if not to:
            raise Conflict(_("Fill in an amount in at least one line."))
        services.allocate(request.session, record, to)
    except (Conflict, Invalid) as refused:
        told = refused.errors[0].message if isinstance(refused, Invalid) else refused
        request.work.undo()
        return _allocation(request, _paid(request, request.reader), str(told), refused.status)
    return request.redirect(f"/finance/{side.paid_name}s/{record.id}", _("Allocated."))


# ------------------------------------------------------------------------------------------------ ageing


def show_ageing(request: Any) -> Any:
    """Who owes what, and for how long; or whom we owe."""
    kind = request.query.get("kind") or "receivables"
    side = SIDES.get(kind)
    if side is None or not request.principal.allows(f"finance.{side.owed_name}", "view"):
        raise NotFound
    on, money = today_of(request), money_of(request)
    found = figures.ageing(request.connection, side, on)
    if request.query.get("format"):
        return _ageing_file(request, kind, found)
    sums = [sum(each.ages[place] for each in found) for place in range(len(figures.AGES))]
    bars = [(str(age[1]), _aged_url(side, age, on), "", each) for age, each in zip(figures.AGES, sums, strict=True)]
    view = {
        "title": _("Ageing of receivables") if side is IN else _("Ageing of payables"),
        "kind": kind,
        "kinds": [
            (name, _("Receivables") if each is IN else _("Payables"), name == kind) for name, each in SIDES.items()
        ],
        "day": on,
        "heads": [age[1] for age in figures.AGES],
        "chart": _bars(bars, money, _("Ageing")) if found else "",
        "rows": [
            {
                "name": each.name,
                "url": address("/finance/statement", party=each.party),
                "ages": [
                    (money(amount) if amount else "", _aged_url(side, age, on, each.party))
                    for amount, age in zip(each.ages, figures.AGES, strict=True)
                ],
                "total": money(each.total),
                "total_url": address(f"/finance/{kind}", party=each.party, state__ne="settled"),
            }
            for each in found[: figures.SHOWN]
        ],
        "sums": [(money(each), _aged_url(side, age, on)) for each, age in zip(sums, figures.AGES, strict=True)],
        "total": money(sum(sums)),
        "more": max(0, len(found) - figures.SHOWN),
        "file": address("/finance/ageing", kind=kind, format="xlsx"),
    }
    return request.render("finance/ageing.html", view)


def _aged_url(side: Side, age: Any, on: date, party: int | None = None) -> str:
    first, last = figures.days_of(age, on)
    return address(f"/finance/{side.owed_name}s", party=party, state__ne="settled", due_on__gte=first, due_on__lte=last)


def _ageing_file(request: Any, kind: str, found: list[figures.Aged]) -> Any:
    heads = [str(_("Firm")), *(str(age[1]) for age in figures.AGES), str(_("Total"))]
    rows = [[each.name, *map(amount_of, each.ages), amount_of(each.total)] for each in found]
    return request.table(f"{_('Ageing')}-{today_of(request)}", heads, rows, request.query.get("format"))


def amount_of(minor: int | None) -> Any:
    """An amount for a sheet."""
    from sopia import Money

    return "" if minor is None else Money(minor)


# ------------------------------------------------------------------------------------------------ running account


def show_statement(request: Any) -> Any:
    """The running account of one firm: opening balance, lines, closing balance; or the choice of a firm."""
    start, end = period_of(request, today_of(request).replace(month=1, day=1))
    party = request.number("party") if request.query.get("party") else 0
    which = request.query.get("which") or "both"
    if which not in ("both", "customer", "supplier"):
        raise NotFound
    view: dict[str, Any] = {
        "title": _("Running account"), "party": party, "name": "", "start": start, "end": end, "which": which,
        "sides": [(name, title, name == which) for name, title in (
            ("both", _("All dealings")), ("customer", _("As customer")), ("supplier", _("As supplier")))],
    }  # fmt: skip
    if not party:
        return request.render("finance/statement.html", view | _firms(request))
    name = figures.names_of(request.connection, [party]).get(party)
    if name is None:
        raise NotFound
    found = figures.statement(request.connection, party, start, end, which)
    if request.query.get("format"):
        return _statement_file(request, name, found, start, end)
    money = money_of(request)
    given = {"party": party, "which": which, "from": start, "to": end}
    view |= {
        "name": name,
        "opening": money(found.opening),
        "closing": money(found.closing),
        "closing_minor": found.closing,
        "more": money(found.more),
        "less": money(found.less),
        "lines": [
            {
                "on": line.on,
                "kind": KINDS[line.kind],
                "number": line.number,
                "url": f"/finance/{line.kind.removesuffix('_countered')}s/{line.record}",
                "text": line.text,
                "more": money(line.more) if line.more is not None else "",
                "less": money(line.less) if line.less is not None else "",
                "balance": money(line.balance),
            }
            for line in found.lines
        ],
        "meaning": _meaning(found.closing, which),
        "file": address("/finance/statement", **given, format="xlsx"),
        "paper": address("/finance/statement", **given, paper="1"),
        "printed": today_of(request),
    }
    return request.render(
        "finance/statement_paper.html" if request.query.get("paper") else "finance/statement.html", view
    )


def _meaning(closing: int, which: str) -> Any:
    if not closing:
        return _("All is settled.")
    we_owe = closing > 0 if which == "supplier" else closing < 0
    return _("We owe the firm this.") if we_owe else _("The firm owes us this.")


def _firms(request: Any) -> dict[str, Any]:
    """Firms to choose from: those whose names hold what was typed, else those that owe the most."""
    text = (request.query.get("q") or "").strip()
    table = Party.__table__
    if text:
        name = Party.__named_by__(table).label("name")
        named = select(table.c.id, name).subquery("named")
        wanted = select(named).where(named.c.name.contains(text, autoescape=True)).order_by(named.c.name).limit(50)
        rows = [(row[0], row[1]) for row in request.connection.execute(wanted)]
    else:
        rows = [(each.party, each.name) for each in figures.ageing(request.connection, IN, today_of(request))[:50]]
    return {"q": text, "firms": [(name, address("/finance/statement", party=party)) for party, name in rows]}


def _statement_file(request: Any, name: str, found: figures.Statement, start: date, end: date) -> Any:
    heads = [str(each) for each in (
        _("Date"), _("Document"), _("Number of the document"), _("Remark"), _("Added"), _("Paid off"), _("Balance"))]  # fmt: skip
    rows: list[list[Any]] = [[start, str(_("Opening balance")), "", "", "", "", amount_of(found.opening)]]
    rows += [
        [line.on, str(KINDS[line.kind]), line.number, line.text, *map(amount_of, (line.more, line.less, line.balance))]
        for line in found.lines
    ]  # fmt: skip
    rows.append(
        [end, str(_("Closing balance")), "", "", amount_of(found.more), amount_of(found.less), amount_of(found.closing)]
    )
    return request.table(f"{_('Running account')}-{name}-{end}", heads, rows, request.query.get("format"))


# ------------------------------------------------------------------------------------------------ profit


def show_deals(request: Any) -> Any:
    """What each deal or each customer earns; every figure opens its records."""
    by = request.query.get("by") or "deal"
    if by not in ("deal", "customer"):
        raise NotFound
    start, end = period_of(request, today_of(request).replace(month=1, day=1))
    text, money = (request.query.get("q") or "").strip(), money_of(request)
    found = figures.deals(request.connection, by, start, end, text)
    if request.query.get("format"):
        return _deals_file(request, by, found)
    days = {"on__gte": start, "on__lte": end}

    def row(each: figures.Deal, *, total: bool = False) -> dict[str, Any]:
        key: dict[str, Any] = {}
        spent: dict[str, Any] = {"state__in": "approved,paid"}
        if not total:
            source, order = ("source", "order") if by == "deal" else ("customer", "customer")
            empty = "__empty" if each.key is None else ""
            key, spent = {f"{source}{empty}": each.key or "true"}, spent | {f"{order}{empty}": each.key or "true"}
        owing, owed = address("/finance/receivables", **key, **days), address("/finance/payables", **key, **days)
        return {
            "name": each.name or (_("Total") if total else _("Without a deal") if by == "deal" else _("Without a customer")),
            "url": _url_of(by, each.key),
            "figures": [
                (money(each.earned), owing), (money(each.received), owing), (money(each.costs), owed), (money(each.paid), owed),
                (money(each.expenses), address("/finance/expenses", **spent, **days)),
            ],
            "profit": money(each.profit),
            "loss": each.profit < 0,
            "margin": formats.percent(each.margin, 1) if each.margin is not None else "–",
            "cash": money(each.cash),
        }  # fmt: skip

    given = {"by": by, "from": start, "to": end, "q": text}
    view = {
        "title": _("Profit by deal") if by == "deal" else _("Profit by customer"),
        "by": by,
        "ways": [(name, title, name == by) for name, title in (("deal", _("Deal")), ("customer", _("Customer")))],
        "start": start,
        "end": end,
        "q": text,
        "rows": [row(each) for each in found[: figures.SHOWN]],
        "total": row(figures.total_of(found), total=True),
        "more": max(0, len(found) - figures.SHOWN),
        "file": address("/finance/deals", **given, format="xlsx"),
    }
    return request.render("finance/deals.html", view)


def _url_of(by: str, key: Any) -> str:
    """Where all papers of a deal are, or the page of a customer."""
    if not key:
        return ""
    return f"/customers/customers/{key}" if by == "customer" else address("/finance/deal", of=key)


def show_deal(request: Any) -> Any:
    """One deal: its money in, its costs and expenses paper by paper, its profit and its margin."""
    name, money = (request.query.get("of") or "").strip(), money_of(request)
    lines = deal.lines_of(request.connection, name) if name else []
    if not lines:
        raise NotFound
    whole = deal.sum_of(name, lines)
    told = dict(zip(deal.PLACES, whole.amounts, strict=True))
    view = {
        "title": name,
        "customers": deal.customers_of(request.connection, name),
        "heads": (_("Earned"), _("Received"), _("Costs"), _("Paid for them"), _("Spending")),
        "sums": [money(each) for each in whole.amounts],
        "tiles": [
            (_("Earned"), money(told["earned"]), ""),
            (_("Costs"), money(told["costs"]), ""),
            (_("Spending"), money(told["expenses"]), ""),
            (_("Profit"), money(whole.profit), "bad" if whole.profit < 0 else "good"),
            (_("Margin"), formats.percent(whole.margin, 1) if whole.margin is not None else "–", ""),
            (_("Received"), money(told["received"]), ""),
            (_("In hand"), money(whole.cash), "bad" if whole.cash < 0 else ""),
        ],
        "lines": [
            {
                "on": line.on,
                "kind": deal.KINDS[line.place][0],
                "number": line.number,
                "url": f"{deal.KINDS[line.place][1]}/{line.record}",
                "text": line.text,
                "amounts": [money(line.amount) if place == line.place else "" for place in deal.PLACES],
            }
            for line in lines
        ],
    }
    return request.render("finance/deal.html", view)


def _deals_file(request: Any, by: str, found: list[figures.Deal]) -> Any:
    heads = [str(each) for each in (
        _("Deal") if by == "deal" else _("Customer"), _("Earned"), _("Received"), _("Costs"), _("Paid for them"), _("Spending"),
        _("Profit"), _("In hand"))]  # fmt: skip
    rows = [
        [each.name, *map(amount_of, (each.earned, each.received, each.costs, each.paid, each.expenses, each.profit, each.cash))]
        for each in found
    ]  # fmt: skip
    return request.table(f"{_('Profit by deal')}-{today_of(request)}", heads, rows, request.query.get("format"))


# ------------------------------------------------------------------------------------------------ situation


def show_situation(request: Any) -> Any:
    """The business on one page: earned, received, spent, profit, what is open, and where the money lies."""
    start, end = period_of(request, today_of(request).replace(month=1, day=1))
    connection, money, on = request.connection, money_of(request), today_of(request)
    months = figures.months_between(start, end)
    earned = figures.by_month(connection, Receivable, start, end)
    received = figures.by_month(connection, Receipt, start, end, ("confirmed",))
    costs = figures.by_month(connection, OUT.owed, start, end)
    paid = figures.by_month(connection, Payment, start, end, ("confirmed",))
    spent = figures.by_month(connection, Expense, start, end, figures.SPENT)
    spent_paid = figures.by_month(connection, Expense, start, end, ("paid",), Expense.paid_on)
    sums = {"earned": earned, "received": received, "costs": costs, "paid": paid, "spent": spent, "out": spent_paid}
    whole = {name: sum(each.values()) for name, each in sums.items()}
    profit = whole["earned"] - whole["costs"] - whole["spent"]
    open_in, late_in = figures.open_and_late(connection, IN, on)
    open_out, late_out = figures.open_and_late(connection, OUT, on)
    days = {"on__gte": start, "on__lte": end}
    aged = figures.ageing(connection, IN, on)

    def told(minor: int) -> str:
        """An amount among many of which most are nothing."""
        return str(money(minor)) if minor else "–"

    accounts = figures.accounts(connection) if request.principal.reach("finance.receipt", "view").level == "all" else []
    tiles = [
        (_("Earned"), money(whole["earned"]), address("/finance/receivables", **days), ""),
        (_("Costs"), money(whole["costs"]), address("/finance/payables", **days), ""),
        (_("Spending"), money(whole["spent"]), address("/finance/expenses", state__in="approved,paid", **days), ""),
        (_("Profit"), money(profit), address("/finance/deals", **{"from": start, "to": end}), "bad" if profit < 0 else "good"),
        (_("Received"), money(whole["received"]), address("/finance/receipts", state="confirmed", **days), ""),
        (_("Paid out"), money(whole["paid"] + whole["out"]), address("/finance/payments", state="confirmed", **days), ""),
        (_("Customers owe us"), money(open_in), address("/finance/receivables", state__ne="settled"), ""),
        (_("of it overdue"), money(late_in), address("/finance/receivables", state__ne="settled", due_on__lt=on),
         "bad" if late_in else ""),
        (_("We owe others"), money(open_out), address("/finance/payables", state__ne="settled"), ""),
        (_("of it overdue"), money(late_out), address("/finance/payables", state__ne="settled", due_on__lt=on),
         "bad" if late_out else ""),
    ]  # fmt: skip
    view = {
        "title": _("Business situation"),
        "start": start,
        "end": end,
        "tiles": tiles,
        "flow": _flow(months, received, paid, spent_paid),
        "profit": _profits(months, earned, costs, spent),
        "categories": _bars([
            (name, address("/finance/expenses", category=key, state__in="approved,paid", **days), colour, amount)
            for key, name, colour, amount in figures.by_category(connection, start, end)[:10]
        ], money, _("Expenses by category")),
        "owing": _bars([
            (each.name, address("/finance/statement", party=each.party), "blue", each.total) for each in aged[:10]
        ], money, _("Who owes the most")),
        "ages": _bars([
            (str(age[1]), _aged_url(IN, age, on), "", sum(each.ages[place] for each in aged))
            for place, age in enumerate(figures.AGES)
        ], money, _("Ageing of receivables")) if aged else "",
        "accounts": [(name, f"/finance/accounts/{key}", money(amount), amount < 0) for key, name, amount in accounts],
        "accounts_total": money(sum(amount for _key, _name, amount in accounts)),
        "months": [
            (f"{year}-{month:02d}", *(told(each.get((year, month), 0)) for each in (earned, costs, spent)),
             told(earned.get((year, month), 0) - costs.get((year, month), 0) - spent.get((year, month), 0)),
             told(received.get((year, month), 0)),
             told(paid.get((year, month), 0) + spent_paid.get((year, month), 0)))
            for year, month in months
        ],
        "month_sums": (money(whole["earned"]), money(whole["costs"]), money(whole["spent"]), money(profit),
                       money(whole["received"]), money(whole["paid"] + whole["out"])),
    }  # fmt: skip
    return request.render("finance/situation.html", view)


Months = list[tuple[int, int]]
Sums = dict[tuple[int, int], int]


def _place(month: tuple[int, int], path: str = "/finance/receipts") -> Any:
    year, number = month
    last = date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)
    return charts.Place(
        f"{year % 100:02d}-{number:02d}", address(path, on__gte=date(year, number, 1), on__lte=last, state="confirmed")
    )


def _flow(months: Months, received: Sums, paid: Sums, spent: Sums) -> dict[str, Any]:
    """Money in above the line, money out below it."""
    series = [
        charts.Series(str(_("Received")), "green", tuple(received.get(each, 0) / 100 for each in months)),
        charts.Series(str(_("Paid to suppliers")), "amber", tuple(-paid.get(each, 0) / 100 for each in months)),
        charts.Series(str(_("Spending")), "red", tuple(-spent.get(each, 0) / 100 for each in months)),
    ]
    drawn = charts.columns([_place(each) for each in months], series, _say, str(_("Money in and out")))
    return {"chart": drawn, "legend": [(each.title, each.colour) for each in series]}


def _profits(months: Months, earned: Sums, costs: Sums, spent: Sums) -> dict[str, Any]:
    profits = tuple((earned.get(each, 0) - costs.get(each, 0) - spent.get(each, 0)) / 100 for each in months)
    series = [
        charts.Series(str(_("Earned")), "blue", tuple(earned.get(each, 0) / 100 for each in months)),
        charts.Series(str(_("Profit")), "green", profits),
    ]
    drawn = charts.lines(
        [charts.Place(f"{each[0] % 100:02d}-{each[1]:02d}") for each in months],
        series,
        _say,
        str(_("Earned and profit")),
    )
    return {"chart": drawn, "legend": [(each.title, each.colour) for each in series]}


def _say(value: float) -> str:
    return f"{value:,.0f}"


def _bars(rows: list[tuple[str, str, str, int]], money: Any, title: Any) -> Any:
    if not rows:
        return ""
    places = [charts.Place(name, url) for name, url, _colour, _amount in rows]
    series = [charts.Series(str(title), "blue", tuple(amount / 100 for *_rest, amount in rows))]
    return charts.bars(places, series, lambda value: money(round(value * 100)), str(title))


VIEW = ("finance.receivable.view", "finance.payable.view")

ROUTES = (
    Route("/situation", show_situation, VIEW),
    Route("/ageing", show_ageing, VIEW),
    Route("/statement", show_statement, VIEW),
    Route("/deals", show_deals, VIEW),
    Route("/deal", show_deal, VIEW),
    Route("/allocate/{kind}/{id:int}", show_allocation, ("finance.receipt.allocate", "finance.payment.allocate")),
    Route(
        "/allocate/{kind}/{id:int}",
        allocate,
        ("finance.receipt.allocate", "finance.payment.allocate"),
        methods=("POST",),
    ),
)

MENU = (
    MenuEntry(_("Business situation"), "/finance/situation", "finance.receivable.view", "chart", GROUP),
    MenuEntry(_("Running account"), "/finance/statement", "finance.receivable.view", "journal", GROUP),
    MenuEntry(_("Ageing"), "/finance/ageing", "finance.receivable.view", "clock", GROUP),
    MenuEntry(_("Profit by deal"), "/finance/deals", "finance.receivable.view", "deal", GROUP),
)
