"""README promise: whatever breaks, and whenever, each work order and each note exists once, and no gate opens too early.

`make walks` walks through more of them than this; a failing seed prints the smallest story that still fails, which
`python -m tests.faults.walk --story FILE` plays again.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading

import pytest

from connector.engine.sides import Sides
from connector.fsm.references import References
from connector.sandbox.misdeeds import KINDS as EVERY_KIND
from connector.sandbox.moves import MOVES
from connector.servicenow.pace import Pace
from connector.servicenow.schema import StateChoices
from connector.servicenow.sign_in import SignIn
from tests.faults.walk.__main__ import unwalked
from tests.faults.walk.moves import CHAPTERS, MOVES_OF_PEOPLE, OF_THE_PLAYER
from tests.faults.walk.shrink import shrink
from tests.faults.walk.story import KINDS, NOT_MET, Step, printed, read, tell
from tests.faults.walk.truth import _ends_in_any_order
from tests.faults.walk.turns import _LOCKED, Turns, Yielding


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", [0, 10])
def test_after_any_walk_every_promise_holds_and_nothing_is_left_to_do(first: int) -> None:
    command = [sys.executable, "-m", "tests.faults.walk", str(first), str(first + 10), "--shrink", "--most", "2"]
    walked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert walked.returncode == 0, walked.stdout + walked.stderr


def test_who_stops_before_the_last_seed_says_so_in_the_last_line() -> None:
    command = [sys.executable, "-m", "tests.faults.walk", "0", "2000", "--lanes", "2", "--minutes", "0"]
    walked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert walked.stdout.splitlines()[-1] == "2 of 2,000 walked, time was up"


def test_who_came_to_the_last_seed_or_stopped_at_a_failure_does_not_speak_of_time() -> None:
    assert unwalked(2000, 2000, failed=False) == ""
    assert unwalked(17, 2000, failed=True) == "17 of 2,000 walked, it stopped at what failed\n"


def test_people_make_moves_the_sandbox_knows() -> None:
    assert {move.do or name for name, move in MOVES_OF_PEOPLE.items()} <= set(MOVES)
    assert {name for chapter in CHAPTERS for name in chapter} <= set(MOVES_OF_PEOPLE) | OF_THE_PLAYER


def test_every_fault_of_the_sandbox_is_met_or_it_is_said_why_not() -> None:
    assert set(KINDS) | set(NOT_MET) == EVERY_KIND
    assert not set(KINDS) & set(NOT_MET)


def test_in_two_thousand_stories_every_move_and_every_fault_occurs() -> None:
    steps = [step for seed in range(2000) for step in tell(seed)]
    assert {step["move"] for step in steps if step["do"] == "person"} >= set(MOVES_OF_PEOPLE)
    assert {step["fault"]["kind"] for step in steps if step["do"] == "fault"} == set(KINDS)
    assert {step["killed"]["how"] for step in steps if "killed" in step} == {
        f"{when} {what}" for when in ("before", "after") for what in ("request", "write", "commit")
    }


def test_a_story_is_told_the_same_way_again_and_survives_being_printed() -> None:
    assert tell(7) == tell(7)
    assert tell(7) != tell(8)
    assert read(printed(tell(7))) == tell(7)


def test_shrinking_leaves_only_the_steps_that_matter() -> None:
    story: list[Step] = [{"do": str(number)} for number in range(40)]
    needed = [story[3], story[17], story[38]]
    assert shrink(story, lambda steps: all(step in steps for step in needed)) == needed


def _interleaved(seed: int) -> list[str]:
    turns, said = Turns(seed, workers=2), list[str]()

    def serve(name: str) -> bool:
        for number in range(3):
            turns.pause()
            said.append(f"{name}{number}")
        return name != "b"

    assert turns.serve(["a", "b", "c"], serve) == ["a", "c"]
    return said


def test_where_the_turns_know_of_locks_there_are_locks() -> None:
    for known in _LOCKED:
        owner, _, name = known.partition(".")
        [kind] = [kind for kind in (Sides, SignIn, StateChoices, References) if kind.__name__ == owner]
        assert "with self._" in inspect.getsource(getattr(kind, name))


def test_several_writes_in_flight_take_turns_in_the_same_order_for_the_same_seed() -> None:
    before = threading.active_count()
    assert _interleaved(1) == _interleaved(1)
    assert len({tuple(_interleaved(seed)) for seed in range(20)}) > 5
    assert all(said != sorted(said) for said in (_interleaved(seed) for seed in (1, 2, 3)))
    assert threading.active_count() <= before + 1


def test_a_worker_that_waits_for_the_request_of_another_lets_it_go_on() -> None:
    turns, pace = Turns(3, workers=2), Pace(clock=lambda: 0.0, sleep=lambda _: None)
    pace.limit = 1
    pace._turn = Yielding(turns)

    def serve(_: str) -> bool:
        with pace.turn():
            turns.pause()
        return True

    assert turns.serve(["a", "b", "c"], serve) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("moves", "ends"),
    [
        ([("", "a"), ("a", "b")], {"b"}),
        ([("", "a"), ("b", "c"), ("a", "b")], {"c"}),  # told in another order
        ([("a", "b"), ("", "a")], {"b"}),  # its first note came late
        ([("a", "b"), ("", "b")], {"b"}),  # later still: it says where the work order was by then
        ([("a", "b"), ("b", "a"), ("", "b")], {"a", "b"}),
        ([], {""}),
        ([("", "a"), ("b", "a")], set()),  # a -> b was never told
        ([("", "a"), ("b", "c")], set()),
        ([("a", "b"), ("", "c")], set()),
        ([("", "a"), ("a", "b"), ("a", "b")], set()),  # told twice
        ([("a", "b"), ("", "a"), ("", "b")], set()),
    ],
)
def test_notes_that_come_in_another_order_still_tell_the_whole_way(
    moves: list[tuple[str, str]], ends: set[str]
) -> None:
    assert _ends_in_any_order(moves) == ends
