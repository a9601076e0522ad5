import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.kernel.errors import ConfigurationError
from core.kernel.settings import Settings, check_data_folder, file_system_of, kept_secret_key


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and an environment without settings of the machine."""
    for name in [name for name in os.environ if name.startswith("SOPIA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOPIA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def write_file(folder: Path, content: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "sopia.toml").write_text(content, "utf-8")


def test_defaults_are_those_of_the_documentation(folder: Path) -> None:
    settings = Settings.load()
    assert settings.data_dir == folder
    assert settings.database_url == f"sqlite:///{folder}/sopia.db"
    assert settings.database_file == folder / "sopia.db"
    assert settings.files_url == str(folder / "files")
    assert settings.plugins is None
    assert settings.admin_password is None
    assert (settings.base_url, settings.locale, settings.timezone, settings.currency) == (
        "",
        "zh_Hans",
        "Asia/Shanghai",
        "CNY",
    )


def test_data_folder_is_var_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOPIA_DATA_DIR")
    assert Settings.load().data_dir == tmp_path / "var"


def test_environment_wins_over_file_and_override_over_both(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(folder, 'currency = "USD"\nSOPIA_LOCALE = "en"\nplugins = ["customers"]\n')
    assert (Settings.load().currency, Settings.load().locale, Settings.load().plugins) == ("USD", "en", ("customers",))
    monkeypatch.setenv("SOPIA_CURRENCY", "EUR")
    assert Settings.load().currency == "EUR"
    assert Settings.load(currency="GBP").currency == "GBP"


@pytest.mark.parametrize(
    ("value", "plugins"),
    [("customers", ("customers",)), (" customers , sales,", ("customers", "sales")), ("", ())],
)
def test_plugins_are_exactly_the_list(value: str, plugins: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPIA_PLUGINS", value)
    assert Settings.load().plugins == plugins


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPIA_CURRENCY", "")
    monkeypatch.setenv("SOPIA_SECRET_KEY", "")
    assert Settings.load().currency == "CNY"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://localhost/sopia"),
        ("DATABASE_URL", "sopia.db"),
        ("FILES_URL", "ftp://host/folder"),
        ("PLUGINS", "customers;sales"),
        ("BASE_URL", "sopia.example.com"),
        ("LOCALE", "klingon"),
        ("TIMEZONE", "Shanghai"),
        ("TIMEZONE", "../../etc/passwd"),
        ("CURRENCY", "yuan"),
        ("SECRET_KEY", "short"),
    ],
)
def test_bad_value_is_named_with_its_remedy(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SOPIA_{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert f"SOPIA_{name}" in str(caught.value.message)
    shown = "***" if name == "SECRET_KEY" else value
    assert f"'{shown}'" in str(caught.value.message)
    assert str(caught.value.remedy)


def test_bad_value_in_the_file_is_named_with_the_file(folder: Path) -> None:
    write_file(folder, 'currency = "yuan"\n')
    with pytest.raises(ConfigurationError, match=r"currency \(.*sopia\.toml\) has the value 'yuan'"):
        Settings.load()


@pytest.mark.parametrize("content", ['curency = "CNY"', "currency = CNY", "\x00", 'data_dir = "elsewhere"'])
def test_faulty_file_is_named_with_its_remedy(content: str, folder: Path) -> None:
    write_file(folder, content)
    with pytest.raises(ConfigurationError, match=r"sopia\.toml") as caught:
        Settings.load()
    assert str(caught.value.remedy)


def test_passwords_stay_out_of_messages_and_representations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPIA_DATABASE_URL", "mysql://sopia:s3cret@localhost/sopia")
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert "s3cret" not in str(caught.value)
    monkeypatch.delenv("SOPIA_DATABASE_URL")
    settings = Settings.load(admin_password="opensesame")
    assert "opensesame" not in repr(settings)
    assert settings.secret_key not in repr(settings)
    assert "s3cret" not in repr(Settings.load(database_url="postgresql://sopia:s3cret@localhost/sopia"))


def test_database_server_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPIA_DATABASE_URL", "postgres://localhost/sopia")
    settings = Settings.load()
    assert settings.database_url == "postgresql://localhost/sopia"
    assert not settings.is_sqlite
    assert settings.database_file is None


def test_secret_key_is_made_once_and_readable_for_its_owner_only(folder: Path) -> None:
    key = Settings.load().secret_key
    assert len(key) >= 40
    assert Settings.load().secret_key == key
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_secret_key_that_is_given_is_not_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPIA_SECRET_KEY", "k" * 40)
    assert Settings.load().secret_key == "k" * 40
    assert list(folder.iterdir()) == []


def test_processes_starting_at_once_agree_on_the_secret_key(tmp_path: Path) -> None:
    for attempt in range(20):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(kept_secret_key, [folder] * 8))
        assert len(keys) == 1
        assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_empty_secret_key_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "secret_key").touch()
    with pytest.raises(ConfigurationError, match="empty or too short"):
        Settings.load()


def test_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="file/below' cannot be made"):
        Settings.load(data_dir=tmp_path / "file" / "below")


MOUNTS = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:50 / /srv/share rw,relatime shared:7 - nfs4 server:/share rw
24 23 0:51 / /srv/share/local\040disk rw - xfs /dev/vdb rw
""".lstrip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv", "ext4"),
        ("/srv/share", "nfs4"),
        ("/srv/share/sopia/var", "nfs4"),
        ("/srv/shared", "ext4"),
        ("/srv/share/local disk/var", "xfs"),
    ],
)
def test_file_system_is_that_of_the_nearest_mount(folder: str, kind: str, tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system_of(Path(folder), mounts) == kind


def test_network_file_system_is_refused_and_a_local_one_is_not(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    with pytest.raises(ConfigurationError, match=r"network file system \(nfs4\)"):
        check_data_folder(Path("/srv/share/sopia"), mounts)
    check_data_folder(Path("/srv"), mounts)
    check_data_folder(Path("/srv/share"), tmp_path / "absent")
