"""A small Starlette application that shows the specimens under the headers of the real one."""

from collections.abc import Callable

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.kernel.i18n import Catalogues, activate
from core.web.templating import STATIC, make_environment
from tests.web.styleguide.lists import COMPANIES, LISTS
from tests.web.styleguide.people import SAVED, shell
from tests.web.styleguide.records import RECORDS
from tests.web.styleguide.rest import REST

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sopia"
)

Specimen = tuple[str, Callable[[Environment], object]]
SPECIMENS: dict[str, Specimen] = {**LISTS, **RECORDS, **REST}
PAGES = {"sign-in": "/login", "board": "/sales/opportunities", "user": "/system/users"}
CATALOGUES = Catalogues()


def make_app(root: str = "") -> Starlette:
    """The application; `/` lists the specimens, `?theme=dark&locale=en&density=dense` changes how they look."""
    environment = make_environment(lambda path: f"{root}/static/{path}")
    environment.auto_reload = True

    def page(request: Request) -> Response:
        name = request.path_params["name"]
        query = request.query_params
        locale = query.get("locale", "zh_Hans")
        with activate(CATALOGUES, locale):
            return HTMLResponse(
                render(
                    environment,
                    name,
                    locale=locale.replace("_", "-"),
                    theme=query.get("theme", "system"),
                    density=query.get("density", "comfortable"),
                    narrow="narrow" in query,
                    notices=(SAVED,) if "toast" in query else (),
                )
            )

    def index(request: Request) -> Response:
        links = "".join(f'<li><a href="/{name}">{name}</a>' for name in SPECIMENS)
        return HTMLResponse(f"<title>Style guide</title><ul>{links}</ul>")

    routes = [
        Route("/", index),
        Route("/pick", _pick),
        Route("/palette", _palette),
        Route("/duplicates", _duplicates(environment), methods=["POST"]),
        Route("/status", _status),
        Route("/check", _check, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/preferences", lambda request: Response(status_code=204), methods=["POST"]),
        Route("/{name}", page),
        Route("/{rest:path}", lambda request: RedirectResponse("/record", 303), methods=["GET", "POST"]),
    ]
    middleware = [Middleware(GZipMiddleware, minimum_size=300), Middleware(_Headers)]
    return Starlette(routes=routes, middleware=middleware)


class _Headers:
    """The headers under which the real application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["Cache-Control"] = "no-store, private"
            await send(message)

        await self.app(scope, receive, answer)


def render(environment: Environment, name: str, **changes: object) -> str:
    """One specimen as a page."""
    template, make = SPECIMENS[name]
    page = PAGES.get(name, "/customers/customers" if name in LISTS or name in RECORDS else "/system")
    return environment.get_template(template).render(shell=shell(page, **changes), view=make(environment))


def _pick(request: Request) -> Response:
    q = request.query_params.get("q", "")
    found = [{"id": n, "label": name, "hint": f"KH-{n:05}"} for n, name in enumerate(COMPANIES, 1) if q in name]
    return JSONResponse({"items": found[:8], "more": len(found) > 8})


def _palette(request: Request) -> Response:
    q = request.query_params.get("q", "")
    items = [{"title": n, "url": "/record", "icon": "people", "hint": "张涛"} for n in COMPANIES if q in n][:6]
    pages = [{"title": "客户", "url": "/list", "icon": "list"}, {"title": "新建客户", "url": "/form", "icon": "plus"}]
    return JSONResponse({"groups": [{"title": "前往", "items": pages}, {"title": "客户", "items": items}]})


def _duplicates(environment: Environment) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        from tests.web.styleguide.records import form

        with activate(CATALOGUES, "zh_Hans"):
            return HTMLResponse(environment.get_template("parts/duplicates.html").render(view=form(environment)))

    return answer


def _status(request: Request) -> Response:
    return JSONResponse({"state": "running", "done": 1720, "total": 3000, "text": "1,720 / 3,000"})


async def _check(request: Request) -> Response:
    form = await request.form()
    value = str(form["value"])
    fault = "" if value.replace(" ", "").isdigit() else f"「{value}」不是电话号码。"
    return JSONResponse({"faults": {str(form["column"]): fault} if fault else {}, "note": ""})
