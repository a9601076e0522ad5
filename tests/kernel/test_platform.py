import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.kernel import jobs
from core.kernel.crew import Crew
from core.kernel.errors import ConfigurationError
from core.kernel.generations import raise_plugins
from core.kernel.idempotency import Answer, KeyUsedOtherwise, RequestKey, claim, forget_old_keys, settle
from core.kernel.jobs import Job
from core.kernel.platform import Parts, Platform, open_platform, rebuild
from core.kernel.plugins import SYSTEM, Plugin
from core.kernel.roles import Role, UserRole
from core.kernel.settings import Settings
from core.kernel.signin import sign_in
from core.kernel.types import now
from core.kernel.upkeep import NAME, UPKEEP
from core.kernel.users import User
from core.testing import Schema

plugin = Plugin(SYSTEM, "System", "1", module="core.test_platform", jobs=UPKEEP)
PARTS = Parts(system=f"{__name__}:plugin")


@pytest.fixture
def schema() -> Schema:
    return Schema(kernel=False)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path, database_url=database_url, plugins=())


def test_an_empty_database_becomes_an_installation(settings: Settings) -> None:
    platform = open_platform(settings)
    assert platform.registry.names == ("system",)
    assert platform.first_password is not None
    assert len(platform.first_password) >= 16
    assert sign_in(platform.database, "admin", platform.first_password)
    with platform.database.transaction(write=False) as connection:
        assert set(connection.scalars(select(Role.key))) == {"administrator", "manager", "member", "reader"}
    platform.close()


def test_the_password_is_told_once(settings: Settings) -> None:
    open_platform(settings).close()
    again = open_platform(settings)
    assert again.first_password is None
    again.close()


def test_a_password_that_was_given_is_not_told(settings: Settings) -> None:
    platform = open_platform(settings.model_copy(update={"admin_password": "correct horse 7"}))
    assert platform.first_password is None
    assert sign_in(platform.database, "admin", "correct horse 7")
    assert "correct horse" not in repr(platform)
    platform.close()


def test_processes_that_start_together_make_one_administrator(settings: Settings) -> None:
    opened: list[Platform] = []
    threads = [threading.Thread(target=lambda: opened.append(open_platform(settings))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert sum(platform.first_password is not None for platform in opened) == 1
    with opened[0].database.transaction(write=False) as connection:
        assert connection.scalar(select(func.count()).select_from(User)) == 1
        assert connection.scalar(select(func.count()).select_from(UserRole)) == 1
    for platform in opened:
        platform.close()


def test_a_network_folder_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    if not settings.is_sqlite:
        pytest.skip("only SQLite keeps its database in a folder")
    monkeypatch.setattr("core.kernel.settings.file_system_of", lambda *arguments: "nfs4")
    with pytest.raises(ConfigurationError, match="network file system"):
        open_platform(settings)


def test_the_next_generation_stands_beside_the_old_one(settings: Settings) -> None:
    before = open_platform(settings)
    with before.database.transaction(write=True) as connection:
        raise_plugins(connection)
    after = rebuild(before)
    assert after.generation == before.generation + 1
    assert after.database is before.database
    assert after.registry is not before.registry
    after.close()


def test_what_has_expired_is_forgotten(settings: Settings) -> None:
    platform = open_platform(settings)
    with platform.database.transaction(write=True) as connection:
        claim(connection, 1, "old", "digest")
        connection.execute(RequestKey.__table__.update().values(at=now().replace(year=2020)))  # type: ignore[attr-defined]
        claim(connection, 1, "new", "digest")
        assert forget_old_keys(connection) == 1
        assert connection.scalars(select(RequestKey.key)).all() == ["new"]
    platform.close()


def test_the_crew_does_the_jobs_of_the_platform(settings: Settings) -> None:
    platform = open_platform(settings, parts=PARTS)
    crew = Crew(platform, watches=False)
    crew.start()
    with platform.database.transaction(write=True) as connection:
        number = jobs.enqueue(connection, NAME, why="a test")
    crew.wake()
    assert number is not None
    for _ in range(200):
        with platform.database.transaction(write=False) as connection:
            state = connection.scalar(select(jobs.QueuedJob.state).where(jobs.QueuedJob.id == number))
        if state == "done":
            break
        threading.Event().wait(0.05)
    assert state == "done"
    assert crew.stop()
    platform.close()


def test_the_crew_follows_the_next_generation(settings: Settings) -> None:
    before = open_platform(settings, parts=PARTS)
    crew = Crew(before, watches=False)
    crew.start()
    after = rebuild(before)
    crew.follow(after)
    assert crew.stop()
    assert any(isinstance(job, Job) for _plugin, job in after.registry.jobs)
    after.close()


def test_a_key_gives_back_the_first_answer(settings: Settings) -> None:
    platform = open_platform(settings)
    answer = Answer(303, "/customers/1", '"1"', "text/plain", "body")
    with platform.database.transaction(write=True) as connection:
        assert claim(connection, 1, "k", "d") is None
        settle(connection, 1, "k", answer)
    with platform.database.transaction(write=True) as connection:
        assert claim(connection, 1, "k", "d") == answer
        assert claim(connection, 2, "k", "d") is None
    with pytest.raises(KeyUsedOtherwise), platform.database.transaction(write=True) as connection:
        claim(connection, 1, "k", "other")
    platform.close()
