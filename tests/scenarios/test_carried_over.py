"""README promise: what an order says of its customer and the equipment stands on its work order, as the very records Field
Service knows; what its instance has no column for is not asked for, and not emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.config import load
from tests.conftest import HAMBURG, LINE, ORDER, Pair, make_pair

if TYPE_CHECKING:
    from pathlib import Path

CONSUMER, ASSET, INSTALLED = "csm_consumer", "alm_asset", "sn_install_base_item"
SOLD = "sn_install_base_sold_product"
OWN_COLUMNS = f"""
[om.tables.{LINE}.columns]
u_asset = "reference:{ASSET}"
u_installed = "reference:{INSTALLED}"
[platform.tables.cmn_location.columns]
u_external_id = "string:40"
"""
TEMPLATE = 'template = { table = "cmdb_workorder_product_model" }'


def pair_on(tmp_path: Path, extends: str = "default", text: str = OWN_COLUMNS) -> Pair:
    """A pair whose orders have columns of the customer's own."""
    profile = tmp_path / "own.toml"
    profile.write_text(f'extends = "{extends}"\nname = "own"\n{text}', encoding="utf-8")
    return make_pair(tmp_path, str(profile))


def said(pair: Pair, section: str) -> Pair:
    """The pair with more in its configuration."""
    path = pair.loaded.path
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{section}\n", encoding="utf-8")
    pair.loaded = load(path)
    return pair


def knowing(pair: Pair, columns: str, **references: str) -> Pair:
    """The pair with columns of order lines that are called so, and references that are found so."""
    lines = "\n".join([TEMPLATE, *(f"{column} = {{ {how} }}" for column, how in references.items())])
    return said(pair, f"[om.columns.line]\n{columns}\n[fsm.references]\n{lines}")


def approved(pair: Pair, *, of: str = "Nora Lind", **line: Any) -> str:
    """An order of somebody who is no company, approved and decomposed."""
    wanted = {"offering": "Business SD-WAN", "location": HAMBURG, **line}
    number: str = pair.om("create_order", consumer=of, lines=[wanted])["order"]["number"]
    for do in ("place", "approve"):
        pair.om(do, order=number)
    pair.world.advance(10)
    return number


def made(pair: Pair, side: str, table: str, **values: str) -> str:
    instance = pair.world.instance(side)
    return str(instance.records.insert(table, values, instance.system)["sys_id"])


def known(pair: Pair, side: str, table: str, query: str) -> str:
    return pair.rows(side, table, query, "sys_id")[0]["sys_id"]


def shown(pair: Pair, order: str, column: str) -> str:
    return pair.rows("fsm", "wm_order", f"number={pair.install(order)}", column)[0][column]


def line_says(pair: Pair, order: str, **values: str) -> None:
    instance = pair.world.instance("om")
    for row in pair.rows("om", LINE, f"order.number={order}", "sys_id"):
        instance.records.update(LINE, row["sys_id"], values, instance.system)


def revised(pair: Pair, order: str, **values: str) -> None:
    """The line says something else, from a revision that was approved."""
    pair.om("revise", order=order)
    line_says(pair, order, **values)
    pair.om("approve_revision", order=order)


def requests_of(pair: Pair, table: str = "") -> int:
    return sum(table in seen.path for side in ("om", "fsm") for seen in pair.world.requests(side))


# --- who the customer is -----------------------------------------------------------------------------------------------


def test_the_consumer_of_an_order_is_the_one_field_service_knows(pair: Pair) -> None:
    order = approved(pair)
    pair.sync()
    assert shown(pair, order, "consumer") == known(pair, "fsm", CONSUMER, "name=Nora Lind")
    assert shown(pair, order, "consumer") != known(pair, "om", CONSUMER, "name=Nora Lind")
    assert "Customer: Nora Lind" in shown(pair, order, "description")
    assert "not-applied" not in pair.finding_codes()
    company = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, company, "consumer") == ""


