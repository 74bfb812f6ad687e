"""README promise: a write that waits for a person shows all there is to know, and trying it again doubles nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from requests.adapters import BaseAdapter

from connector import app, memory
from connector.cli import cli
from connector.engine.history import overview
from connector.engine.tables import outbox
from tests.altered import Altered
from tests.conftest import DOMAIN_ORDER, HAMBURG
from tests.scenarios.test_nothing_doubled import (
    CHANGE_DOMAIN_ORDER,
    CHANGE_WORK_ORDER,
    CREATE,
    arm,
    canceled,
    closed_too_early,
    made,
    progressed,
    revised,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest, Response

    from tests.conftest import Pair


def show(pair: Pair, entry: int, output: str = "table") -> str:
    done = CliRunner().invoke(cli, ["--config", str(pair.loaded.path), "outbox", "show", str(entry), "-o", output])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_refused_write_shows_its_request_its_answer_and_what_happens_next(pair: Pair) -> None:
    pair.approved(HAMBURG)
    fault = {"kind": "status", "status": 400, "method": "POST", "path_contains": "/table/wm_order", "count": 1}
    transaction = {"X-Transaction-ID": "0123456789ab"}
    pair.world.fault("fsm", {**fault, "headers": transaction, "message": "Invalid value"})
    pair.sync()
    said = show(pair, pair.parked())
    for words in (
        "parked after 1 try",
        f"POST {pair.world.instance('fsm').base_url}/api/now/table/wm_order",
        "correlation_id = om-fsm:om:",
        "answer: 400, transaction 0123456789ab",
        "Invalid value",
        "Next: Nothing until a person decides",
    ):
        assert words in said
    for secret in pair.loaded.secrets.values():
        assert secret.get_secret_value() not in said
    assert "Basic " not in said


class Died(BaseException):
    """The process is killed."""


class Deadly(BaseAdapter):
    """The line to Field Service of a process that dies once its creation is carried out, before it has read the answer."""

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self._through = pair.world.adapter("fsm")
        pair.lines["fsm"] = self

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        answer = self._through.send(request, *args, **kwargs)
        if request.method == "POST":
            raise Died
        return answer

    def close(self) -> None:
        self._through.close()


def test_a_try_whose_process_died_is_shown_with_what_it_was_to_write_also_after_it_was_found_done(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    Deadly(pair)
    with pytest.raises(Died):
        pair.sync()
    pair.lines.clear()
    said = show(pair, 1)
    assert "sending after 1 try" in said
    assert "sending: begun, and no answer was recorded" in said
    assert order in said.partition("What it writes")[2].partition("Next:")[0]  # in the description of the work order
    assert "Nothing was sent" not in said
    letters = json.loads(show(pair, 1, "json"))
    [begun] = letters["attempts"]
    assert (begun["outcome"], begun["requests"]) == ("sending", [])
    assert begun["wrote"]["mark"].startswith("om-fsm:om:")
    assert begun["wrote"]["template"] in ("Install CPE", "Site Survey")

    pair.settle()
    found = json.loads(show(pair, 1, "json"))
    assert (found["state"], found["tries"]) == ("done", 2)
    assert [one["outcome"] for one in found["attempts"]] == ["sending", "done"]
    pair.assert_nothing_doubled()


def test_of_a_write_that_succeeds_at_once_no_try_is_kept(pair: Pair) -> None:
    pair.approved(HAMBURG)
    pair.settle()
    found = json.loads(show(pair, 1, "json"))
    assert (found["state"], found["tries"], found["attempts"]) == ("done", 1, [])


def test_a_write_in_doubt_says_when_it_is_looked_up(pair: Pair) -> None:
    pair.approved(HAMBURG)
    arm(pair, CREATE, "commit_then_500")
    pair.sync()
    said = show(pair, 1)
    assert "unknown after 1 try" in said
    assert "answer: 500" in said
    assert "It is looked up, not before" in said


def test_a_write_of_a_held_side_says_so(pair: Pair) -> None:
    pair.approved(HAMBURG)
    pair.world.fault("fsm", {"kind": "rate_limit", "method": "POST", "user": "connector", "seconds": 600, "count": 1})
    pair.sync()
    assert "Nothing while fsm is held (throttled)" in show(pair, 1)


def test_a_hold_on_an_order_nobody_has_heard_of_says_nothing_about_the_writes_of_others(pair: Pair) -> None:
    pair.approved(HAMBURG)
    pair.world.fault("fsm", {"kind": "queue_full", "method": "POST", "user": "connector", "count": 1})
    pair.sync()
    hold = ["--config", str(pair.loaded.path), "hold", "--order", "ORD9999999", "--reason", "dispute"]
    assert CliRunner().invoke(cli, hold).exit_code == 0
    assert "ORD9999999" not in show(pair, 1)


def test_what_an_instance_says_back_of_a_credential_is_kept_and_shown_nowhere(pair: Pair) -> None:
    pair.approved(HAMBURG)
    echo = "bad request; headers were Authorization: Basic Y29ubmVjdG9yOmhvcnNl"
    fault = {"kind": "status", "status": 400, "method": "POST", "path_contains": "/table/wm_order", "count": 1}
    pair.world.fault("fsm", {**fault, "message": echo})
    pair.sync()
    said = show(pair, pair.parked())
    assert "headers were Authorization: ***" in said
    assert "Y29ubmVjdG9yOmhvcnNl" not in said
    assert b"Y29ubmVjdG9yOmhvcnNl" not in b"".join(p.read_bytes() for p in pair.memory.parent.glob("om-fsm.db*"))


HIDDEN_FIELD = {"kind": "hide_field", "field": "work_notes", "user": "connector", "count": None}
HIDDEN_TABLE = {"kind": "no_rows", "path_contains": "sys_journal_field", "user": "connector", "count": None}


@pytest.mark.parametrize(
    ("hidden", "waits"),
    [([HIDDEN_FIELD, HIDDEN_TABLE], True), ([HIDDEN_FIELD], False), ([HIDDEN_TABLE], False)],
    ids=["both ways", "the form", "the table"],
)
def test_a_note_that_nobody_may_read_is_never_written_twice(
    pair: Pair, hidden: list[dict[str, object]], waits: bool
) -> None:
    """The user may write work notes: whether they arrived is seen where one way to read them is open."""
    for fault in hidden:
        pair.world.fault("om", fault)
    order = pair.approved(HAMBURG)
    for _ in range(4):
        pair.world.advance(400)
        pair.sync()
    assert len(pair.notes(pair.resource_order(order))) == 1
    pair.assert_nothing_doubled()
    assert set(pair.waiting()) == ({"parked"} if waits else set())
    assert set(pair.finding_codes()) == ({"write-parked"} if waits else set())
    if waits:
        database = memory.reading(pair.loaded)
        assert database is not None
        words = " ".join(show(pair, overview(database).waiting[0].id).split())
        assert "the right to read the work notes of domain orders" in words
        pair.world.clear_faults()
        with app.writing(pair.loaded, pair.outside()) as (engine, _):
            for one in overview(database).waiting:
                assert engine.store.release_parked(one.id, pair.now(), drop=False)
        pair.settle()
        assert [len(pair.notes(number)) for number in pair.domain_orders(order) if pair.notes(number)] == [1, 1]
        pair.assert_nothing_doubled()


@pytest.mark.parametrize("waits", [False, True], ids=["the form shows it", "the form is closed"])
def test_a_note_that_the_journal_hides_among_others_is_never_written_twice(pair: Pair, waits: bool) -> None:
    """A right to single rows: the table shows our older notes and counts the newest without showing it."""
    order = made(pair)
    progressed(pair, order)
    arm(pair, CHANGE_DOMAIN_ORDER, "commit_then_500")
    pair.sync()
    if waits:
        pair.world.fault("om", HIDDEN_FIELD)
    line = Altered(
        pair, "om", "/table/sys_journal_field", lambda rows: [r for r in rows if "-> Assigned" not in str(r)]
    )
    (pair.settle_but_parked if waits else pair.settle)()
    assert line.altered
    assert sum("-> Assigned" in note for note in pair.notes(pair.resource_order(order))) == 1
    line.is_on = False
    if waits:
        assert pair.finding_codes() == ["write-parked"]
        pair.retry()
        pair.settle()
    pair.assert_nothing_doubled()
    assert pair.finding_codes() == []


@pytest.mark.parametrize("entry", ["9223372036854775808", "0"])
@pytest.mark.parametrize("verb", ["show", "retry", "drop"])
def test_a_number_that_no_write_can_have_is_wrong_usage(pair: Pair, verb: str, entry: str) -> None:
    pair.sync()
    assert CliRunner().invoke(cli, ["--config", str(pair.loaded.path), "outbox", verb, entry]).exit_code == 2


@pytest.mark.parametrize(
    ("event", "where"),
    [
        (None, CREATE),
        (progressed, CHANGE_DOMAIN_ORDER),
        (revised, CHANGE_WORK_ORDER),
        (canceled, CHANGE_WORK_ORDER),
        (closed_too_early, CHANGE_DOMAIN_ORDER),
    ],
    ids=["create", "note", "update", "cancel", "reopen"],
)
def test_trying_a_parked_write_again_doubles_nothing_even_when_it_had_taken_effect(
    pair: Pair, event: Callable[[Pair, str], None] | None, where: tuple[str, str, str]
) -> None:
    order = pair.approved(HAMBURG) if event is None else made(pair)
    if event is not None:
        event(pair, order)
    arm(pair, where, "commit_then_500")  # it took effect; nobody knows
    pair.sync()
    assert "unknown" in pair.waiting()
    with memory.repairing(pair.loaded) as store:
        park(store.engine)
        [entry] = parked(store.engine)
        assert store.release_parked(entry, pair.now(), drop=False)
    pair.settle()
    pair.assert_nothing_doubled()
    number = pair.resource_order(order)
    if event is None:
        assert len(pair.work_orders(order)) == 2
    if event is progressed:
        assert sum("-> Assigned" in note for note in pair.notes(number)) == 1
    if event is revised:
        assert sum("100 Mbit/s -> 500 Mbit/s" in note for note in pair.notes(number)) == 1
    if event is canceled:
        reasons = pair.rows("fsm", "sys_journal_field", "element=work_notes^valueLIKEwas canceled in Order", "value")
        assert len(reasons) == 2
    if event is closed_too_early:
        assert pair.state("om", DOMAIN_ORDER, number) == "in progress"
        assert sum("was reopened" in note for note in pair.notes(number)) == 1


def park(engine: sa.Engine) -> None:
    """As when the look after the unclear answer was refused."""
    with engine.begin() as connection:
        connection.execute(outbox.update().where(outbox.c.state == "unknown").values(state="parked"))


def parked(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(outbox.c.id).where(outbox.c.state == "parked")).scalars())
