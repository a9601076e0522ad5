"""The lists, forms and pages of documents."""

from __future__ import annotations

from plugins.documents import services
from plugins.documents.clearance import CLEARANCES, LEVELS
from plugins.documents.models import Document, DocumentLevel, DocumentTag, Folder
from sopia import (
    Action,
    Activity,
    Branches,
    Check,
    Column,
    Content,
    Derived,
    Extension,
    Field,
    Headings,
    Panel,
    Resource,
    Section,
    Statistics,
    View,
    dictionary,
    file_versions,
)
from sopia import translate as _

MENU = _("Documents")

GRADE = Action(
    "grade",
    _("Grade"),
    services.grade,
    ask=(Field("level", label=_("Level"), target=LEVELS, help=_("Empty: whoever sees it by his role may read it.")),),
    allow=f"{LEVELS}.edit",
    icon="shield",
    bulk=True,
)
"""Keeping the levels is the knowledge keeper's right, and so is grading by them; the owner's is neither."""

documents = Resource(
    Document,
    title=_("Document"),
    plural=_("Documents"),
    list=(
        "title",
        "folder",
        "level",
        "tags",
        "customer",
        "owner",
        "updated_at",
        Column("task", shown=False),
        Column("department", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("title", "summary", "folder", "tags")),
        Section(_("What it belongs to"), ("customer", "task", "level", "owner", "department")),
    ),
    search=("title", "summary", "customer.name"),
    menu=MENU,
    icon="document",
    fields=(
        Field("title", label=_("Document title")),
        Field("summary", label=_("Summary")),
        Field("folder", label=_("Folder")),
        Field("level", label=_("Level"), help=_("Graded by the knowledge keeper.")),
        Field("tags", label=_("Tags")),
        Field("customer", label=_("Customer")),
        Field("rank", hidden=True),
    ),
    parts=(
        Content(_("File"), search=True),
        Derived(Field("versions", label=_("Versions"), kind="json"), file_versions("documents.document")),
        Check(services.fault_of_document),
        GRADE,
        Headings(
            {
                "title": ("标题", "文档标题", "名称", "文件名", "title", "name"),
                "summary": ("简介", "摘要", "说明", "summary"),
                "folder": ("文件夹", "目录", "folder"),
                "tags": ("标签", "tags"),
                "customer": ("客户", "客户名称", "customer"),
            }
        ),
        Branches("folder"),
        Statistics(by=("owner", "created_at:month")),
        View("mine", _("My documents"), {"owner": "me"}),
        View("shared", _("Shared with me"), {"shared_with": "me"}),
        View("recent", _("Recently changed"), {"updated_at": "last_30_days"}, sort="-updated_at"),
        Activity("created_at", "owner", "title", about="customer", label=_("Document")),
    ),
)

levels = dictionary(
    DocumentLevel,
    _("Level"),
    _("Levels"),
    fields=(
        Field("rank", label=_("Rank"), help=_("Who is cleared for a rank reads all up to it; 0 is for everybody.")),
    ),
    parts=(*CLEARANCES, Check(services.fault_of_rank)),
    icon="shield",
)

folders = dictionary(
    Folder,
    _("Folder"),
    _("Folders"),
    parts=(
        Panel(
            _("Documents"),
            resource="documents.document",
            by="folder",
            columns=("title", "level", "owner", "updated_at"),
            limit=20,
        ),
    ),
    icon="folder",
)

tags = dictionary(DocumentTag, _("Tag"), _("Tags"), icon="tag")

on_customers = Extension(
    "customers.customer",
    parts=(
        Panel(
            _("Documents"),
            resource="documents.document",
            by="customer",
            columns=("title", "folder", "owner", "updated_at"),
        ),
    ),
)
