"""Imports between the kernel's modules go down the floors only."""

import ast
from pathlib import Path

KERNEL = Path(__file__).parents[2] / "core" / "kernel"

FLOORS = (
    "errors i18n logs settings",
    "database expressions formats pinyin policies prepared privilege search search_words storage storage_s3 types",
    "common_passwords departments generations organisation passwords roles shipped_roles sessions signin tokens users",
    (
        "access bulk_changes compiler explain gate granting guard history kept links loading postgresql predicates "
        "principal quiet"
    ),
    "checks discovery events hooks idempotency plugin_settings plugins registry trial",
    (
        "announcing archives autogenerate backups inventory jobs lifecycle mail migrations outbox scaffold states "
        "upkeep verifying versions worker"
    ),
    "platform",
    "crew",
)
FLOOR_OF = {module: number for number, modules in enumerate(FLOORS) for module in modules.split()}


def floor_of(file: Path) -> int:
    name = file.relative_to(KERNEL).parts[0].removesuffix(".py")
    assert name in FLOOR_OF, f"core.kernel.{name} stands on no floor; give it one in {Path(__file__).name}"
    return FLOOR_OF[name]


def kernel_imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "core.kernel":
            found |= {f"core.kernel.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name.split(".")[2] for name in found if name.startswith("core.kernel.")}


def test_kernel_imports_go_down_the_floors() -> None:
    for file in KERNEL.rglob("*.py"):
        if file.name != "__init__.py" or file.parent != KERNEL:
            higher = {name for name in kernel_imports(file) if floor_of(KERNEL / name) > floor_of(file)}
            assert not higher, f"{file.relative_to(KERNEL)} imports {higher} from a higher floor"
