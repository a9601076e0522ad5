"""Declarations, discovery, order, and the registry that they add up to."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from core.kernel.discovery import discover, fingerprint, load
from core.kernel.errors import NotFound, PluginError
from core.kernel.plugins import Manifest, Plugin, Setting, arrange
from core.kernel.registry import build_registry
from tests.kernel.throwaway import ONE_FILE as MODEL
from tests.kernel.throwaway import Workshop, Write, unique


class Thing:
    """The least that a resource is to the kernel."""

    def __init__(self, key: str, address: str, model: type[Any] = object, fields: tuple[str, ...] = ()) -> None:
        self.key, self.address, self.model, self.fields = key, address, model, fields


class Addition:
    """The least that an extension is to the kernel."""

    def __init__(self, of: str) -> None:
        self.of = of


# ------------------------------------------------------------------------------------------------ declaration


@pytest.mark.parametrize(
    "name", ["Visits", "1visits", "visits_de", "visits-de", "", "besuch\u00e4", "a" * 25, "api", "system"]
)
def test_name_that_would_clash_or_confuse_is_refused_with_the_way_to_write_it(name: str) -> None:
    with pytest.raises(PluginError) as error:
        Plugin(name, "Visits", "1.0")
    assert f"'{name}'" in str(error.value)
    assert "visits" in str(error.value.remedy)


@pytest.mark.parametrize("requires", ["customers>=1.0,,", "customers[x]", "Customers", "customers @ file:///x", ">=1"])
def test_requirement_that_cannot_be_read_is_refused(requires: str) -> None:
    with pytest.raises(PluginError, match=r"Plugin 'visits' requires .*customers>=1\.0"):
        Plugin("visits", "Visits", "1.0", requires=(requires,))


def test_forgotten_comma_is_named() -> None:
    with pytest.raises(PluginError) as error:
        Plugin("visits", "Visits", "1.0", requires="customers>=1.0")  # type: ignore[arg-type]
    assert "requires=('customers>=1.0',)" in str(error.value)


def test_version_must_be_one() -> None:
    with pytest.raises(PluginError, match="'newest', which is none"):
        Plugin("visits", "Visits", "newest")


def test_declaration_knows_its_own_module_and_cannot_be_changed() -> None:
    plugin = Plugin("visits", "Visits", "1.0")
    assert plugin.module == __name__
    assert plugin.package == __name__
    assert plugin.folder is None
    with pytest.raises(AttributeError):
        plugin.name = "other"  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------ order


def manifest(name: str, *requires: str, version: str = "1.0") -> Manifest:
    return Manifest(name, name.title(), version, requires)


def test_plugins_come_behind_those_they_require_and_otherwise_by_name() -> None:
    found = arrange([manifest("visits", "sales", "customers"), manifest("sales", "customers"), manifest("customers"),
                     manifest("assets")])  # fmt: skip
    assert found.order == ("assets", "customers", "sales", "visits")
    assert not found.refused


def test_missing_requirement_is_one_sentence_with_the_remedy() -> None:
    found = arrange([manifest("visits", "customers>=1.0"), manifest("tasks")])
    assert found.order == ("tasks",)
    assert str(found.refused["visits"]) == (
        "Plugin 'visits' requires 'customers', which is not enabled. Enable 'customers' or disable 'visits'."
    )


def test_too_old_requirement_names_both_versions() -> None:
    found = arrange([manifest("visits", "customers>=2.0,<3", version="1.4"), manifest("customers", version="1.9")])
    message = str(found.refused["visits"])
    assert "Plugin 'visits' 1.4 requires 'customers<3,>=2.0', but 'customers' is version 1.9." in message
    assert found.order == ("customers",)


def test_newer_platform_may_be_required() -> None:
    assert "but 'sopia' is version" in str(arrange([manifest("visits", "sopia>=99")]).refused["visits"])
    assert arrange([manifest("visits", "sopia>=0")]).order == ("visits",)


def test_circle_names_its_path_and_leaves_the_others_alone() -> None:
    circle = [manifest("alpha", "beta"), manifest("beta", "gamma"), manifest("gamma", "alpha")]
    found = arrange([*circle, manifest("tasks"), manifest("delta", "alpha")])
    assert found.order == ("tasks",)
    assert "alpha → beta → gamma → alpha" in str(found.refused["beta"])
    assert "requires 'alpha', which cannot start" in str(found.refused["delta"])


def test_what_is_built_on_a_broken_plugin_says_so() -> None:
    found = arrange([manifest("visits", "customers"), manifest("routes", "visits")], broken=["customers"])
    assert not found.order
    assert "'customers', which cannot start. Mend 'customers'" in str(found.refused["visits"])
    assert "'visits', which cannot start" in str(found.refused["routes"])


# ------------------------------------------------------------------------------------------------ discovery


def test_plugin_is_found_without_being_imported(workshop: Workshop) -> None:
    name = unique()
    workshop.write(name, "raise SystemExit('imported')")
    workshop.install(name, f"{name}:plugin", "2.5")
    found = discover()[name]
    assert (found.target, found.version, found.built_in, found.problem) == (f"{name}:plugin", "2.5", False, "")
    assert name not in sys.modules
    with pytest.raises(PluginError, match="cannot be imported: SystemExit: imported"):
        load(found)


def test_two_plugins_of_one_name_are_both_refused(workshop: Workshop) -> None:
    name = unique()
    workshop.install(name, "one:plugin")
    workshop.install(name, "two:plugin")
    with pytest.raises(PluginError, match=rf"Two plugins are called '{name}'.*Uninstall one"):
        load(discover()[name])


def test_fingerprint_changes_with_the_files_and_only_with_them(write: Write, workshop: Workshop) -> None:
    found = write(unique(), models="x = 1")
    before = fingerprint(found)
    assert fingerprint(found) == before
    (workshop.folder / found.name / "models.py").write_text("x = 1234", "utf-8")
    assert fingerprint(found) != before
    assert found.name not in sys.modules


def test_declaration_must_be_where_the_entry_point_says(write: Write) -> None:
    nothing = write(unique(), "plugin = 3")
    with pytest.raises(PluginError, match="has no declaration at"):
        load(nothing)
    other = write(unique(), "from core.kernel.plugins import Plugin\nplugin = Plugin('other', 'Other', '1')")
    with pytest.raises(PluginError, match=f"The plugin found as '{other.name}' calls itself 'other'"):
        load(other)


# ------------------------------------------------------------------------------------------------ registry


def test_registry_knows_each_thing_and_its_plugin(write: Write) -> None:
    name = unique()
    found = write(name, MODEL + """
    class Visits:
        key, address, model = "{name}.visit", "{name}/visits", Visit

    plugin = Plugin("{name}", "Visits", "1.0", resources=(Visits(),), menu=("entry",), routes=("route",))
    """)  # fmt: skip
    registry = build_registry([name], found={name: found}, strict=True)
    assert registry.names == ("system", name)
    assert registry.tables[f"{name}_visit"] == name
    assert registry.resource(f"{name}.visit") is registry.resource(f"/{name}/visits")
    assert registry.resource_of(registry.resource(f"{name}.visit").model) is registry.resource(f"{name}.visit")
    assert registry.plugin_of(f"{name}.visit").title == "Visits"
    assert registry.menu == ((name, "entry"),)
    assert registry.routes == ((name, "route"),)
    with pytest.raises(NotFound):
        registry.resource("nothing.here")


def test_imported_plugin_that_is_not_enabled_is_not_in_the_registry(write: Write) -> None:
    name = unique()
    load(write(name))
    registry = build_registry([], found={})
    assert f"{name}_visit" not in registry.tables
    assert registry.names == ("system",)


def test_plugin_that_does_not_import_leaves_the_others_alone(write: Write) -> None:
    good, bad, built_on_it = write(unique()), write(unique(), "import nothing_of_that_name"), unique()
    third = write(built_on_it, MODEL.replace('"1.0")', f'"1.0", requires=("{bad.name}",))'))
    found = {each.name: each for each in (good, bad, third)}
    registry = build_registry(found, found=found)
    assert registry.names == ("system", good.name)
    assert "No module named 'nothing_of_that_name'" in str(registry.broken[bad.name])
    assert f"requires '{bad.name}', which cannot start" in str(registry.broken[built_on_it])
    with pytest.raises(PluginError, match="nothing_of_that_name"):
        build_registry(found, found=found, strict=True)


def test_enabled_plugin_that_is_not_installed_is_named() -> None:
    registry = build_registry(["gone"], found={})
    assert "There is no plugin 'gone'. Install it first" in str(registry.broken["gone"])


def test_table_without_the_prefix_is_refused(write: Write) -> None:
    found = write(unique(), MODEL.replace("{name}_visit", "x{name}_visit"))
    with pytest.raises(PluginError, match=rf"not named after the plugin. Call the table '{found.name}_visit'"):
        build_registry([found.name], found={found.name: found})


def test_model_without_policy_keeps_the_application_from_starting(write: Write) -> None:
    found = write(unique(), MODEL.replace('__policy__ = Public("a test")', ""))
    with pytest.raises(PluginError, match=rf"Plugin '{found.name}' does not say who may see 'Visit'"):
        build_registry([found.name], found={found.name: found})


def test_table_that_no_class_declares_keeps_the_application_from_starting(write: Write) -> None:
    source = (
        MODEL
        + """
    from sqlalchemy import Column, ForeignKey, Table
    Table("{name}_link", Model.metadata, Column("visit_id", ForeignKey("{name}_visit.id")))
    """
    )
    found = write(unique(), source)
    with pytest.raises(PluginError, match=rf"does not say who may see '{found.name}_link'"):
        build_registry([found.name], found={found.name: found})


def test_table_that_links_many_to_many_needs_no_class(write: Write) -> None:
    source = MODEL.replace("import Mapped,", "import Mapped, relationship,") + """
    from sqlalchemy import Column, ForeignKey, Table
    link = Table(
        "{name}_link", Model.metadata,
        Column("one", ForeignKey("{name}_visit.id")), Column("two", ForeignKey("{name}_visit.id")),
    )
    joins = {"primaryjoin": lambda: Visit.id == link.c.one, "secondaryjoin": lambda: Visit.id == link.c.two}
    Visit.others = relationship(lambda: Visit, secondary=link, **joins)
    """  # fmt: skip
    found = write(unique(), source)
    assert found.name in build_registry([found.name], found={found.name: found}).names


def test_model_that_cannot_be_mapped_is_named(write: Write, workshop: Workshop) -> None:
    source = MODEL.replace("import Mapped,", "import Mapped, relationship,")
    found = write(unique(), source + '    Visit.other = relationship("Nowhere")\n')
    script = f"""
