import pickle
from pathlib import Path
from threading import Thread

import pytest

from core.kernel import i18n
from core.kernel.i18n import (
    Catalogues,
    Text,
    activate,
    current_locale,
    gettext,
    ngettext,
    translate,
    translate_plural,
    translator,
)

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: {plural};\\n"\n\n'
ONE_FORM = "nplurals=1; plural=0"


def write_catalogue(folder: Path, domain: str, entries: str, locale: str = "zh_Hans", plural: str = ONE_FORM) -> Path:
    path = folder / domain / locale / "LC_MESSAGES" / f"{domain}.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER.replace("{plural}", plural) + entries, "utf-8")
    return folder / domain


def entry(source: str, wording: str) -> str:
    return f'msgid "{source}"\nmsgstr "{wording}"\n\n'


@pytest.fixture
def catalogues(tmp_path: Path) -> Catalogues:
    visits = entry("Open it", "打开拜访") + entry("Hello {name}", "{name}，您好") + entry("Broken {name}", "坏 {nmae}")
    visits += 'msgid "{count} visit"\nmsgid_plural "{count} visits"\nmsgstr[0] "{count}次拜访"\n\n'
    visits += f"#, fuzzy\n{entry('Guessed', '猜的')}{entry('Empty', '')}"
    deals = entry("Open it", "打开商机") + entry("Deal", "商机")
    return Catalogues(
        {
            "visits": write_catalogue(tmp_path, "visits", visits),
            "deals": write_catalogue(tmp_path, "deals", deals),
        }
    )


def test_text_reads_english_without_an_active_locale() -> None:
    assert str(translate("Hello {name}", name="李娜")) == "Hello 李娜"
    assert current_locale() == "en"


def test_text_is_translated_when_it_is_shown_not_when_it_is_made(catalogues: Catalogues) -> None:
    text = translator("visits")("Hello {name}", name="李娜")
    with activate(catalogues, "zh_Hans"):
        assert str(text) == f"{text}" == "李娜，您好"
        assert current_locale() == "zh_Hans"
    assert str(text) == "Hello 李娜"


def test_each_plugin_reads_its_own_catalogue_first_and_the_others_after(catalogues: Catalogues) -> None:
    with activate(catalogues, "zh_Hans"):
        assert str(translator("visits")("Open it")) == "打开拜访"
        assert str(translator("deals")("Open it")) == "打开商机"
        assert str(translator("visits")("Deal")) == "商机"
        assert str(translator("visits")("Today")) == "今天"


@pytest.mark.parametrize(
    ("module", "domain"),
    [
        ("core.kernel.errors", "core"),
        ("sopia", "core"),
        ("plugins.customers.models", "customers"),
        ("sopia_visits.plugin", "sopia_visits"),
        ("visits", "visits"),
    ],
)
def test_catalogue_follows_from_the_module_that_makes_the_text(module: str, domain: str) -> None:
    made: dict[str, Text] = {}
    exec("text = translate('Open')", {"__name__": module, "translate": translate}, made)
    assert made["text"].domain == domain


def test_text_without_values_keeps_its_braces() -> None:
    assert str(translate('Write {"name": "…"}')) == 'Write {"name": "…"}'


def test_values_are_never_read_as_patterns() -> None:
    assert str(translate("Hello {name}", name="{name.__class__}")) == "Hello {name.__class__}"


def test_texts_within_texts_are_translated_with_them(catalogues: Catalogues) -> None:
    text = translator("visits")("Hello {name}", name=translate("Today"))
    with activate(catalogues, "zh_Hans"):
        assert str(text) == "今天，您好"


def test_faulty_translation_falls_back_to_english(catalogues: Catalogues) -> None:
    with activate(catalogues, "zh_Hans"):
        assert str(translator("visits")("Broken {name}", name="x")) == "Broken x"


def test_fuzzy_empty_and_unknown_entries_read_english(catalogues: Catalogues) -> None:
    with activate(catalogues, "zh_Hans"):
        assert [str(translator("visits")(source)) for source in ("Guessed", "Empty", "Unheard")] == [
            "Guessed",
            "Empty",
            "Unheard",
        ]


def test_plural_follows_the_language(catalogues: Catalogues, tmp_path: Path) -> None:
    def visits(count: int) -> Text:
        return Text("{count} visit", "visits", {"count": count}, "{count} visits", count)

    assert [str(visits(count)) for count in (0, 1, 2)] == ["0 visits", "1 visit", "2 visits"]
    with activate(catalogues, "zh_Hans"):
        assert str(visits(2)) == "2次拜访"
    assert str(translate_plural("{count} hour ago", "{count} hours ago", 1)) == "1 hour ago"
    polish = 'msgid "{count} visit"\nmsgid_plural "{count} visits"\n'
    polish += 'msgstr[0] "{count} wizyta"\nmsgstr[1] "{count} wizyty"\nmsgstr[2] "{count} wizyt"\n'
    rule = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)"
    folder = write_catalogue(tmp_path / "pl", "visits", polish, "pl", rule)
    with activate(Catalogues({"visits": folder}), "pl"):
        assert [str(visits(count)) for count in (1, 3, 5, 22)] == ["1 wizyta", "3 wizyty", "5 wizyt", "22 wizyty"]


def test_equal_texts_are_one_key_and_survive_pickling() -> None:
    text = translate("Hello {name}", name="李娜")
    assert text == translate("Hello {name}", name="李娜")
    assert text != translate("Hello {name}", name="王伟")
    assert {text: 1}[pickle.loads(pickle.dumps(text))] == 1
    assert text
    assert not translate("")


def test_text_is_no_trusted_html() -> None:
    assert not hasattr(translate("<b>"), "__html__")


def test_templates_look_up_the_merged_catalogue(catalogues: Catalogues) -> None:
    assert (gettext("Open it"), ngettext("{count} visit", "{count} visits", 2)) == ("Open it", "{count} visits")
    with activate(catalogues, "zh_Hans"):
        assert gettext("Open it") == "打开拜访"
        assert gettext("Deal") == "商机"
        assert gettext("Unheard") == "Unheard"
        assert ngettext("{count} visit", "{count} visits", 2) == "{count}次拜访"
        assert ngettext("{count} cow", "{count} cows", 2) == "{count} cows"


def test_locale_of_one_thread_is_not_that_of_another(catalogues: Catalogues) -> None:
    seen: list[str] = []
    with activate(catalogues, "zh_Hans"):
        thread = Thread(target=lambda: seen.append(current_locale()))
        thread.start()
        thread.join()
    assert seen == ["en"]


def test_chinese_and_english_are_always_there_and_unknown_locales_read_english(catalogues: Catalogues) -> None:
    assert catalogues.available_locales == ("zh_Hans", "en")
    with activate(catalogues, "xx"):
        assert str(translate("Today")) == "Today"


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["zh-CN", "en"], "zh_Hans"),
        (["zh"], "zh_Hans"),
        (["zh-Hans-CN"], "zh_Hans"),
        (["zh-TW", "en"], "en"),
        (["en-GB"], "en"),
        (["fr", "de"], "zh_Hans"),
        ([], "zh_Hans"),
    ],
)
def test_locale_is_chosen_as_the_browser_wishes(catalogues: Catalogues, wanted: list[str], chosen: str) -> None:
    assert catalogues.choose(wanted) == chosen


def test_locale_folder_is_inside_the_package() -> None:
    assert (i18n.CORE_LOCALES / "zh_Hans" / "LC_MESSAGES" / "core.po").is_file()
