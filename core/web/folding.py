"""Templates compiled for one language: what is the same on every page is computed once, when a template is compiled.

A frame holds some seventy fixed wordings, icons and addresses; calling for each of them on every page costs more than
the database does.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE

from core.web.templating import QuickGenerator

FOLDED = frozenset({"_", "gettext", "icon", "static"})
"""Functions whose answer depends on their arguments and on the language only."""


class FoldingGenerator(QuickGenerator):
    """Writes the answer of a folded function with fixed arguments into the template, in place of the call."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.Call) and self._is_folded(node, frame):
            context = frame.eval_ctx
            function: Any = self.environment.globals[node.node.name]  # type: ignore[attr-defined]
            positional = [argument.as_const(context) for argument in node.args]
            named = {argument.key: argument.value.as_const(context) for argument in node.kwargs}
            node = nodes.Const(function(*positional, **named), environment=self.environment)
        return super()._output_child_to_const(node, frame, finalize)

    def _is_folded(self, node: nodes.Call, frame: Frame) -> bool:
        name = node.node
        if not isinstance(name, nodes.Name) or name.name not in FOLDED or node.dyn_args or node.dyn_kwargs:
            return False
        # A loop variable or a macro's argument may bear the same name.
        reference = frame.symbols.find_ref(name.name)
        return reference is None or frame.symbols.find_load(reference) == (VAR_LOAD_RESOLVE, name.name)


def fold(environment: Environment) -> Environment:
    """The environment, compiling its templates for the language that is active when each is first used."""
    environment.code_generator_class = FoldingGenerator
    return environment