import sys; sys.path.insert(0, {str(workshop.folder)!r})
from core.kernel.discovery import Found
from core.kernel.registry import build_registry
build_registry(["{found.name}"], found={{"{found.name}": Found("{found.name}", "{found.target}")}})
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert f"Plugin '{found.name}' has a model that cannot be mapped: " in answer.stderr
    assert "'Nowhere'" in answer.stderr


@pytest.mark.parametrize(
    ("key", "address", "message"),
    [
        ("other.visit", "system/visits", "has a resource with the key 'other.visit'"),
        ("system.Visit", "system/visits", "has a resource with the key"),
        ("system.visit", "visits", "has a resource with the address 'visits'"),
        ("system.visit", "system/follow_ups", "has a resource with the address"),
    ],
)
def test_key_and_address_bear_the_name_of_the_plugin(key: str, address: str, message: str) -> None:
    thing = Thing(key, address)
    with pytest.raises(PluginError, match=message):
        build_registry([], system=Plugin("system", "S", "1", resources=(thing,), module="core.plugin"), found={})


def test_two_resources_of_one_key_or_address_are_refused() -> None:
    one, same_key, same_address = (
        Thing("system.user", "system/users"), Thing("system.user", "system/people"),
        Thing("system.person", "system/users"),
    )  # fmt: skip
    for other, what in ((same_key, "key 'system.user'"), (same_address, "address 'system/users'")):
        with pytest.raises(PluginError, match=f"Two resources have the {what}"):
            build_registry(
                [], system=Plugin("system", "S", "1", resources=(one, other), module="core.plugin"), found={}
            )


