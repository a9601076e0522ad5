"""The Jinja environment of the screens: where templates are looked up, and the few functions they may call.

`static(path)`, `icon(name)`, `fact(fact)`, `_(text, **values)` and `ngettext(one, many, count)` are all there is.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import markupsafe
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    nodes,
    pass_context,
)
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import Markup

from core.kernel.i18n import gettext, ngettext
from core.web.cells import WIDTHS, fact_template
from core.web.icons import icon_drawer
from core.web.views import CellKind, Column, Fact

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


class QuickGenerator(CodeGenerator):
    """Escapes without a call where there is nothing to escape, and plain strings without making a Markup of each.

    A page has two thousand values, and escaping them is most of their cost.
    """

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if _is_quick(frame, finalize):
            self.write("(environment.escape_text(_v) if (_t := type(_v := (")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if _is_quick(frame, finalize):
            self.write("))) is str else _v if _t is Markup else str(_v) if _t is int else escape(_v))")
        else:
            super()._output_child_post(node, frame, finalize)


def _is_quick(frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> bool:
    return bool(frame.eval_ctx.autoescape) and not frame.eval_ctx.volatile and finalize.src is None


class ScreenEnvironment(Environment):
    """A Jinja environment that always escapes, and quickly."""

    code_generator_class = QuickGenerator
    escape_text: Callable[[str], str] = staticmethod(
        getattr(markupsafe, "_escape_inner", lambda text: str(markupsafe.escape(text)))
    )


def make_environment(
    static: Callable[[str], str], folders: Sequence[Path] = (), globals_: Mapping[str, object] | None = None
) -> Environment:
    """An environment in which templates of `folders` (themes first, then plugins) come before those of the platform.

    `static` makes the address of a file under a static folder: `static("css/base.css")`.
    """
    loaders: list[BaseLoader] = [FileSystemLoader(folder) for folder in (*folders, TEMPLATES)]
    environment = ScreenEnvironment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "_": wording_of_template,
        "gettext": wording_of_template,
        "ngettext": ngettext,
        "static": static,
        "icon": icon_drawer(static("icons.svg")),
        "sprite": static("icons.svg"),
        "fact": _fact_drawer(environment),
        **(globals_ or {}),
    }
    return environment


def wording(text: str, /, domain: str = "", **values: object) -> str:
    """A text in the reader's language, its placeholders `{name}` filled."""
    translated = gettext(text, domain)
    return translated.format_map(values) if values else translated


@pass_context
def wording_of_template(context: Context, text: str, /, **values: object) -> str:
    """A text of a template; those in the folder of a plugin are asked of that plugin first."""
    translated = gettext(text, (context.name or "").partition("/")[0])
    return translated.format_map(values) if values else translated


def render_rows(template: Template, rows: Sequence[tuple[object, ...]]) -> Markup:
    """The body of a table, from a template that `row_template` wrote and this environment compiled."""
    return Markup(template.render(rows=rows, yes=wording("Yes"), no=wording("No")))


def row_writer(
    environment: Environment, columns: Sequence[Column], address: str, *, selectable: bool = True
) -> Template:
    """The compiled `row_template` of these columns; make it once per view and keep it."""
    from core.web.cells import row_template

    return environment.from_string(row_template(columns, address, selectable=selectable))


def _fact_drawer(environment: Environment) -> Callable[[Fact], Markup]:
    # A macro, because to render a template of its own for each fact takes five times as long.
    macros: dict[CellKind, Callable[..., Markup]] = {}

    def fact(shown: Fact) -> Markup:
        """The value of a fact, drawn as in a list."""
        macro = macros.get(shown.kind)
        if macro is None:
            source = f"{{% macro fact(v0, v1, v2, base, yes, no) %}}{fact_template(shown.kind)}{{% endmacro %}}"
            macro = macros[shown.kind] = environment.from_string(source).module.fact  # type: ignore[attr-defined]
        v0, v1, v2, *_rest = (*shown.values, "", "", "")
        return macro(v0, v1, v2, shown.base, wording("Yes"), wording("No"))

    return fact


def is_blank(shown: Fact) -> bool:
    """Whether there is nothing to show."""
    return not shown.values or all(value in ("", None, ()) for value in shown.values[: WIDTHS[shown.kind]])