def test_of_two_consumers_with_one_name_the_right_one_is_taken_by_email(pair: Pair) -> None:
    said(pair, f'[fsm.references]\n{TEMPLATE}\nconsumer = {{ table = "{CONSUMER}", by = ["email", "name"] }}')
    right = known(pair, "fsm", CONSUMER, "name=Nora Lind")
    made(pair, "fsm", CONSUMER, name="Nora Lind", email="another@home.example")
    order = approved(pair)
    pair.sync()
    assert shown(pair, order, "consumer") == right


def test_of_two_consumers_who_cannot_be_told_apart_none_is_taken_and_that_is_said(pair: Pair) -> None:
    said(pair, f'[fsm.references]\n{TEMPLATE}\nconsumer = {{ table = "{CONSUMER}" }}')
    made(pair, "fsm", CONSUMER, name="Nora Lind", email="another@home.example")
    order = approved(pair)
    pair.sync()
    assert shown(pair, order, "consumer") == ""
    assert pair.noted(pair.resource_order(order), "Field Service has 2 records for the consumer Nora Lind")
    assert "not-applied" in pair.finding_codes()


def test_a_consumer_field_service_does_not_know_keeps_the_order_waiting_where_a_person_is_asked(pair: Pair) -> None:
    said(pair, f'[fsm.references]\n{TEMPLATE}\nconsumer = {{ table = "{CONSUMER}", missing = "ask" }}')
    made(pair, "om", CONSUMER, name="Otto Berg")
    waiting, other = approved(pair, of="Otto Berg"), approved(pair)
    pair.sync()
    assert pair.work_orders(waiting) == []
    assert pair.work_orders(other) != []
    assert "write-parked" in pair.finding_codes()


def test_another_consumer_reaches_the_open_work_order_as_any_change_does(pair: Pair) -> None:
    for side in ("om", "fsm"):
        made(pair, side, CONSUMER, name="Otto Berg")
    order = approved(pair)
    pair.sync()
    revised(pair, order, consumer=known(pair, "om", CONSUMER, "name=Otto Berg"))
    pair.settle()
    assert shown(pair, order, "consumer") == known(pair, "fsm", CONSUMER, "name=Otto Berg")
    assert pair.noted(pair.resource_order(order), "was updated", "consumer: Nora Lind -> Otto Berg")


def test_on_one_instance_the_very_consumer_of_the_order_is_taken(tmp_path: Path) -> None:
    single = make_pair(tmp_path, "single")
    right = known(single, "om", CONSUMER, "name=Nora Lind")
    made(single, "om", CONSUMER, name="Nora Lind")
    order = approved(single, of=right)
    single.world.clear_requests()
    single.sync()
    assert shown(single, order, "consumer") == right
    assert requests_of(single, CONSUMER) == 0


def hidden(tmp_path: Path) -> Pair:
    """Orders have no consumer here, and the configuration does not know."""
    gone = [f'"om.tables.{table}.columns.consumer"' for table in (ORDER, LINE)]
    (tmp_path / "b2b.toml").write_text(
        f'extends = "default"\nname = "b2b"\nremove = [{", ".join(gone)}]\n', encoding="utf-8"
    )
    return make_pair(tmp_path, str(tmp_path / "b2b.toml"))


def test_a_consumer_that_is_not_shown_is_never_taken_for_none(tmp_path: Path) -> None:
    pair = hidden(tmp_path)
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order) == []
    assert pair.finding_codes() == ["unreadable"]


def test_a_consumer_who_is_shown_by_the_sys_id_alone_is_not_called_so_in_the_field(tmp_path: Path) -> None:
    pair = pair_on(tmp_path, text=f'[platform.tables.{CONSUMER}]\ndisplay = "sys_id"\n')
    order = approved(pair)
    pair.sync()
    assert pair.work_orders(order) == []
    assert set(pair.finding_codes()) == {"name-missing"}