def test_extension_needs_a_resource_and_a_requirement(write: Write) -> None:
    source = """
    from core.kernel.plugins import Plugin

    class Thing:
        key, address, model, of = "{name}.visit", "{name}/visits", object, "{of}"

    plugin = Plugin("{name}", "Visits", "1.0", resources=(Thing(),), extensions=({extension}))
    """
    base = write(unique(), source.replace("{extension}", ""))
    missing = write(unique(), source.replace("{extension}", "Thing(),").replace("{of}", "nothing.here"))
    careless = write(unique(), source.replace("{extension}", "Thing(),").replace("{of}", f"{base.name}.visit"))
    found = {each.name: each for each in (base, missing, careless)}
    with pytest.raises(PluginError, match=rf"Plugin '{missing.name}' extends 'nothing.here', which does not exist"):
        build_registry([missing.name], found=found)
    with pytest.raises(PluginError, match=rf"but does not require '{base.name}'"):
        build_registry([base.name, careless.name], found=found)


def test_field_may_not_bear_the_name_of_a_plugin_unless_it_is_required(write: Write) -> None:
    base = write(unique())
    source = MODEL.replace("outcome:", f"{base.name}_id:").replace("Mapped[str]", "Mapped[int]").replace('""', "0")
    clash = write(unique(), source)
    fine = write(unique(), source.replace('"1.0")', f'"1.0", requires=("{base.name}>=1",))'))
    found = {each.name: each for each in (base, clash, fine)}
    with pytest.raises(PluginError, match=rf"Plugin '{clash.name}' has a field '{base.name}' in 'Visit'"):
        build_registry([base.name, clash.name], found=found)
    assert fine.name in build_registry([base.name, fine.name], found=found).names


