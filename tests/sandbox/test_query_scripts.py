"""javascript: in encoded queries, dynamic filters that are records, calendars of two columns, groups and sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox.people import Grant

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client

MY_GROUPS = "d6435e965f510100a9ad2572f2b477fe"


@pytest.fixture
def order(fsm: Client) -> str:
    """The sys_id of the only work order; the sandbox's morning is Monday 2026-03-02 08:00:30 in Greenwich."""
    fsm.world.advance(30)
    sys_id: str = fsm.made("wm_order")["sys_id"]
    return sys_id


@pytest.mark.parametrize(
    ("script", "stamp"),
    [
        ("gs.minutesAgo(5)", "2026-03-02 07:55:30"),
        ("gs.minutesAgoStart(5)", "2026-03-02 07:55:00"),
        ("gs.minutesAgoEnd(5)", "2026-03-02 07:55:59"),
        ("gs.hoursAgo(2)", "2026-03-02 06:00:30"),
        ("gs.hoursAgoStart(2)", "2026-03-02 06:00:00"),
        ("gs.hoursAgoEnd(0)", "2026-03-02 08:59:59"),
        ("gs.daysAgo(-1)", "2026-03-03 08:00:30"),
        ("gs.daysAgoStart(1)", "2026-03-01 00:00:00"),
        ("gs.daysAgoEnd(1)", "2026-03-01 23:59:59"),
        ("gs.monthsAgo(1)", "2026-02-02 08:00:30"),
        ("gs.monthsAgoStart(1)", "2026-02-01 00:00:00"),
        ("gs.monthsAgoEnd(1)", "2026-02-28 23:59:59"),
        ("gs.quartersAgoStart(1)", "2025-10-01 00:00:00"),
        ("gs.yearsAgoEnd(1)", "2025-12-31 23:59:59"),
        ("gs.now()", "2026-03-02 00:00:00"),
        ("gs.yesterday()", "2026-03-01 00:00:00"),
        ("gs.nowDateTime();", "2026-03-02 08:00:30"),
        ("gs.nowNoTZ()", "2026-03-02 08:00:30"),
        ("gs.dateGenerate(gs.now(),'start')", "2026-03-02 00:00:00"),
        ("gs.dateGenerate( gs.yesterday() , \"end\" )", "2026-03-01 23:59:59"),
        ("gs.dateGenerate('2026-01-01','10:00:00')", "2026-01-01 10:00:00"),
    ],
)  # fmt: skip
def test_a_script_that_names_a_moment_is_that_moment(fsm: Client, order: str, script: str, stamp: str) -> None:
    fsm.patch("wm_order", order, expected_start=stamp)
    assert len(fsm.rows("wm_order", f"expected_start=javascript:{script}")) == 1
    assert fsm.rows("wm_order", f"expected_start!=javascript:{script}") == []


def test_today_is_the_readers_day_and_a_day_is_a_midnight_in_the_zone_the_instance_takes(
    fsm: Client, order: str, sign_in: Callable[..., Client]
) -> None:
    admin = sign_in("fsm", "admin")  # in Los Angeles it is 00:00:30 of the same day
    fsm.patch("wm_order", order, expected_start="2026-03-02 00:00:00")
    assert len(admin.rows("wm_order", "expected_start=javascript:gs.now()")) == 1
    assert len(admin.rows("wm_order", "expected_start=2026-03-02")) == 1
    fsm.world.switch("fsm", day_zone="user")
    assert admin.rows("wm_order", "expected_start=2026-03-02") == []
    fsm.patch("wm_order", order, expected_start="2026-03-02 08:00:00")
    assert len(admin.rows("wm_order", "expected_start=2026-03-02")) == 1


@pytest.mark.parametrize(
    "script",
    [
        "gs.getUserID()",
        "gs.getUser().getID()",
        "gs.getUser().getRecord().getValue('sys_id')",
        "gs.getProperty('nothing.of.the.kind', gs.getUserID())",
    ],
)
def test_a_script_that_names_the_reader_is_the_reader(fsm: Client, order: str, script: str) -> None:
    assert len(fsm.rows("wm_order", f"opened_by=javascript:{script}")) == 1
    assert fsm.rows("wm_order", f"opened_by!=javascript:{script}") == []


