"""Who gets a visit, in our own words."""

import pytest

HAMBURG = "Acme Hamburg HQ"
KIEL = "Acme Kiel Shop"


@pytest.mark.parametrize(
    ("action", "template"), [("add", "Install CPE"), ("change", "Quick Visit"), ("delete", "Remove CPE")]
)
def test_a_device_gets_the_visit_its_action_asks_for(order, sync, visits, action, template):
    number = order("Business SD-WAN", KIEL, action)
    sync()
    assert visits(number) == [(template, "Awaiting Qualification")]


def test_what_needs_nobody_gets_no_visit(order, sync, visits):
    number = order("Mobile Backup", HAMBURG)
    sync()
    assert visits(number) == []


def test_a_visit_is_told_to_the_order_until_it_is_done(servicenow_om, servicenow_fsm, order, sync, visits):
    number = order("Business SD-WAN", HAMBURG)
    sync()
    [work_order] = servicenow_fsm.rows("wm_order", f"descriptionLIKE{number}", "number")
    people, named = servicenow_fsm.people, {"work_order": work_order["number"]}
    people.qualify(**named)
    people.dispatch(technician="technician", **named)
    for do in (people.accept, people.start, people.complete):
        do(**named)
        sync()
    assert visits(number) == [("Install CPE", "Closed Complete")]
    notes = servicenow_om.rows("sys_journal_field", "element=work_notes^ORDERBYsys_created_on", "value")
    assert any("Closed Complete" in note["value"] for note in notes)


def test_a_lost_answer_makes_no_second_visit(servicenow_fsm, order, sync, visits):
    number = order("Business SD-WAN", HAMBURG)
    with servicenow_fsm.fault("commit_then_drop", method="POST", path_contains="wm_order", count=1):
        sync()
    for _ in range(3):
        sync()
    assert visits(number) == [("Install CPE", "Awaiting Qualification")]
