"""One work order per location: each has its own place, and only what is no longer wanted there is canceled."""

from __future__ import annotations

from dataclasses import replace

from connector.decide.draft import initiators_of
from connector.mapping.facts import facts_of
from connector.mapping.outputs import facts_for
from connector.mapping.policy_file import parse_policy
from connector.mapping.vocabulary import Initiates, vocabulary_of
from connector.model import (
    CancelWorkOrder,
    CreateWorkOrder,
    DomainOrder,
    Ref,
    Snapshot,
    UpdateWorkOrder,
    WantedWorkOrder,
)
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    RULES,
    domain_order,
    kinds,
    link,
    memory,
    order,
    plan,
    snapshot,
    work_order,
)

POLICY = parse_policy(
    "domain orders",
    ".csv",
    b"id,specification,work order template,number of work orders\n"
    b"install,CPE,Install CPE,per location\nother,-,NO FIELD WORK,\n",
    vocabulary_of(Initiates.DOMAIN_ORDER),
)
PER_LOCATION = replace(RULES, domain_order_policy=POLICY)


def site(number: int, name: str) -> DomainOrder:
    """A domain order beneath RO1, for a place of its own and nothing to install itself."""
    return replace(
        domain_order(location=Ref(f"{number:032x}", name), specification=Ref("9" * 32, "Port")),
        sys_id=f"{number:032x}",
        number=f"RO{number}",
        parent_id=DOMAIN_ORDER_ID,
    )


def with_sites(*names: str, version: int = 1) -> Snapshot:
    seen = snapshot(of=order(version=version))
    return replace(seen, domain_orders=(domain_order(), *(site(n, name) for n, name in enumerate(names, start=2))))


def test_each_place_gets_its_own_work_order() -> None:
    created = [
        a
        for a in plan(with_sites("Berlin", "Paris", "Berlin"), None, PER_LOCATION).actions
        if isinstance(a, CreateWorkOrder)
    ]
    assert [(a.ordinal, a.fields["location"]) for a in created] == [(1, "Berlin"), (2, "Paris")]


def test_a_place_beneath_it_without_a_name_leaves_everything_as_it_is() -> None:
    seen = with_sites("Berlin", "", "Paris")
    hidden = replace(seen.domain_orders[2], unshown=("location",))
    decided = plan(
        replace(seen, domain_orders=(*seen.domain_orders[:2], hidden, seen.domain_orders[3])), None, PER_LOCATION
    )
    assert (kinds(decided), {f.code.value for f in decided.findings}) == ([], {"name-missing"})
    assert "location of RO3" in next(f.text for f in decided.findings if f.subject == "RO1")


def test_without_places_beneath_it_there_is_one() -> None:
    assert kinds(plan(snapshot(), None, PER_LOCATION)) == ["CreateWorkOrder"]


def test_when_a_place_goes_only_its_work_order_is_canceled_and_no_other_is_touched() -> None:
    before = with_sites("Berlin", "Lyon", "Paris")
    initiator = next(iter(initiators_of(before)))
    links, works = [], []
    for ordinal, place in enumerate(("Berlin", "Lyon", "Paris"), start=1):
        key = f"om-fsm:om:{DOMAIN_ORDER_ID}:install:{ordinal}:1"
        work = work_order(number=f"WO{ordinal}", names=key)
        facts = facts_for(facts_of(initiator), WantedWorkOrder("install", "Install CPE", ordinal, {}, place))
        works.append(work)
        links.append(link(work=work, carried=facts, ordinal=ordinal))
    after = replace(with_sites("Berlin", "Paris", version=2), work_orders=tuple(works))
    actions = plan(after, memory(*links), PER_LOCATION).actions
    assert [a.work_order_number for a in actions if isinstance(a, CancelWorkOrder)] == ["WO2"]
    assert not [a for a in actions if isinstance(a, CreateWorkOrder | UpdateWorkOrder)]
