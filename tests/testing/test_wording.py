from pathlib import Path

from core.testing.wording import untranslated, wordings

SOURCE = """
from sopia import translate as _, translate_plural

TITLE = _("Visits")
HELP = _("Visits of {name}, "
         "and of nobody else", name="李娜")
COUNT = translate_plural("{count} visit", "{count} visits", 2)
"""
TEMPLATE = """
<h1 title="{{ _('Visits today') }}">{% trans count=n %}One{% pluralize %}{{ count }} of them{% endtrans %}</h1>
"""
CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "Visits"
msgstr "拜访"

msgid "{count} visit"
msgid_plural "{count} visits"
msgstr[0] "{count}次拜访"
"""


def write_plugin(folder: Path) -> Path:
    (folder / "templates").mkdir()
    (folder / "plugin.py").write_text(SOURCE, "utf-8")
    (folder / "templates" / "day.html").write_text(TEMPLATE, "utf-8")
    (folder / "visits.po").write_text(CATALOGUE, "utf-8")
    return folder


def test_texts_are_found_in_source_and_templates(tmp_path: Path) -> None:
    found = {(text.source, text.plural) for text in wordings(write_plugin(tmp_path))}
    assert found == {
        ("Visits", ""),
        ("Visits of {name}, and of nobody else", ""),
        ("{count} visit", "{count} visits"),
        ("Visits today", ""),
        ("One", "%(count)s of them"),
    }


def test_what_the_catalogue_lacks_is_named_with_its_place(tmp_path: Path) -> None:
    missing = untranslated(write_plugin(tmp_path), tmp_path / "visits.po")
    assert [text.source for text in missing] == ["Visits of {name}, and of nobody else", "Visits today", "One"]
    assert missing[-1].place == "templates/day.html:2"


def test_without_a_catalogue_everything_is_missing(tmp_path: Path) -> None:
    assert len(untranslated(write_plugin(tmp_path), tmp_path / "absent.po")) == 5


def test_platform_is_translated_completely() -> None:
    core = Path(__file__).parents[2] / "core"
    missing = untranslated(core, core / "locale" / "zh_Hans" / "LC_MESSAGES" / "core.po")
    assert not missing, "\n".join(f"core/{text.place}: {text.source!r} is not in core.po" for text in missing)


def test_no_text_is_translated_twice() -> None:
    catalogue = Path(__file__).parents[2] / "core" / "locale" / "zh_Hans" / "LC_MESSAGES" / "core.po"
    sources = [line for line in catalogue.read_text("utf-8").splitlines() if line.startswith("msgid ")]
    twice = {line for line in sources if sources.count(line) > 1}
    assert not twice
