import pickle

import pytest

from core.kernel import errors
from core.kernel.errors import Conflict, FieldError, Invalid, NotFound, SopiaError, TooManyRequests
from core.kernel.i18n import Catalogues, activate

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SopiaError)]
CHINESE = Catalogues()


def make(kind: type[SopiaError]) -> SopiaError:
    if kind is Invalid:
        return Invalid([FieldError("name", "The name is missing.")])
    if kind in (NotFound, TooManyRequests):
        return kind()
    return kind("It is broken.", "Mend it.")


@pytest.mark.parametrize("kind", ALL)
def test_error_tells_what_happened_and_what_to_do(kind: type[SopiaError]) -> None:
    error = make(kind)
    assert str(error.message)
    assert str(error.remedy)
    assert 400 <= kind.status <= 599


@pytest.mark.parametrize("kind", ALL)
def test_error_travels_between_processes(kind: type[SopiaError]) -> None:
    error = make(kind)
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is kind
    assert str(arrived) == str(error)


def test_statuses_are_those_of_the_contract() -> None:
    statuses = {kind.__name__: kind.status for kind in ALL}
    assert statuses == {
        "SopiaError": 500,
        "ConfigurationError": 500,
        "PluginError": 500,
        "GateRefused": 500,
        "BadRequest": 400,
        "Forbidden": 403,
        "NotFound": 404,
        "Conflict": 409,
        "Stale": 412,
        "TooLarge": 413,
        "Invalid": 422,
        "PreconditionRequired": 428,
        "TooManyRequests": 429,
    }


def test_not_found_takes_no_words_that_could_tell_missing_from_hidden() -> None:
    with pytest.raises(TypeError):
        NotFound("The customer belongs to somebody else.")  # type: ignore[call-arg]
    assert str(NotFound()) == str(NotFound())


def test_invalid_names_each_field_and_reads_a_generator_once() -> None:
    error = Invalid(FieldError(name, "This is missing.") for name in ("name", ""))
    assert [each.field for each in error.errors] == ["name", ""]
    assert str(error) == "name: This is missing.; This is missing."


def test_error_speaks_the_readers_language_when_it_is_shown() -> None:
    error = TooManyRequests(30)
    with activate(CHINESE, "zh_Hans"):
        assert str(error) == "尝试次数过多。 请在 30 秒后重试。"
    assert str(error) == "Too many attempts. Wait 30 seconds, then try again."


def test_message_without_remedy_has_no_blank_at_its_end() -> None:
    assert str(Conflict("The credit limit is exceeded.")) == "The credit limit is exceeded."
