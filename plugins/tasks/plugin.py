"""Tasks: goals, plans and tasks in one tree, with progress, work steps and what comes next."""

from plugins.tasks import hooks, jobs, overview
from plugins.tasks.demo import demo
from plugins.tasks.resources import on_customers, tasks
from sopia import (
    MenuEntry,
    Plugin,
    RecordChanged,
    RecordCreated,
    RecordDeleted,
    RecordRestored,
    Route,
    listen,
)
from sopia import translate as _

plugin = Plugin(
    name="tasks",
    title=_("Tasks"),
    version="1.0",
    place=50,
    requires=("customers>=1.0",),
    summary=_("Goals, plans and tasks in a tree, whose progress adds up; work steps, reminders and repetitions."),
    demo=demo,
    resources=(tasks,),
    extensions=(on_customers,),
    routes=(Route("/overview", overview.page, allow="tasks.task.view"),),
    menu=(MenuEntry(_("My work"), "/tasks/overview", allow="tasks.task.view", icon="target", group=_("Tasks")),),
    listeners=tuple(
        listen(event, hooks.follow, of="tasks.task", at_once=True)
        for event in (RecordCreated, RecordChanged, RecordDeleted, RecordRestored)
    ),
    jobs=jobs.JOBS,
)
