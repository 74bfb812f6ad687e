"""Rows of the decision table: a work order made by hand counts for whom its correlation id names now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.decide.named import NAMES_NOBODY
from connector.mapping.marks import WorkOrderKey
from connector.model import Link, Origin
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    TASK_ID,
    domain_order,
    kinds,
    link,
    memory,
    order_task,
    plan,
    snapshot,
    verdict,
    work_order,
)

HERS = work_order("16", "WO9", names="RO1", mark="", sys_id="9" * 32)
KNOWN = link("16", HERS, origin=Origin.BY_HAND, key="", notes=2)
OURS = link()
RO2 = "e" * 32


def after(names: str, known: Link = KNOWN, **changes: object) -> tuple[str, str, list[str]]:
    """Initiator of WO9, who let go of it, and the actions, once its correlation id says this."""
    two = replace(domain_order("Closed Complete", action="disconnect"), sys_id=RO2, number="RO2")
    seen = snapshot(work_order(), replace(HERS, names=names, **changes), with_task=order_task())  # type: ignore[arg-type]
    seen = replace(seen, domain_orders=(*seen.domain_orders, two))
    decided = plan(seen, memory(OURS, known, verdicts=(verdict(),)))
    [now] = [one for one in (*decided.links, known) if one.work_order_id == HERS.sys_id][:1]
    told = [kind for kind in kinds(decided) if kind != "CreateWorkOrder"]
    return now.initiator_id, now.detached, told


def test_as_long_as_it_names_its_initiator_nothing_happens() -> None:
    assert after("ro1") == (DOMAIN_ORDER_ID, "", [])


def test_corrected_it_counts_for_the_other_one_whose_gate_it_shuts_and_both_are_told() -> None:
    assert after("RO2") == (RO2, "", ["ReopenDomainOrder", "WriteNote", "WriteNote"])


def test_given_to_a_task_of_the_same_domain_order_nobody_is_told() -> None:
    assert after("TASK1") == (TASK_ID, "", [])


@pytest.mark.parametrize("names", ["", "RO77", "SAP 4711"])
def test_when_it_names_nobody_here_it_is_let_go_of_and_that_is_told(names: str) -> None:
    assert after(names) == (DOMAIN_ORDER_ID, NAMES_NOBODY, ["WriteNote"])


def test_what_is_older_than_a_persons_wish_or_holds_a_mark_changes_nothing() -> None:
    bound = replace(KNOWN, bound_at=9)
    assert after("", bound) == (DOMAIN_ORDER_ID, "", [])
    assert after("", bound, mod_count=9)[1] == NAMES_NOBODY
    assert after(str(WorkOrderKey("other", "f" * 32, "row", 1, 1))) == (DOMAIN_ORDER_ID, "", [])


def test_where_the_initiator_is_not_shown_its_number_cannot_be_compared_and_it_is_not_let_go_of() -> None:
    gone = replace(KNOWN, initiator_id="f" * 32, domain_order_id="f" * 32)
    assert after("", gone) == ("f" * 32, "", [])


def test_it_is_taken_back_by_naming_its_initiator_again_and_not_when_a_command_let_go_of_it() -> None:
    let_go = replace(KNOWN, detached=NAMES_NOBODY)
    assert after("", let_go)[1] == NAMES_NOBODY
    assert after("RO1", let_go) == (DOMAIN_ORDER_ID, "", ["WriteNote"])
    assert after("", let_go, mark="om-fsm adopted")[1] == NAMES_NOBODY
    assert after("RO1", let_go, mark="om-fsm detached")[1] == NAMES_NOBODY
    assert after("RO1", replace(KNOWN, detached="by Mia"))[1] == "by Mia"


def test_a_work_order_of_ours_stays_where_its_key_says_whatever_its_correlation_id_says() -> None:
    seen = snapshot(replace(work_order(), names=""))
    decided = plan(seen, memory(OURS, verdicts=(verdict(),)))
    assert (kinds(decided), decided.links) == ([], ())
