"""Where everything of the API is, and who may call it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.api.attachments import AttachmentCollection
from core.api.collections import BASE, Collection
from core.api.imports import ImportCollection
from core.api.open_links import OpenLinkCollection
from core.api.openapi import Description
from core.api.shares import ShareCollection
from core.resources.actions import Verbs
from core.resources.importing.imports import Imports
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.web.pages.printing import PrintPages
from core.web.routing import Route

if TYPE_CHECKING:
    from core.kernel.platform import Platform


def routes(platform: Platform) -> Iterable[Route]:
    """The API of all resources of a generation."""
    resources: Resources = platform.above
    records = Records(resources, platform.registry.hooks)
    yield from Description(resources, platform.settings.currency).routes()
    imports = Imports(platform)
    for resource in resources.values():
        collection = Collection(resources, resource, records)
        yield from ShareCollection(resource, collection.url).routes()
        yield from OpenLinkCollection(resource, collection.url).routes()
        yield from AttachmentCollection(resource, collection.url).routes()
        yield from PrintPages(resources, resource, records).routes(collection.url)
        yield from _routes_of(resource, collection, records.verbs)
        if not resource.read_only:
            yield from ImportCollection(imports, resource, collection.url).routes()


def _routes_of(resource: ResolvedResource, collection: Collection, verbs: Verbs) -> Iterable[Route]:
    key, url = resource.key, f"{BASE}/{resource.address}"
    one = f"{url}/{{id:int}}"
    yield Route(url, collection.list, f"{key}.view")
    yield Route(one, collection.read, f"{key}.view")
    yield Route(f"{url}/export", collection.export, f"{key}.export")
    yield Route(f"{url}/views", collection.views, f"{key}.view")
    yield Route(f"{url}/statistics", collection.statistics, f"{key}.view")
    if resource.read_only:
        return
    yield Route(url, collection.create, f"{key}.create", methods=("POST",))
    yield Route(one, collection.change, (f"{key}.edit", f"{key}.assign"), methods=("PATCH",))
    if resource.has_bin:
        yield Route(one, collection.delete, f"{key}.delete", methods=("DELETE",))
        yield Route(f"{one}/restore", collection.restore, f"{key}.delete", methods=("POST",))
    if resource.actions or verbs.are_offered(resource):
        allow = verbs.permissions(resource)
        yield Route(f"{one}/actions/{{action}}", collection.act, allow, methods=("POST",))
