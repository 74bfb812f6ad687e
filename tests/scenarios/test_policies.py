"""README promise: a decision table says who gets a visit, and what cannot be decided is said and never guessed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.engine.history import explain
from connector.errors import ConfigError, NotFound
from connector.mapping.review import review
from connector.memory import overview_of, reading
from connector.policies import load_policies
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.drain import Engine
    from tests.conftest import Pair

NOBODY = "id,work order template\nother,NO FIELD WORK\n"


@pytest.fixture
def surveyless(pair: Pair) -> Pair:
    """A pair whose order tasks get no visits, so that only the policy for domain orders speaks."""
    write(pair, NOBODY, "order_task_policy.csv")
    return pair


def write(pair: Pair, table: str, name: str = "domain_order_policy.csv") -> None:
    """Replace a policy the way an editor does: another file under the same name."""
    path = pair.loaded.resolve(pair.memory.parent / name)
    beside = path.with_suffix(".new")
    beside.write_text(table, encoding="utf-8")
    os.replace(beside, path)


def test_a_row_says_priority_group_skills_and_window_and_the_work_order_has_them(surveyless: Pair) -> None:
    write(
        surveyless,
        "id,specification,work order template,priority,dispatch group,skills,planned window\n"
        "cpe,SD-WAN CPE,Install CPE,2,Field Crew North,fiber and ladder,P2D\n"
        "other,-,NO FIELD WORK,,,,\n",
    )
    order = surveyless.approved(HAMBURG)
    surveyless.settle()
    [row] = surveyless.rows(
        "fsm",
        "wm_order",
        f"number={surveyless.install(order)}",
        "priority",
        "expected_start",
        "expected_end",
        "description",
    )
    assert (row["priority"], row["expected_start"], row["expected_end"]) == (
        "2",
        "2026-03-30 12:00:00",
        "2026-04-01 12:00:00",
    )
    assert row["description"].endswith("Skills: fiber and ladder")
    assert surveyless.waiting() == {}


def test_a_row_that_counts_per_unit_gives_one_visit_for_each_unit(surveyless: Pair) -> None:
    write(
        surveyless,
        "id,specification,quantity,work order template,number of work orders\n"
        "cpe,SD-WAN CPE,> 1,Install CPE,per unit\nother,-,-,NO FIELD WORK,\n",
    )
    order = surveyless.approved(HAMBURG, quantity=3)
    surveyless.settle()
    assert len(surveyless.work_orders(order, "Install CPE")) == 3
    single = surveyless.approved(HAMBURG, quantity=1)
    surveyless.settle()
    assert surveyless.work_orders(single) == []


COUNTED = (
    "id,specification,quantity,work order template,number of work orders\n"
    "cpe,SD-WAN CPE,-,Install CPE,per unit\nother,-,-,NO FIELD WORK,\n"
)


def revise(pair: Pair, order: str, **fields: str) -> None:
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields=fields)
    pair.om("approve_revision", order=order)
    pair.settle()


def standing(pair: Pair, order: str, template: str = "Install CPE") -> int:
    """Work orders that are not canceled."""
    return sum(pair.state("fsm", "wm_order", one) != "canceled" for one in pair.work_orders(order, template))


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize(("quantity", "all_made"), [("5", 5), ("1", 3), ("3", 3)])
def test_a_revised_quantity_raises_or_lowers_the_visits_and_doubles_none(
    surveyless: Pair, quantity: str, all_made: int, forgetful: bool
) -> None:
    write(surveyless, COUNTED)
    order = surveyless.approved(HAMBURG, quantity=3)
    surveyless.settle()
    first = set(surveyless.work_orders(order, "Install CPE"))
    if forgetful:
        surveyless.forget()
    revise(surveyless, order, quantity=quantity)
    made = surveyless.work_orders(order, "Install CPE")
    assert (standing(surveyless, order), len(made)) == (int(quantity), all_made)
    assert first <= set(made)
    surveyless.forget()
    surveyless.settle()
    assert (standing(surveyless, order), len(surveyless.work_orders(order))) == (int(quantity), all_made)
    surveyless.assert_nothing_doubled()


def sent(pair: Pair, visit: str, *, until: str) -> None:
    """A technician goes there, and begins, or is done."""
    pair.fsm("dispatch", work_order=visit, technician="technician")
    pair.fsm(until, work_order=visit)


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize("until", ["start", "complete"])
def test_when_fewer_units_are_wanted_who_has_begun_goes_on_and_who_has_not_stays_away(
    surveyless: Pair, until: str, forgetful: bool
) -> None:
    write(surveyless, COUNTED)
    order = surveyless.approved(HAMBURG, quantity=3)
    surveyless.settle()
    last = surveyless.work_orders(order)[-1]
    sent(surveyless, last, until=until)
    surveyless.settle()
    reached = surveyless.state("fsm", "wm_order", last)
    revise(surveyless, order, quantity="1")
    if forgetful:
        surveyless.forget()
        surveyless.settle()
    states = {one: surveyless.state("fsm", "wm_order", one) for one in surveyless.work_orders(order)}
    assert states.pop(last) == reached
    assert list(states.values()) == ["canceled", "canceled"]
    assert [plan for plan in surveyless.plan() if plan.actions] == []
    revise(surveyless, order, quantity="2")
    assert (standing(surveyless, order), len(surveyless.work_orders(order))) == (2, 4)
    assert surveyless.state("fsm", "wm_order", last) == reached
    surveyless.assert_nothing_doubled()


def test_what_stayed_counts_when_its_domain_order_is_closed(surveyless: Pair) -> None:
    write(surveyless, COUNTED)
    order = surveyless.approved(HAMBURG, quantity=2)
    surveyless.settle()
    last = surveyless.work_orders(order)[-1]
    sent(surveyless, last, until="complete")
    revise(surveyless, order, quantity="1")
    number = surveyless.resource_order(order)
    surveyless.om("close_domain_order", domain_order=number)
    surveyless.settle()
    assert surveyless.state("om", DOMAIN_ORDER, number) == "closed complete"
    assert len(surveyless.work_orders(order)) == 2


@pytest.mark.parametrize("forgetful", [False, True])
def test_what_a_row_says_follows_a_revision_with_a_note_and_is_taken_back(surveyless: Pair, forgetful: bool) -> None:
    write(
        surveyless,
        "id,specification,quantity,work order template,priority,planned window\n"
        "cpe,SD-WAN CPE,1,Install CPE,4,P1D\n"
        "many,SD-WAN CPE,2,Install CPE,2,P3D\n"
        "most,SD-WAN CPE,> 2,Install CPE,,\n"
        "other,not(SD-WAN CPE),-,NO FIELD WORK,,\n",
    )
    order = surveyless.approved(HAMBURG, quantity=1)
    surveyless.settle()

    def said() -> tuple[str, str]:
        [number] = [
            one for one in surveyless.work_orders(order) if surveyless.state("fsm", "wm_order", one) != "canceled"
        ]
        [row] = surveyless.rows("fsm", "wm_order", f"number={number}", "priority", "expected_start")
        return row["priority"], row["expected_start"]

    assert said() == ("4", "2026-03-31 12:00:00")
    for quantity, expected in (("2", ("2", "2026-03-29 12:00:00")), ("1", ("4", "2026-03-31 12:00:00"))):
        if forgetful:
            surveyless.forget()
        revise(surveyless, order, quantity=quantity)
        assert said() == expected
    notes = surveyless.notes(surveyless.resource_order(order))
    assert len(notes) == len(set(notes))
    revise(surveyless, order, quantity="3")
    assert said()[1] == ""
    surveyless.assert_nothing_doubled()


def test_the_country_of_a_location_decides_and_is_read_only_when_a_policy_asks(surveyless: Pair) -> None:
    write(
        surveyless,
        "id,specification,location.city,work order template\nhere,SD-WAN CPE,Hamburg,Install CPE\nother,-,-,NO FIELD WORK\n",
    )
    order = surveyless.approved(HAMBURG, MUNICH)
    surveyless.settle()
    assert len(surveyless.work_orders(order)) == 1


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            "hit policy,UNIQUE\nid,specification,work order template\na,SD-WAN CPE,Install CPE\nb,SD-WAN CPE,Swap CPE\n"
            "other,not(SD-WAN CPE),NO FIELD WORK\n",
            "the table is UNIQUE but rows a, b all match",
        ),
        ("id,specification,work order template\na,SBC,Install CPE\n", "no row of the policy matches"),
        (
            "id,characteristic.bandwidth: number,work order template\na,> 10,Install CPE\nother,-,NO FIELD WORK\n",
            "characteristic.bandwidth is '100 Mbit/s': not a number",
        ),
    ],
)
def test_what_cannot_be_decided_is_a_finding_until_the_policy_or_the_order_is_corrected(
    surveyless: Pair, table: str, why: str
) -> None:
    write(surveyless, table)
    order = surveyless.approved(HAMBURG)
    surveyless.sync()
    assert surveyless.work_orders(order) == []
    found = overview_of(reading(surveyless.loaded)).findings
    assert {one.code.value for one in found} == {"undecided"}
    assert all(why in one.text for one in found)
    write(surveyless, "id,specification,work order template\na,SD-WAN CPE,Install CPE\nother,-,NO FIELD WORK\n")
    surveyless.sync(full=True)
    surveyless.settle()
    assert len(surveyless.work_orders(order, "Install CPE")) == 1
    assert surveyless.finding_codes() == []


RANKED = "values,work order template,Swap CPE,Install CPE,Remove CPE,NO FIELD WORK\n"
THREE_ROWS = "a,SD-WAN CPE,Install CPE\nb,SD-WAN CPE,Swap CPE\nc,SD-WAN CPE,NO FIELD WORK\n"
NOT_OURS = "other,not(SD-WAN CPE),NO FIELD WORK\n"


@pytest.mark.parametrize(
    ("before", "rows", "created"),
    [
        ("hit policy,UNIQUE\n", "a,SD-WAN CPE,Install CPE\n", ["Install CPE"]),
        ("hit policy,ANY\n", "a,SD-WAN CPE,Install CPE\nb,SD-WAN CPE,Install CPE\n", ["Install CPE"]),
        (f"hit policy,PRIORITY\n{RANKED}", THREE_ROWS, ["Swap CPE"]),
        ("hit policy,FIRST\n", THREE_ROWS, ["Install CPE"]),
        ("hit policy,RULE ORDER\n", THREE_ROWS, ["Install CPE", "Swap CPE"]),
        (f"hit policy,OUTPUT ORDER\n{RANKED}", THREE_ROWS, ["Swap CPE", "Install CPE"]),
        ("hit policy,COLLECT\n", THREE_ROWS, ["Install CPE", "Swap CPE"]),
        ("hit policy,UNIQUE\ndefault,work order template,Install CPE\n", "a,Nothing,Swap CPE\n", ["Install CPE"]),
        ("default,work order template,NO FIELD WORK\n", "a,Nothing,Swap CPE\n", []),
    ],
)
def test_each_hit_policy_creates_what_dmn_says(surveyless: Pair, before: str, rows: str, created: list[str]) -> None:
    last = NOT_OURS if "default" not in before else ""
    write(surveyless, f"{before}id,specification,work order template\n{rows}{last}")
    order = surveyless.approved(HAMBURG)
    if "default" in before and created:  # whatever no row matches gets it: every domain order
        created = created * len(surveyless.domain_orders(order))
    surveyless.settle()
    made = [t for t in ("Install CPE", "Swap CPE", "Remove CPE") for _ in surveyless.work_orders(order, t)]
    assert sorted(made) == sorted(created)
    assert surveyless.finding_codes() == []
    surveyless.assert_nothing_doubled()


def test_one_initiator_that_cannot_be_decided_stops_no_other(surveyless: Pair) -> None:
    write(
        surveyless,
        "hit policy,UNIQUE\nid,specification,location,work order template\n"
        f"a,SD-WAN CPE,-,Install CPE\nb,SD-WAN CPE,{MUNICH},Swap CPE\nother,not(SD-WAN CPE),-,NO FIELD WORK\n",
    )
    order = surveyless.approved(HAMBURG, MUNICH)
    surveyless.sync()
    assert surveyless.work_orders(order, "Install CPE") != []
    assert len(surveyless.work_orders(order)) == 1
    assert surveyless.finding_codes() == ["undecided"]


def test_a_decision_explains_itself_when_its_table_is_long_gone(surveyless: Pair) -> None:
    write(
        surveyless,
        "id,specification,quantity,work order template\n"
        "cpe,SD-WAN CPE,[1..5],Install CPE\nbig,-,> 5,Swap CPE\nother,-,-,NO FIELD WORK\n",
    )
    order = surveyless.approved(HAMBURG)
    surveyless.settle()
    digest = load_policies(surveyless.loaded).domain_order.digest
    write(surveyless, NOBODY)
    surveyless.world.advance(90 * 24 * 3600)
    surveyless.sync(full=True)
    database = reading(surveyless.loaded)
    assert database is not None
    [verdict] = [one.verdict for one in explain(database, surveyless.resource_order(order)).verdicts]
    assert (verdict.digest, verdict.rows) == (digest, ("cpe",))
    assert verdict.conditions == {"cpe": "specification = SD-WAN CPE, quantity = [1..5]"}
    assert (verdict.inputs["quantity"], verdict.inputs["location"]) == ("1", HAMBURG)
    assert [(m.row, m.column, m.wants, m.found) for m in verdict.misses] == [("big", "quantity", "> 5", "1")]
    assert len(surveyless.work_orders(order)) == 1


# --- a running daemon follows the files ------------------------------------------------------------------------


@pytest.fixture
def running(pair: Pair) -> Iterator[Engine]:
    """An engine that stays while the files change."""
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        engine.refresh(pair.now())
        yield engine


def in_use(engine: Engine) -> str:
    return engine.store.last_passes()["policies"][1]


def look(pair: Pair, engine: Engine, times: int = 2) -> None:
    """What the daemon does between two looks; a changed file counts when it stands alike twice."""
    for _ in range(times):
        engine.refresh(pair.now())


def rows(engine: Engine) -> list[str]:
    return [rule.id for rule in engine.rules.domain_order_policy.rows]


def test_a_changed_policy_is_followed_and_a_bad_one_refused_while_the_last_good_one_stays(
    pair: Pair, running: Engine
) -> None:
    first = running.rules.domain_order_policy
    write(pair, "id,specification,work order template\na,,\n")
    with pytest.raises(ConfigError, match="name a template"):
        look(pair, running)
    assert running.rules.domain_order_policy is first
    assert "the changed files are refused" in in_use(running)
    assert first.digest in in_use(running)
    write(pair, NOBODY)
    with pytest.raises(ConfigError):  # it is not known yet whether the correction is whole
        look(pair, running, times=1)
    look(pair, running, times=1)
    assert rows(running) == ["other"]
    assert "refused" not in in_use(running)


def test_a_policy_that_is_written_slowly_is_taken_over_when_it_is_whole(pair: Pair, running: Engine) -> None:
    before = rows(running)
    path = pair.memory.parent / "domain_order_policy.csv"
    whole = "id,specification,work order template\na,CPE,Install CPE\nother,-,NO FIELD WORK\n"
    with path.open("w", encoding="utf-8") as file:
        for line in whole.splitlines(keepends=True):  # each beginning of it but the first is a table too
            file.write(line)
            file.flush()
            look(pair, running, times=1)
            assert rows(running) == before
    look(pair, running)
    assert rows(running) == ["a", "other"]


def test_of_two_changed_policies_neither_is_taken_over_while_one_is_bad(pair: Pair, running: Engine) -> None:
    before = (running.rules.domain_order_policy.digest, running.rules.order_task_policy.digest)
    write(pair, NOBODY)
    write(pair, "nonsense", "order_task_policy.csv")
    with pytest.raises(ConfigError):
        look(pair, running)
    assert (running.rules.domain_order_policy.digest, running.rules.order_task_policy.digest) == before


def test_a_policy_that_vanishes_is_refused_until_it_is_there_again(pair: Pair, running: Engine) -> None:
    path = pair.memory.parent / "domain_order_policy.csv"
    before = rows(running)
    beside = path.rename(path.with_suffix(".away"))
    with pytest.raises(ConfigError, match="cannot be read"):
        look(pair, running)
    assert rows(running) == before
    beside.rename(path)
    with pytest.raises(ConfigError):
        look(pair, running, times=1)
    look(pair, running, times=1)
    assert "refused" not in in_use(running)


def test_a_policy_of_the_same_size_and_time_of_change_is_noticed(pair: Pair, running: Engine) -> None:
    path = pair.memory.parent / "domain_order_policy.csv"
    write(pair, "id,specification,work order template\na,CPE,Install CPE\n")
    look(pair, running)
    old = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace("\na,", "\nb,"), encoding="utf-8")
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))  # as rsync and archives restore it
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (old.st_size, old.st_mtime_ns)
    look(pair, running)
    assert rows(running) == ["b"]


# --- beside what both instances offer --------------------------------------------------------------------------


def remarks(pair: Pair, kind: str) -> list[str]:
    catalog = app.survey(pair.loaded, pair.outside())
    return [r.text for r in review(load_policies(pair.loaded).domain_order, catalog) if r.kind == kind]


def test_templates_and_specifications_that_do_not_exist_are_named_with_the_likeliest_one(pair: Pair) -> None:
    write(
        pair,
        "id,specification,work order template\na,SD-WAN CPEE,Install CPE\nb,SD-WAN CPE,Instal CPE\nother,-,NO FIELD WORK\n",
    )
    [template] = remarks(pair, "unknown_template")
    assert template.startswith("row 3, column 'work order template': 'Instal CPE': Field Service has no")
    assert template.endswith("did you mean 'Install CPE'?")
    [name] = remarks(pair, "unknown_name")
    assert "'SD-WAN CPEE': Order Management has no specification" in name
    assert "did you mean 'SD-WAN CPE'?" in name


def test_specifications_that_nobody_thought_of_are_counted_and_a_catch_all_is_no_thought(pair: Pair) -> None:
    [forgotten] = remarks(pair, "uncovered")
    assert "'SD-WAN CPE'" not in forgotten
    assert "no explicit NO FIELD WORK covers" in forgotten
    write(pair, 'id,specification,work order template\na,SD-WAN CPE,Install CPE\nb,"not(SD-WAN CPE)",NO FIELD WORK\n')
    assert remarks(pair, "uncovered") == []


def test_a_native_policy_that_does_not_exist_cannot_be_taken_over(pair: Pair) -> None:
    with pytest.raises(NotFound, match="has no rows, or does not exist"):
        app.native_policy(pair.loaded, "domain_order", pair.outside())
