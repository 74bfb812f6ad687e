"""What fails in each turn of the daemon is told by `status`, and the doctor makes its rounds all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from connector.cli import cli
from tests.daemon.watching import Watched, watched

if TYPE_CHECKING:
    from tests.conftest import Pair


def status(pair: Pair) -> str:
    told = CliRunner().invoke(cli, ["--config", str(pair.loaded.path), "status", "--output", "table"])
    assert told.exit_code == 0
    return told.output


def turned(daemon: Watched) -> None:
    """One turn with a round of the doctor that is due, to its end."""
    rounds = daemon.running.service._rounds
    assert rounds is not None
    rounds.wanted.set()
    daemon.turn()
    if rounds._thread is not None:
        rounds._thread.join()


def deny_work_orders(pair: Pair) -> None:
    pair.world.fault("fsm", {"kind": "table_forbidden", "count": None, "path_contains": "table/wm_order"})


def test_a_poll_that_is_denied_is_seen_in_status_until_it_is_answered_again(pair: Pair) -> None:
    with watched(pair) as daemon:
        deny_work_orders(pair)
        daemon.turn()
        assert "FAILING since" in status(pair)
        assert "poll: fsm" in status(pair)
        assert "Ask an administrator for the role or ACL" in status(pair)
        pair.world.clear_faults()
        daemon.turn()
        assert "FAILING" not in status(pair)


def test_what_failed_before_a_restart_is_not_told_for_ever(pair: Pair) -> None:
    with watched(pair) as daemon:
        deny_work_orders(pair)
        daemon.turn()
    pair.world.clear_faults()
    with watched(pair) as daemon:
        daemon.turn()
        assert "FAILING" not in status(pair)


def test_the_doctor_makes_its_round_while_passes_fail_and_says_why(pair: Pair) -> None:
    with watched(pair) as daemon:
        deny_work_orders(pair)
        turned(daemon)
        assert "rights.tables (fsm)" in status(pair)


def test_the_doctor_asks_nobody_while_a_side_is_held(pair: Pair) -> None:
    with watched(pair) as daemon:
        pair.world.fault("fsm", {"kind": "no_node", "count": None})
        turned(daemon)
        assert "Last doctor" not in status(pair)
