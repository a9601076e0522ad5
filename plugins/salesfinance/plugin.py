"""Sales and finance together: instalments become receivables, and what is allocated to them arrives in sales."""

from plugins.finance.deal import of_contract
from plugins.salesfinance.bridge import (
    change_receivable,
    drop_receivable,
    note_money,
    owe_contract,
    owe_installment,
    take_over,
)
from sopia import (
    Demo,
    Extension,
    Panel,
    Plugin,
    RecordChanged,
    RecordCreated,
    RecordDeleted,
    RecordRestored,
    StateChanged,
    listen,
)
from sopia import translate as _

INSTALLMENT, OWED = "sales.installment", "finance.receivable"


def demo(company: Demo) -> None:
    """The open instalments of the demo company are receivables as well."""
    take_over(company.session)


plugin = Plugin(
    name="salesfinance",
    title=_("Sales and finance"),
    version="1.0",
    place=25,
    requires=("sales>=1.0", "finance>=1.0"),
    summary=_("Instalments of running contracts become receivables; money allocated to them arrives in the plan."),
    automatic=True,
    install=take_over,
    demo=demo,
    extensions=(
        Extension("sales.contract", parts=(Panel(_("Profit of the deal"), "finance/deal_panel.html", of_contract),)),
    ),
    listeners=(
        listen(StateChanged, owe_contract, of="sales.contract", at_once=True),
        listen(RecordCreated, owe_installment, of=INSTALLMENT, at_once=True),
        listen(RecordChanged, change_receivable, of=INSTALLMENT, at_once=True),
        listen(RecordDeleted, drop_receivable, of=INSTALLMENT, at_once=True),
        listen(RecordCreated, note_money, of=OWED, at_once=True),
        listen(RecordChanged, note_money, of=OWED, at_once=True),
        listen(RecordDeleted, note_money, of=OWED, at_once=True),
        listen(RecordRestored, note_money, of=OWED, at_once=True),
    ),
)