def test_setting_declared_twice_is_refused() -> None:
    system = Plugin("system", "S", "1", settings=(Setting("days", 3), Setting("days", 4)), module="core.plugin")
    with pytest.raises(PluginError, match="declares the setting 'days' twice"):
        build_registry([], system=system, found={})


def test_folders_of_a_package_are_offered_and_those_of_one_file_are_not(write: Write, workshop: Workshop) -> None:
    package, single = write(unique(), models="x = 1"), write(unique())
    for kind in ("templates", "locale"):
        (workshop.folder / package.name / kind).mkdir()
    found = {each.name: each for each in (package, single)}
    registry = build_registry(found, found=found, strict=True)
    assert registry.folders("templates") == {package.name: workshop.folder / package.name / "templates"}
    assert registry.folders("static") == {}


def test_two_sets_of_plugins_do_not_see_each_other_in_one_process(write: Write) -> None:
    one, two = write(unique()), write(unique())
    found = {each.name: each for each in (one, two)}
    first, second = build_registry([one.name], found=found), build_registry([two.name], found=found)
    assert f"{two.name}_visit" not in first.tables
    assert f"{one.name}_visit" not in second.tables


def test_nothing_is_imported_from_plugins_by_the_kernel() -> None:
    script = "import sys, core.kernel.registry; print([m for m in sys.modules if m.startswith('plugins.')])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
