"""Orders read whole and in sets; a record that cannot be understood makes its own order unreadable and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import ConnectorError, Denied
from connector.model import (
    CustomerOrder,
    DomainOrder,
    DomainOrderClass,
    DomainOrderPhase,
    OrderLine,
    OrderTask,
    Ref,
    Saved,
    Snapshot,
)
from connector.om.schema import OmSchema
from tests.wire.answers import said
from tests.wire.instance import Table, sys_id
from tests.wire.ports import OM_TABLES, OM_URL, om_port

if TYPE_CHECKING:
    import responses

    from connector.exchange import OrdersRead

SCHEMA = OmSchema()
LINE_ORDER = f"{SCHEMA.domain_order['line']}.{SCHEMA.line['order']}"


def blank(part: str) -> dict[str, str]:
    return dict.fromkeys(getattr(SCHEMA, part).values(), "")


def order(n: int, **more: str) -> dict[str, str]:
    return {**blank("order"), "sys_id": sys_id(n), "number": f"ORD{n}", "state": "2", "ponr": "false", **more}


def line(n: int, of: int, **more: str) -> dict[str, str]:
    return {**blank("line"), "sys_id": sys_id(n), "number": f"LI{n}", "order": sys_id(of), "ponr": "false", **more}


def domain_order(n: int, on: int, of: int, **more: str) -> dict[str, str]:
    return {
        **blank("domain_order"),
        "sys_id": sys_id(n),
        "number": f"RO{n}",
        "state": "2",
        "sys_class_name": OM_TABLES["resource_order"],
        SCHEMA.domain_order["line"]: sys_id(on),
        LINE_ORDER: sys_id(of),
        "specification": sys_id(90),
        "specification shown": "SD-WAN CPE",
        **more,
    }


def order_task(n: int, on: int, of: int, **more: str) -> dict[str, str]:
    mine = {"sys_id": sys_id(n), "number": f"OT{n}", "parent": sys_id(on), "order": sys_id(of)}
    return {**blank("order_task"), **mine, **more}


class Instance:
    """Orders 1 and 2, each with a line, a domain order and an order task."""

    def __init__(self, mocked: responses.RequestsMock) -> None:
        self.tables = {
            "order": Table([order(1), order(2)]),
            "line": Table([line(11, 1), line(12, 2)]),
            "characteristic": Table([]),
            "domain_order": Table([domain_order(21, 11, 1), domain_order(22, 12, 2)]),
            "order_task": Table([order_task(31, 21, 1), order_task(32, 22, 2)]),
        }
        for part, table in self.tables.items():
            table.serve(mocked, OM_TABLES[part], OM_URL)


@pytest.fixture
def instance(mocked: responses.RequestsMock) -> Instance:
    return Instance(mocked)


BOTH = [sys_id(1), sys_id(2)]


def orders_in(read: OrdersRead) -> list[Snapshot]:
    return [one for one in read.snapshots if isinstance(one, Snapshot)]


def facts_in(record: CustomerOrder | OrderLine | DomainOrder | OrderTask) -> list[str]:
    """What people read of a record."""
    values = (getattr(record, name) for name in record.__dataclass_fields__ if name != "sys_id")
    return [value.name if isinstance(value, Ref) else value for value in values if isinstance(value, Ref | str)]


def test_orders_are_read_with_everything_that_hangs_on_them(instance: Instance, mocked: responses.RequestsMock) -> None:
    read = om_port(mocked).read_orders(BOTH)
    assert read.unreadable == ()
    first = orders_in(read)[0]
    assert (first.order.number, first.order.version, first.order.ponr) == ("ORD1", 1, False)
    assert [one.number for one in first.lines] == ["LI11"]
    assert [(one.number, one.kind, one.specification.name) for one in first.domain_orders] == [
        ("RO21", DomainOrderClass.RESOURCE, "SD-WAN CPE")
    ]
    assert [one.number for one in first.order_tasks] == ["OT31"]
    assert len(mocked.calls) == 6  # one request a table, however many orders; no characteristics at all is asked twice


def add_characteristic(instance: Instance, name: str, value: dict[str, str]) -> None:
    """One of the first line of the first order."""
    columns = SCHEMA.characteristic
    instance.tables["characteristic"].rows.append(
        {
            "sys_id": sys_id(41),
            columns["line"]: sys_id(11),
            f"{columns['line']}.{SCHEMA.line['order']}": sys_id(1),
            columns["name"]: sys_id(42),
            f"{columns['name']} shown": name,
            **value,
        }
    )


def test_characteristics_are_read_by_name_and_as_people_see_them(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    value = SCHEMA.characteristic["value"]
    add_characteristic(instance, "Bandwidth", {value: sys_id(43), f"{value} shown": "1 Gbit/s"})
    read = om_port(mocked).read_orders(BOTH)
    assert [one.lines[0].characteristics for one in orders_in(read)] == [{"Bandwidth": "1 Gbit/s"}, {}]
    assert [one.lines[0].unshown for one in orders_in(read)] == [(), ()]


SAVED = {"sys_updated_by": "mira.engel", "sys_updated_on": "2026-03-02 08:00:00"}


def test_who_saved_records_last_is_read_with_them_and_people_are_looked_up_once_in_one_request(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    instance.tables["line"].rows[0] |= SAVED
    instance.tables["order"].rows[0] |= {**SAVED, "sys_updated_by": "om.connector"}
    instance.tables["order"].rows[1] |= {**SAVED, "sys_updated_by": "tom.becker"}
    people = [{"sys_id": sys_id(50), "user_name": "mira.engel", "name": "Mira Engel"}]
    Table(people).serve(mocked, "sys_user", OM_URL)
    port = om_port(mocked, me="om.connector")
    for _ in range(2):
        [first, second] = orders_in(port.read_orders(BOTH))
        assert first.lines[0].saved == Saved("Mira Engel", "2026-03-02 08:00:00")
        assert (first.order.saved, second.order.saved.by, second.lines[0].saved) == (Saved(), "tom.becker", Saved())
    asked = [call.request.url or "" for call in mocked.calls if "/table/sys_user" in (call.request.url or "")]
    assert len(asked) == 1
    assert "om.connector" not in asked[0]


def test_while_the_connector_does_not_know_its_own_name_nobody_saved_what_it_may_have_written(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    for part in ("order", "line"):
        instance.tables[part].rows[0] |= SAVED
    Table([]).serve(mocked, "sys_user", OM_URL)
    [first, _] = orders_in(om_port(mocked).read_orders(BOTH))
    assert first.order.saved.by == "mira.engel"
    assert first.lines[0].saved == Saved()


@pytest.mark.parametrize(
    ("part", "column", "fact"),
    [
        ("order", SCHEMA.order["account"], "account"),
        ("line", SCHEMA.line["location"], "location"),
        ("line", SCHEMA.line["action"], "line action"),
        ("domain_order", SCHEMA.domain_order["specification"], "specification"),
        ("domain_order", SCHEMA.domain_order["action"], "domain order action"),
        ("order_task", SCHEMA.order_task["request_type"], "request type"),
    ],
)
def test_what_the_instance_shows_no_name_of_is_not_known_and_never_called_by_its_sys_id(
    part: str, column: str, fact: str, instance: Instance, mocked: responses.RequestsMock
) -> None:
    instance.tables[part].rows[0] |= {column: sys_id(77), f"{column} shown": ""}
    first, second = orders_in(om_port(mocked).read_orders(BOTH))
    found: dict[str, CustomerOrder | OrderLine | DomainOrder | OrderTask] = {
        "order": first.order,
        "line": first.lines[0],
        "domain_order": first.domain_orders[0],
        "order_task": first.order_tasks[0],
    }
    assert {kind: one.unshown for kind, one in found.items()} == {**dict.fromkeys(found, ()), part: (fact,)}
    assert sys_id(77) not in str([value for one in found.values() for value in facts_in(one)])
    assert second.order.unshown == ()


def test_a_reference_that_shows_its_sys_id_has_no_name(instance: Instance, mocked: responses.RequestsMock) -> None:
    column = SCHEMA.domain_order["location"]
    instance.tables["domain_order"].rows[0] |= {column: sys_id(77), f"{column} shown": sys_id(77)}
    [found] = orders_in(om_port(mocked).read_orders(BOTH))[0].domain_orders
    assert (found.location, found.unshown) == (Ref(sys_id(77), ""), ("location",))


def test_a_characteristic_without_a_name_makes_those_of_its_line_unknown(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    add_characteristic(instance, "", {SCHEMA.characteristic["value"]: "1 Gbit/s"})
    lines = [one.lines[0] for one in orders_in(om_port(mocked).read_orders(BOTH))]
    assert [(one.characteristics, one.unshown) for one in lines] == [({}, ("characteristics",)), ({}, ())]


@pytest.mark.parametrize(
    ("part", "column", "value", "why"),
    [
        ("order", "number", "", "number"),
        ("order", "version", "two", "ORD1: version"),
        ("order", "ponr", "perhaps", "ORD1: ponr"),
        ("line", "number", "", "number"),
        ("line", "ponr", "perhaps", "LI11: ponr"),
        ("domain_order", "number", "", "number"),
        ("domain_order", "sys_mod_count", "x", "RO21: mod_count"),
        ("order_task", "number", "", "number"),
    ],
)
def test_a_record_that_cannot_be_understood_makes_its_own_order_unreadable_and_no_other(
    part: str, column: str, value: str, why: str, instance: Instance, mocked: responses.RequestsMock
) -> None:
    instance.tables[part].rows[0][column] = value
    read = om_port(mocked).read_orders(BOTH)
    assert [one.order.number for one in orders_in(read)] == ["ORD2"]
    assert [one.order_id for one in read.unreadable] == [sys_id(1)]
    assert why in read.unreadable[0].why


def test_a_domain_order_of_a_class_nobody_configured_is_read_as_such(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    instance.tables["domain_order"].rows[0]["sys_class_name"] = "u_special_order"
    [first, _] = orders_in(om_port(mocked).read_orders(BOTH))
    assert first.domain_orders[0].kind is DomainOrderClass.UNKNOWN
    assert first.domain_orders[0].state.phase is DomainOrderPhase.OPEN


def test_a_path_to_the_order_that_may_not_be_read_concludes_nothing(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    instance.tables["domain_order"].denied = {LINE_ORDER}
    with pytest.raises(Denied, match=LINE_ORDER):
        om_port(mocked).read_orders(BOTH)


def test_a_table_that_may_not_be_read_concludes_nothing(instance: Instance, mocked: responses.RequestsMock) -> None:
    denied = said("Insufficient rights to query records", "No permission to read table")
    url = f"{OM_URL}/api/now/table/{OM_TABLES['order_task']}"
    mocked.remove("GET", url)
    mocked.get(url, denied, status=403, content_type="application/json")
    with pytest.raises(Denied):
        om_port(mocked).read_orders(BOTH)


def test_one_domain_order_is_read_or_is_none(instance: Instance, mocked: responses.RequestsMock) -> None:
    port = om_port(mocked)
    found = port.read_domain_order(sys_id(21))
    assert found is not None
    assert (found.number, found.line_id) == ("RO21", sys_id(11))
    assert port.read_domain_order(sys_id(29)) is None


def test_one_domain_order_that_cannot_be_understood_is_an_error_of_ours(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    instance.tables["domain_order"].rows[0]["number"] = ""
    with pytest.raises(Exception, match="number") as raised:
        om_port(mocked).read_domain_order(sys_id(21))
    assert isinstance(raised.value, ConnectorError)


def test_only_orders_that_are_not_over_are_swept(instance: Instance, mocked: responses.RequestsMock) -> None:
    instance.tables["order"].rows += [order(3, state="7"), order(4, state="1"), order(5, state="42")]
    assert list(om_port(mocked).open_orders()) == [sys_id(1), sys_id(2), sys_id(5)]


def test_initiators_lead_to_their_orders_by_sys_id_and_by_number(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    wanted = ["RO21", sys_id(22), "OT32", sys_id(31), "RO999", "a, b", "x^y"]
    assert om_port(mocked).orders_of(wanted) == {
        "RO21": sys_id(1),
        sys_id(22): sys_id(2),
        "OT32": sys_id(2),
        sys_id(31): sys_id(1),
    }
    asked = instance.tables["domain_order"].queries
    assert not any("RO" in query for query in asked if query.startswith("sys_id"))


def test_every_watched_table_says_to_which_order_a_changed_row_belongs(
    instance: Instance, mocked: responses.RequestsMock
) -> None:
    for table in instance.tables.values():
        for row in table.rows:
            row |= {"sys_updated_on": "2026-03-02 08:00:00", "sys_mod_count": "1"}
    port = om_port(mocked)
    found = {feed.name: {one.points_to for one in port.changed(feed, None)} for feed in port.feeds}
    nothing_yet = OM_TABLES["characteristic"]
    assert found.pop(nothing_yet) == set()
    assert list(found.values()) == [set(BOTH)] * 4
