"""Passwords, signing in and its limits, sessions, and the tokens of programs."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import event, func, insert, select, update
from time_machine import travel

from core.kernel.common_passwords import COMMON_PASSWORDS
from core.kernel.database import Database
from core.kernel.errors import Invalid, NotFound, TooManyRequests
from core.kernel.generations import raise_access, raise_plugins
from core.kernel.passwords import Credential, check_password, hash_password, put_password, verify_password
from core.kernel.sessions import ABSOLUTE, IDLE, SignedIn, SignInSession, forget_ended_sessions
from core.kernel.signin import (
    SignInFailed,
    SignInTry,
    change_password,
    end_all_sessions,
    end_session,
    find_session,
    forget_old_tries,
    note_seen,
    open_sessions,
    set_password,
    sign_in,
    sign_out,
)
from core.kernel.tokens import Token, create_token, find_token, note_used, revoke_token, tokens_of
from core.kernel.users import User
from core.testing import Schema
from tests.kernel.people import Company

PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"
START = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)


def employ_anna(database: Database) -> None:
    """One person with a password."""
    with database.system("test") as session:
        user_id = Company(session).person("anna").id
    set_password(database, user_id, PASSWORD)


@pytest.fixture
def schema() -> Schema:
    return Schema(fill=employ_anna)


@pytest.fixture
def anna(database: Database) -> int:
    """The id of the person with a password."""
    with database.transaction(write=False) as connection:
        return connection.scalars(select(User.id)).one()


def who(database: Database, token: str) -> SignedIn | None:
    """Who is behind the token of a session, as the next request finds."""
    with database.transaction(write=False) as connection:
        return find_session(connection, token)


def change(database: Database, **values: object) -> None:
    """Change every person."""
    with database.system("test") as session:
        session.execute(update(User).values(**values))


def test_password_is_kept_as_argon2id_with_19_mib(database: Database, anna: int) -> None:
    with database.transaction(write=False) as connection:
        kept = connection.scalar(select(Credential.password_hash))
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(PASSWORD, kept) == (True, None)
    assert verify_password(PASSWORD + " ", kept) == (False, None)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "5 characters"),
        ("x" * 1001, "longer"),
        ("password1", "first that anybody tries"),
        ("Password123!", "first that anybody tries"),
        ("１２３４５６７８", "first that anybody tries"),
        ("aaaaaaaabbb", "first that anybody tries"),
        ("Annabella.Wu", "login name"),
    ],
)
def test_bad_password_is_refused_with_the_reason(password: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        check_password(password, "annabella.wu")


def test_good_password_needs_no_special_characters() -> None:
    check_password("骑行去看海边的落日", "anna")
    check_password("quiet river morning")


def test_common_passwords_are_written_as_they_are_compared() -> None:
    assert all(word == word.casefold() and len(word) >= 8 for word in COMMON_PASSWORDS)


def test_same_characters_composed_differently_are_the_same_password() -> None:
    assert verify_password("cafe\u0301 au lait", hash_password("caf\u00e9 au lait"))[0]


def test_session_knows_person_generations_and_preferences(database: Database, anna: int) -> None:
    change(database, locale="en", timezone="Europe/Paris", theme="dark", density="compact")
    token = sign_in(database, " ANNA ", PASSWORD, address=HOME, user_agent="Firefox")
    with database.system("test") as session:
        raise_access(session)
        raise_plugins(session)
    found = who(database, token)
    assert found is not None
    assert (found.user_id, found.plugins, found.read_only) == (anna, 2, False)
    assert found.access > 1
    assert (found.locale, found.timezone, found.theme, found.density) == ("en", "Europe/Paris", "dark", "compact")


def test_session_is_found_in_one_statement_before_and_after_generations_are_raised(
    database: Database, anna: int
) -> None:
    token = sign_in(database, "anna", PASSWORD)
    statements: list[str] = []
    with database.transaction(write=False) as connection:
        event.listen(connection, "before_cursor_execute", lambda *a: statements.append(a[2]))
        assert find_session(connection, token)
    assert len(statements) == 1


def test_database_holds_no_token(database: Database, anna: int) -> None:
    token = sign_in(database, "anna", PASSWORD)
    with database.transaction(write=True) as connection:
        program = create_token(connection, anna, "script")
        kept = [*connection.scalars(select(SignInSession.token_hash)), *connection.scalars(select(Token.token_hash))]
    assert all(len(value) == 64 and value not in (token, program) for value in kept)
    assert len(token) >= 43
    assert len(program) >= 43


@pytest.mark.parametrize("login", ["anna", "nobody", "", "a" * 500, "an\0na", "\ud800", "ben"])
def test_every_failure_says_the_same(database: Database, anna: int, login: str) -> None:
    with database.system("test") as session:
        Company(session).person("ben")
    with pytest.raises(SignInFailed) as failed:
        sign_in(database, login, "wrong password", address=HOME)
    assert str(failed.value) == str(SignInFailed())


@pytest.mark.parametrize("password", ["", "\0", "\ud800" * 20, "x" * 1_000_000])
def test_odd_passwords_are_just_wrong(database: Database, anna: int, password: str) -> None:
    with pytest.raises(SignInFailed):
        sign_in(database, "anna", password)


def test_deactivated_person_cannot_sign_in_and_is_signed_out_at_once(database: Database, anna: int) -> None:
    token = sign_in(database, "anna", PASSWORD)
    with database.transaction(write=True) as connection:
        program = create_token(connection, anna, "script")
    change(database, active=False)
    assert who(database, token) is None
    with database.transaction(write=False) as connection:
        assert find_token(connection, program) is None
    with pytest.raises(SignInFailed):
        sign_in(database, "anna", PASSWORD)


@pytest.mark.sqlite
def test_unknown_person_takes_as_long_as_a_wrong_password(database: Database, anna: int) -> None:
    times: dict[str, list[float]] = {"anna": [], "nobody": []}
    for number in range(9):
        for login, taken in times.items():
            before = time.thread_time()
            with pytest.raises(SignInFailed):
                sign_in(database, login, "wrong password", address=f"192.0.2.{number}")
            taken.append(time.thread_time() - before)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.5 < unknown / known < 2


def test_weaker_hash_is_renewed_when_somebody_signs_in(database: Database, anna: int) -> None:
    weak = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.transaction(write=True) as connection:
        put_password(connection, anna, weak)
    assert who(database, sign_in(database, "anna", PASSWORD))
    with database.transaction(write=False) as connection:
        kept = connection.scalar(select(Credential.password_hash))
    assert kept
    assert kept.startswith("$argon2id$v=19$m=19456,t=2")
    assert who(database, sign_in(database, "anna", PASSWORD))


def fail(database: Database, login: str, address: str, times: int) -> None:
    """Try a wrong password."""
    for _ in range(times):
        with pytest.raises(SignInFailed):
            sign_in(database, login, "wrong password", address=address)


def test_eleventh_try_from_one_address_waits_and_the_victim_signs_in_elsewhere(database: Database, anna: int) -> None:
    with travel(START, tick=False) as clock:
        fail(database, "anna", HOME, 10)
        clock.shift(timedelta(minutes=5))
        with pytest.raises(TooManyRequests) as refused:
            sign_in(database, "Anna", PASSWORD, address=HOME)
        assert refused.value.retry_after == 600
        assert who(database, sign_in(database, "anna", PASSWORD, address=ELSEWHERE))
        clock.shift(timedelta(minutes=10))
        assert who(database, sign_in(database, "anna", PASSWORD, address=HOME))


def test_success_wipes_out_ones_failures(database: Database, anna: int) -> None:
    for _ in range(2):
        fail(database, "anna", HOME, 6)
        sign_in(database, "anna", PASSWORD, address=HOME)
    with database.transaction(write=False) as connection:
        assert connection.scalar(select(func.count()).select_from(SignInTry)) == 0


def test_address_that_tries_everybody_waits(database: Database, anna: int) -> None:
    with database.transaction(write=True) as connection:
        for number in range(100):
            connection.execute(insert(SignInTry).values(pair=f"{number}", address=HOME))
    with pytest.raises(TooManyRequests):
        sign_in(database, "anna", PASSWORD, address=HOME)
    assert who(database, sign_in(database, "anna", PASSWORD, address=ELSEWHERE))


@pytest.mark.parametrize(
    ("first", "second"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("not an address", "not an address")],
)
def test_neighbouring_addresses_of_one_house_count_as_one(
    database: Database, anna: int, first: str, second: str
) -> None:
    fail(database, "anna", first, 10)
    with pytest.raises(TooManyRequests):
        sign_in(database, "anna", PASSWORD, address=second)
    assert who(database, sign_in(database, "anna", PASSWORD, address="2001:db8:0:1::1"))


def test_crowd_at_the_same_moment_gets_no_more_tries(database: Database, anna: int) -> None:
    def attempt(_: int) -> str:
        try:
            sign_in(database, "anna", "wrong password", address=HOME)
        except (SignInFailed, TooManyRequests) as error:
            return type(error).__name__
        return "signed in"

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(attempt, range(24)))
    assert answers == {"SignInFailed": 10, "TooManyRequests": 14}


def test_old_tries_are_forgotten(database: Database, anna: int) -> None:
    with travel(START, tick=False) as clock:
        fail(database, "anna", HOME, 2)
        clock.shift(timedelta(minutes=15))
        with database.transaction(write=True) as connection:
            forget_old_tries(connection)
            assert connection.scalar(select(func.count()).select_from(SignInTry)) == 0


def test_each_sign_in_has_a_token_of_its_own_and_signing_out_ends_one(database: Database, anna: int) -> None:
    first, second = sign_in(database, "anna", PASSWORD), sign_in(database, "anna", PASSWORD)
    assert first != second
    sign_out(database, first)
    assert who(database, first) is None
    assert who(database, second)
    sign_out(database, "unknown \ud800")
    assert who(database, "unknown \ud800") is None


def test_session_ends_when_idle_and_when_old(database: Database, anna: int) -> None:
    with travel(START, tick=False) as clock:
        idle, used = sign_in(database, "anna", PASSWORD), sign_in(database, "anna", PASSWORD)
        for _ in range(8):
            clock.shift(IDLE - timedelta(seconds=1))
            found = who(database, used)
            if found is None:
                break
            assert found.seen_long_ago
            with database.transaction(write=True) as connection:
                note_seen(connection, [found.session_id or 0])
        assert datetime.now(UTC) - START > ABSOLUTE
        assert who(database, idle) is None
        assert who(database, used) is None
        with database.transaction(write=True) as connection:
            assert forget_ended_sessions(connection) == 2


def test_last_seen_is_written_every_few_minutes_only(database: Database, anna: int) -> None:
    with travel(START, tick=False) as clock:
        token = sign_in(database, "anna", PASSWORD)
        clock.shift(timedelta(minutes=4))
        found = who(database, token)
        assert found
        assert not found.seen_long_ago
        with database.transaction(write=True) as connection:
            note_seen(connection, [found.session_id or 0])
        assert who(database, token) == found
        clock.shift(timedelta(minutes=1))
        assert found.seen_long_ago


def test_change_of_the_password_ends_the_other_sessions(database: Database, anna: int) -> None:
    here, there = sign_in(database, "anna", PASSWORD), sign_in(database, "anna", PASSWORD)
    with pytest.raises(Invalid, match="current"):
        change_password(database, anna, "wrong password", "another good one", keep=here)
    with pytest.raises(Invalid, match="first that anybody tries"):
        change_password(database, anna, PASSWORD, "password123", keep=here)
    assert who(database, there)
    change_password(database, anna, PASSWORD, "another good one", keep=here)
    assert who(database, here)
    assert who(database, there) is None
    assert who(database, sign_in(database, "anna", "another good one"))
    with pytest.raises(SignInFailed):
        sign_in(database, "anna", PASSWORD)


def test_current_password_cannot_be_guessed_from_a_stolen_session(database: Database, anna: int) -> None:
    for _ in range(10):
        with pytest.raises(Invalid):
            change_password(database, anna, "wrong password", "another good one", address=HOME)
    with pytest.raises(TooManyRequests):
        change_password(database, anna, PASSWORD, "another good one", address=HOME)


def test_password_set_by_an_administrator_ends_all_sessions(database: Database, anna: int) -> None:
    token = sign_in(database, "anna", PASSWORD)
    set_password(database, anna, "another good one")
    assert who(database, token) is None
    with pytest.raises(NotFound):
        set_password(database, 999_999, "another good one")


def test_person_sees_and_ends_his_own_sessions(database: Database, anna: int) -> None:
    with travel(START, tick=False) as clock:
        sign_in(database, "anna", PASSWORD, address=HOME, user_agent="Phone\0\n" + "x" * 500)
        clock.shift(timedelta(hours=1))
        token = sign_in(database, "anna", PASSWORD, address=ELSEWHERE, user_agent="Laptop")
        with database.transaction(write=True) as connection:
            found = open_sessions(connection, anna)
            assert [(one.user_agent[:6], one.address) for one in found] == [("Laptop", ELSEWHERE), ("Phonex", HOME)]
            end_session(connection, anna + 1, found[1].id)
            assert len(open_sessions(connection, anna)) == 2
            end_session(connection, anna, found[1].id)
            assert len(open_sessions(connection, anna)) == 1
            end_all_sessions(connection, anna)
        assert who(database, token) is None


def test_password_changed_while_its_hash_is_checked_is_noticed(database: Database, anna: int) -> None:
    def change_it() -> None:
        with database.transaction(write=True) as connection:
            put_password(connection, anna, "$argon2id$another")

    done: list[object] = []

    def meanwhile(connection: object) -> None:
        if done:
            return
        done.append(connection)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(change_it).result()

    event.listen(database.reader, "commit", meanwhile)
    with pytest.raises(SignInFailed):
        sign_in(database, "anna", PASSWORD)


def token_of(database: Database, token: str) -> SignedIn | None:
    """In whose name a program speaks."""
    with database.transaction(write=False) as connection:
        return find_token(connection, token)


def test_token_speaks_in_the_name_of_its_person(database: Database, anna: int) -> None:
    with database.transaction(write=True) as connection:
        token = create_token(connection, anna, " Nightly report ", read_only=True)
    found = token_of(database, token)
    assert found
    assert (found.user_id, found.read_only, found.session_id) == (anna, True, None)
    assert found.seen_long_ago
    with database.transaction(write=True) as connection:
        note_used(connection, [found.token_id or 0])
        assert [entry.name for entry in tokens_of(connection, anna)] == ["Nightly report"]
    again = token_of(database, token)
    assert again
    assert not again.seen_long_ago
    assert who(database, token) is None
    assert token_of(database, token + "x") is None


def test_token_expires_and_can_be_revoked_by_its_owner_only(database: Database, anna: int) -> None:
    with travel(START, tick=False) as clock:
        with database.transaction(write=True) as connection:
            token, other = create_token(connection, anna, "a", days=30), create_token(connection, anna, "b")
            newest = tokens_of(connection, anna)[0].id
            assert not revoke_token(connection, anna + 1, newest)
            assert revoke_token(connection, anna, newest)
        assert token_of(database, other) is None
        clock.shift(timedelta(days=30, seconds=-1))
        assert token_of(database, token)
        clock.shift(timedelta(seconds=1))
        assert token_of(database, token) is None


@pytest.mark.parametrize(("name", "days"), [("", None), ("x" * 101, None), ("a\0", None), ("ok", 0), ("ok", 99999)])
def test_token_needs_a_name_and_a_sensible_time(database: Database, anna: int, name: str, days: int | None) -> None:
    with database.transaction(write=True) as connection, pytest.raises(Invalid):
        create_token(connection, anna, name, days=days)