def test_where_it_is_said_that_there_are_no_consumers_the_work_order_is_created(tmp_path: Path) -> None:
    pair = said(hidden(tmp_path), '[om.columns.order]\nconsumer = ""\n[om.columns.line]\nconsumer = ""')
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order) != []
    assert pair.finding_codes() == []


# --- what it is about --------------------------------------------------------------------------------------------------

EQUIPMENT = 'asset = "u_asset"\ninstall_base_item = "u_installed"'
BY_SERIAL = {
    "asset": f'table = "{ASSET}", by = ["serial_number", "display_name"], shown_as = "display_name"',
    "install_base_item": f'table = "{INSTALLED}", by = "serial_number"',
}


def equipped(pair: Pair, serial: str = "S4711") -> dict[str, str]:
    """What the line of an order says of this equipment."""
    columns = {"u_asset": ASSET, "u_installed": INSTALLED}
    return {name: known(pair, "om", table, f"serial_number={serial}") for name, table in columns.items()}


def with_more(pair: Pair) -> Pair:
    """There is a second piece of equipment, called otherwise in Field Service."""
    for side in ("om", "fsm"):
        made(pair, side, ASSET, display_name=f"CPE ({side})", serial_number="S4712")
        made(pair, side, INSTALLED, name=f"CPE ({side})", serial_number="S4712")
    return pair


def test_equipment_in_columns_of_the_customers_own_is_found_by_its_serial_number(tmp_path: Path) -> None:
    pair = with_more(knowing(pair_on(tmp_path), EQUIPMENT, **BY_SERIAL))
    order = pair.place(HAMBURG)
    line_says(pair, order, **equipped(pair, "S4712"))
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.sync()
    assert shown(pair, order, "asset") == known(pair, "fsm", ASSET, "serial_number=S4712")
    assert shown(pair, order, "install_base_item") == known(pair, "fsm", INSTALLED, "serial_number=S4712")


def test_a_serial_number_field_service_does_not_know_is_no_equipment(tmp_path: Path) -> None:
    pair = knowing(pair_on(tmp_path), EQUIPMENT, **BY_SERIAL)
    made(pair, "om", ASSET, display_name="CPE-500 S4711", serial_number="S9999")  # there it has another number
    order = pair.place(HAMBURG)
    line_says(pair, order, u_asset=known(pair, "om", ASSET, "serial_number=S9999"))
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.sync()
    assert shown(pair, order, "asset") == ""
    assert pair.noted(pair.resource_order(order), "Field Service has no asset CPE-500 S4711 (serial number S9999")


def test_other_equipment_reaches_the_open_work_order(tmp_path: Path) -> None:
    pair = with_more(knowing(pair_on(tmp_path), EQUIPMENT, **BY_SERIAL))
    order = pair.place(HAMBURG)
    line_says(pair, order, **equipped(pair))
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.sync()
    assert shown(pair, order, "asset") == known(pair, "fsm", ASSET, "serial_number=S4711")
    revised(pair, order, **equipped(pair, "S4712"))
    pair.settle()
    assert shown(pair, order, "asset") == known(pair, "fsm", ASSET, "serial_number=S4712")
    assert shown(pair, order, "install_base_item") == known(pair, "fsm", INSTALLED, "serial_number=S4712")
    assert pair.noted(pair.resource_order(order), "was updated", "asset: CPE-500 S4711 -> CPE (om)")


def owned(pair: Pair, name: str, **values: str) -> str:
    """Something the customer has been sold before. Returns its sys_id."""
    refers = {"account": "customer_account", "location": "cmn_location", "product": "sn_prd_pm_product_offering"}
    names = {"account": "Acme Logistics", "location": HAMBURG, "product": "Business SD-WAN"}
    records = {column: known(pair, "om", table, f"name={names[column]}") for column, table in refers.items()}
    return made(pair, "om", SOLD, name=name, status="active", **records, **values)


def swaps(pair: Pair, order: str, column: str) -> list[str]:
    query = f"descriptionLIKE{order}^template.name=Swap CPE"
    return [row[column] for row in pair.rows("fsm", "wm_order", query, column)]


