"""The log says of each write how it ended, by the numbers people know and the platform's transaction id; never what it says."""

from __future__ import annotations

import json
import logging
import signal
from typing import TYPE_CHECKING, Any

import structlog
from structlog.testing import capture_logs

from connector.daemon.logs import configure
from tests import PATIENCE
from tests.conftest import HAMBURG, LINE
from tests.daemon.test_process import live, until  # noqa: F401 - a fixture
from tests.daemon.watching import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.conftest import Pair
    from tests.daemon.test_process import Live


def writes(logged: list[Any], event: str = "write done") -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in logged:
        if one["event"] == event:
            found.setdefault(one["action"], []).append(one)
    return found


def test_each_write_is_logged_with_its_numbers_and_the_platforms_transaction_id(pair: Pair) -> None:
    with watched(pair) as daemon, capture_logs() as logged:
        order = pair.approved(HAMBURG)
        daemon.turn()
    created, notes = writes(logged)["CreateWorkOrder"], writes(logged)["WriteNote"]
    lines = [row["number"] for row in pair.rows("om", LINE, f"order.number={order}", "number")]
    assert {one["work_order"] for one in created} == set(pair.work_orders(order))
    assert {one["order"] for one in (*created, *notes)} == {order}
    assert {one["line"] for one in (*created, *notes)} == set(lines)
    assert {one["initiator"] for one in created} & set(pair.domain_orders(order))
    assert {one["domain_order"] for one in notes} <= set(pair.domain_orders(order))
    assert all(one["transaction"] for one in (*created, *notes))
    assert not any("text" in one or "was created" in str(one) for one in (*created, *notes))


def test_an_unclear_answer_is_a_warning_and_a_refused_write_an_error(pair: Pair) -> None:
    with watched(pair) as daemon, capture_logs() as logged:
        pair.world.fault(
            "fsm", {"kind": "commit_then_drop", "method": "POST", "count": 1, "path_contains": "/wm_order"}
        )
        pair.world.fault(
            "fsm",
            {"kind": "status", "status": 400, "method": "POST", "count": 1, "path_contains": "/wm_order", "skip": 1},
        )
        pair.approved(HAMBURG)
        daemon.turn()
        pair.world.advance(100)
        daemon.turn()
    [unclear] = writes(logged, "write unknown")["CreateWorkOrder"]
    [refused] = writes(logged, "write parked")["CreateWorkOrder"]
    assert (unclear["log_level"], refused["log_level"]) == ("warning", "error")
    assert "refused it with status 400" in refused["error"]
    assert all(one["work_order"].startswith("WO") for one in writes(logged)["CreateWorkOrder"])


def test_json_lines_are_json_from_the_first_to_the_last(live: Live) -> None:  # noqa: F811
    config = live.daemon.config
    text = config.read_text(encoding="utf-8").replace("poll_seconds = 600", 'poll_seconds = 0.2\nlog_format = "json"')
    config.write_text(text, encoding="utf-8")
    process = live.daemon.running()
    order = live.pair.place(HAMBURG)
    live.pair.om("approve", order=order)
    assert until(lambda: live.daemon.said('"WriteNote"')), live.daemon.log.read_text(encoding="utf-8")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    logged = [json.loads(line) for line in live.daemon.log.read_text(encoding="utf-8").splitlines()]
    events = [one["event"] for one in logged]
    assert any(event.startswith("om-fsm is running, listening on http://127.0.0.1:") for event in events)
    assert any(event.startswith("stopped") for event in events)
    assert all({"event", "level", "logger", "timestamp"} <= set(one) for one in logged)
    [one, *_] = writes(logged)["CreateWorkOrder"]
    assert {"order", "line", "initiator", "work_order", "transaction"} <= set(one)
    assert one["order"] == order


def test_a_defect_is_one_line_that_shows_no_value_of_a_variable(capsys: pytest.CaptureFixture[str]) -> None:
    for log_format in ("text", "json"):
        with configured(log_format):
            password = "correct horse battery"
            try:
                raise RuntimeError(f"signing in with Bearer {'a1' * 10}, {len(password)} characters")
            except RuntimeError:
                structlog.get_logger("om-fsm").exception("turn failed unexpectedly")
        said = capsys.readouterr().out
        assert said.count("\n") == 1, said
        assert "RuntimeError: signing in with ***, 21 characters" in said
        assert password not in said


def configured(log_format: str) -> Any:
    """The daemon's own logging for a while."""
    from contextlib import contextmanager

    @contextmanager
    def meanwhile() -> Iterator[None]:
        root, before = logging.getLogger(), structlog.get_config()
        handlers, level = root.handlers, root.level
        configure(log_format)
        try:
            yield
        finally:
            root.handlers = handlers
            root.setLevel(level)
            structlog.configure(**before)

    return meanwhile()
