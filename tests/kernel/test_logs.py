import contextlib
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.kernel import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield io.StringIO()
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_line_says_when_how_grave_and_what(stream: io.StringIO) -> None:
    logs.set_up(stream=stream)
    structlog.get_logger("sopia.test").info("plugin enabled", plugin="客户")
    line = lines(stream)[0]
    assert (line["level"], line["event"], line["plugin"]) == ("info", "plugin enabled", "客户")
    assert line["timestamp"].endswith("Z")


def test_secrets_are_struck_out_by_name(stream: io.StringIO) -> None:
    logs.set_up(stream=stream)
    structlog.get_logger().info("signed in", password="opensesame", api_token="t0k3n", login="lina")
    assert lines(stream)[0]["login"] == "lina"
    assert "opensesame" not in stream.getvalue()
    assert "t0k3n" not in stream.getvalue()


def test_lines_below_the_level_are_left_out(stream: io.StringIO) -> None:
    logs.set_up(logging.WARNING, stream)
    structlog.get_logger().info("nothing to see")
    structlog.get_logger().warning("look here")
    assert [line["event"] for line in lines(stream)] == ["look here"]


def test_faults_of_libraries_come_out_the_same_way(stream: io.StringIO) -> None:
    logs.set_up(stream=stream)
    logging.getLogger("uvicorn.access").info("GET /")
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        logging.getLogger("uvicorn.error").exception("request failed")
    assert [line["event"] for line in lines(stream)] == ["request failed"]
    assert "ZeroDivisionError: by zero" in lines(stream)[0]["exception"]


@pytest.mark.usefixtures("stream")
def test_lines_follow_standard_error_where_it_is_led(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    for place in (io.StringIO(), io.StringIO()):
        with contextlib.redirect_stderr(place):
            structlog.get_logger().warning("look here")
            logging.getLogger("uvicorn.error").warning("and here")
        assert [line["event"] for line in lines(place)] == ["look here", "and here"]
        place.close()
    assert capsys.readouterr().err == ""