@pytest.mark.parametrize(
    ("column", "script"),
    [
        ("opened_by.user_name", "gs.getUserName()"),
        ("opened_by.user_name", "gs.getUser().getName()"),
        ("opened_by.name", "gs.getUserDisplayName()"),
        ("opened_by.name", "gs.getUser().getFullName()"),
        ("opened_by.email", "gs.getUser().getEmail()"),
    ],
)
def test_a_script_names_the_reader_in_words(fsm: Client, order: str, column: str, script: str) -> None:
    assert len(fsm.rows("wm_order", f"{column}=javascript:{script}")) == 1
    assert fsm.rows("wm_order", f"{column}!=javascript:{script}") == []


def test_a_script_reads_a_property(fsm: Client, order: str) -> None:
    by_property = "short_description=javascript:gs.getProperty('glide.sys.default.tz')"
    assert fsm.rows("wm_order", by_property) == []
    fsm.patch("wm_order", order, short_description="America/Los_Angeles")
    assert len(fsm.rows("wm_order", by_property)) == 1


@pytest.mark.parametrize(
    "script",
    [
        "gs.sleep(1)", "new GlideDateTime()", "gs.getUserID", "gs.getUserID(", "gs.daysAgo()", "gs.daysAgo('x')", "1+1",
        "gs.dateGenerate('never')", "gs.getUserID() + 'x'", "function(){}", "gs.getUser('x').getID()", "", "gs.daysAgo((1))",
    ],
)  # fmt: skip
def test_a_script_nobody_knows_is_an_invalid_term(fsm: Client, order: str, script: str) -> None:
    for operator in ("=", "LIKE", ">", "IN"):
        assert len(fsm.rows("wm_order", f"opened_at{operator}javascript:{script}")) == 1
    fsm.world.switch("fsm", invalid_query="no_rows")
    assert fsm.rows("wm_order", f"opened_at=javascript:{script}") == []