def test_the_equipment_of_what_the_customer_owns_is_reached_through_it(tmp_path: Path) -> None:
    has_asset = f'[om.tables.{SOLD}.columns]\nu_asset = "reference:{ASSET}"\n'
    pair = knowing(pair_on(tmp_path, text=has_asset), 'asset = "sold_product.u_asset"', **BY_SERIAL)
    mine = owned(pair, "SD-WAN at the port", u_asset=known(pair, "om", ASSET, "serial_number=S4711"))
    order = pair.approved(HAMBURG, sold_product=mine, action="change")
    pair.sync()
    assert swaps(pair, order, "asset") == [known(pair, "fsm", ASSET, "serial_number=S4711")]


def test_where_orders_have_no_column_for_it_a_dispatchers_own_entry_stays(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    here = known(pair, "fsm", ASSET, "serial_number=S4711")
    [row] = pair.rows("fsm", "wm_order", f"number={pair.install(order)}", "sys_id")
    fsm = pair.world.instance("fsm")
    fsm.records.update("wm_order", row["sys_id"], {"asset": here}, fsm.system)
    pair.forget()
    revised(pair, order, location=known(pair, "om", "cmn_location", "name=Acme Munich Depot"))
    pair.settle()
    assert pair.noted(pair.resource_order(order), "was updated")
    assert shown(pair, order, "asset") == here


def test_what_the_customer_owns_can_be_said_on_the_work_order_and_decide_about_it(pair: Pair) -> None:
    policy = pair.loaded.path.parent / "domain_order_policy.csv"
    policy.write_text(
        "id,specification,product inventory,work order template\n"
        'swap,SD-WAN CPE,"contains ""port""",Swap CPE\nother,-,-,NO FIELD WORK\n',
        encoding="utf-8",
    )
    said(pair, '[work_order.fields]\nshort_description = "For {product inventory}"\ndescription = "{order}"')
    at_the_port, elsewhere = (
        pair.approved(HAMBURG, sold_product=owned(pair, f"SD-WAN at the {where}"), action="change")
        for where in ("port", "market")
    )
    pair.sync()
    assert swaps(pair, at_the_port, "short_description") == ["For SD-WAN at the port"]
    assert pair.work_orders(elsewhere) == []


# --- what it costs -----------------------------------------------------------------------------------------------------


def cost(pair: Pair) -> tuple[int, int]:
    """The requests to Order Management of a pass in which an order is new, and all those of one in which nothing is."""
    pair.sync()
    pair.approved(HAMBURG)
    pair.world.clear_requests()
    pair.sync()
    busy = len(pair.world.requests("om"))
    pair.settle()
    pair.world.clear_requests()
    pair.sync()
    return busy, requests_of(pair)


def test_it_is_read_with_the_order_and_costs_no_request(tmp_path: Path) -> None:
    for name in ("plain", "rich"):
        (tmp_path / name).mkdir()
    plain = said(make_pair(tmp_path / "plain"), '[om.columns.order]\nconsumer = ""\n[om.columns.line]\nconsumer = ""')
    rich = knowing(pair_on(tmp_path / "rich"), EQUIPMENT, **BY_SERIAL)
    assert cost(rich) == cost(plain)


# --- other keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", ["SITE-17", "SITE-18"])
def test_a_place_is_found_by_its_external_id_whatever_it_is_called(tmp_path: Path, there: str) -> None:
    place = 'table = "cmn_location", by = ["u_external_id", "name"]'
    pair = said(pair_on(tmp_path), f"[fsm.references]\n{TEMPLATE}\nlocation = {{ {place} }}")
    here = made(pair, "om", "cmn_location", name="Acme Bremen Hub", u_external_id="SITE-17")
    wanted = made(pair, "fsm", "cmn_location", name="Bremen, Hub of Acme", u_external_id=there)
    order = pair.approved(here)
    pair.sync()
    assert shown(pair, order, "location") == (wanted if there == "SITE-17" else "")