def test_my_groups_are_those_the_reader_is_a_member_of(fsm: Client, order: str, sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    ours, other = (admin.made("sys_user_group", name=name)["sys_id"] for name in ("Ours", "Other"))
    queries = [
        f"assignment_groupDYNAMIC{MY_GROUPS}",
        "assignment_group=javascript:gs.getUser().getMyGroups()",
        "assignment_groupINjavascript:getMyGroups()",
    ]
    assert [fsm.rows("wm_order", query) for query in queries] == [[], [], []]  # of no group; the order has none either
    me = fsm.row("sys_user", "user_name=connector")["sys_id"]
    admin.made("sys_user_grmember", user=me, group=ours)
    admin.made("sys_user_grmember", user=me, group=admin.made("sys_user_group", name="Also ours")["sys_id"])
    for group, count in ((other, 0), (ours, 1)):
        admin.patch("wm_order", order, assignment_group=group)
        assert [len(fsm.rows("wm_order", query)) for query in queries] == [count] * 3
        assert len(fsm.rows("wm_order", "assignment_groupNOT INjavascript:getMyGroups()")) == 1 - count


def test_a_dynamic_filter_is_a_record(fsm: Client, order: str, sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    labels = [row["label"] for row in admin.rows("sys_filter_option_dynamic", "ORDERBYlabel")]
    assert labels == ["Me", "One of My Groups"]
    made = admin.made("sys_filter_option_dynamic", label="The administrator", script="gs.getProperty('x', 'nobody')")
    assert fsm.rows("wm_order", f"opened_byDYNAMIC{made['sys_id']}") == []
    admin.patch("sys_filter_option_dynamic", made["sys_id"], active="false")
    assert len(fsm.rows("wm_order", f"opened_byDYNAMIC{made['sys_id']}")) == 1  # an invalid term


@pytest.mark.parametrize("operator", ["VALCHANGES", "CHANGESFROM1", "CHANGESTO2"])
def test_a_change_operator_means_nothing_over_rest(fsm: Client, order: str, operator: str) -> None:
    query = {"sysparm_query": f"state{operator}"}
    assert len(fsm.get("wm_order", **query).json()["result"]) == 1
    fsm.world.switch("fsm", invalid_query="no_rows")
    assert fsm.get("wm_order", **query).json()["result"] == []
    fsm.world.switch("fsm", invalid_query="reject")
    assert fsm.get("wm_order", **query).status_code == 403


def test_one_table_may_refuse_unknown_fields_while_others_ignore_them(fsm: Client, order: str) -> None:
    fsm.world.switch("fsm", invalid_query_tables={"wm_order": "reject"})
    assert fsm.get("wm_order", sysparm_query="bunk=1").status_code == 403
    assert fsm.get("cmn_location", sysparm_query="bunk=1").status_code == 200


@pytest.mark.parametrize(
    ("start", "query", "found"),
    [
        ("2026-03-02 23:59:59", "expected_startSAMEASopened_at@day", 1),
        ("2026-03-03 00:00:00", "expected_startSAMEASopened_at@day", 0),
        ("2026-03-03 00:00:00", "expected_startNSAMEASopened_at@day", 1),
        ("2026-03-08 23:59:59", "expected_startSAMEASopened_at@week", 1),
        ("2026-03-09 00:00:00", "expected_startSAMEASopened_at@week", 0),
        ("2026-03-31 00:00:00", "expected_startSAMEASopened_at@month", 1),
        ("2026-01-01 00:00:00", "expected_startSAMEASopened_at@quarter", 1),
        ("2026-12-31 00:00:00", "expected_startSAMEASopened_at@year", 1),
        ("2026-03-02 08:59:59", "expected_startSAMEASopened_at@hour", 1),
        ("2026-03-02 08:01:00", "expected_startSAMEASopened_at@minute", 0),
        ("", "expected_startSAMEASopened_at@year", 0),
        ("2020-01-01 00:00:00", "expected_startSAMEASopened_at@moon", 1),  # no such period: dropped
        ("2020-01-01 00:00:00", "short_descriptionSAMEASdescription@day", 1),  # no dates: dropped
    ],
)
def test_two_dates_may_be_the_same_in_a_period(fsm: Client, order: str, start: str, query: str, found: int) -> None:
    fsm.patch("wm_order", order, expected_start=start)
    assert len(fsm.rows("wm_order", query)) == found


def test_the_same_day_is_one_on_the_readers_calendar(fsm: Client, order: str, sign_in: Callable[..., Client]) -> None:
    fsm.patch("wm_order", order, expected_start="2026-03-02 07:59:59")  # in Los Angeles the day before
    same_day = "expected_startSAMEASopened_at@day"
    assert len(fsm.rows("wm_order", same_day)) == 1
    assert sign_in("fsm", "admin").rows("wm_order", same_day) == []


@pytest.fixture
def two_accounts(fsm: Client, sign_in: Callable[..., Client]) -> list[str]:
    """Work orders of accounts whose names sort otherwise than their sys_ids; the names in the order of the sys_ids."""
    names = ["Zeta", "Alpha"]
    for letter, name in zip("ab", names, strict=True):
        sign_in("fsm", "admin").made("customer_account", sys_id=letter * 32, name=name)
        fsm.made("wm_order", account=letter * 32)
    return names


def test_a_reference_sorts_by_what_it_shows(fsm: Client, two_accounts: list[str]) -> None:
    for direction, expected in (("", sorted(two_accounts)), ("DESC", sorted(two_accounts, reverse=True))):
        rows = fsm.rows("wm_order", f"ORDERBY{direction}account", sysparm_display_value="true")
        assert [row["account"] for row in rows] == expected


def test_sorting_by_a_reference_needs_no_right_to_the_names(world: World, fsm: Client, two_accounts: list[str]) -> None:
    user = world.fsm.users["connector"]
    world.fsm.users["connector"] = type(user)(**{**vars(user), "roles": frozenset({"narrow"})})
    world.fsm.access.grants[:] = [Grant(frozenset({"wm_order"}), frozenset({"read"}), frozenset({"narrow"}))]
    world.fsm.access.rights.cache_clear()
    assert len(fsm.rows("wm_order", "ORDERBYaccount")) == 2
    assert fsm.get("wm_order", sysparm_query="ORDERBYaccount.name").status_code == 403


def test_a_grouped_list_comes_group_by_group(fsm: Client) -> None:
    for text, priority in (("c", 1), ("a", 2), ("b", 1)):
        fsm.made("wm_order", short_description=text, priority=priority)
    rows = fsm.rows("wm_order", "ORDERBYDESCshort_description^GROUPBYpriority")
    assert "".join(row["short_description"] for row in rows) == "cba"
    fsm.patch("wm_order", fsm.row("wm_order", "short_description=c")["sys_id"], priority="3")
    rows = fsm.rows("wm_order", "ORDERBYDESCshort_description^GROUPBYpriority")
    assert "".join(row["short_description"] for row in rows) == "bac"
