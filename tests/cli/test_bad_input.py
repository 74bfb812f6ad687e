"""Wrong input and unreachable instances, as an operator meets them: one clear message, its exit code, and nothing written."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from connector.engine.database import open_database
from connector.engine.lock import sole_writer
from tests.cli.conftest import PASSWORD, Place, Said, Server

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG_CONFIGURATION, DENIED, NOT_FOUND, REFUSED, UNAVAILABLE = 2, 3, 4, 5, 6
POLICY = "domain_order_policy.csv"


def refused(place: Place, *arguments: str) -> Said:
    """Run, and hold what every refusal promises: a message of a few lines, no trace, no secret, not one byte written."""
    before = place.content()
    said = place.run(*arguments)
    assert "Traceback" not in said.err, said.err
    assert said.out == ""
    assert len(re.findall(r"^Error( \([a-z-]+\))?: ", said.err, re.MULTILINE)) == 1  # wrong usage has no id
    assert 2 <= len(said.err.splitlines()) <= 6, said.err  # what happened and why, then what to do
    assert PASSWORD not in said.err
    assert place.content() == before
    return said


# --- configuration and policies ---------------------------------------------------------------------------------


def missing_file(place: Place) -> None:
    (place.path / "config.toml").unlink()


def invalid_toml(place: Place) -> None:
    place.change("[fsm]", "[fsm")


def not_text(place: Place) -> None:
    place.write("config.toml", b'[om]\nname = "M\xfcnchen"\n')


def unknown_and_missing_setting(place: Place) -> None:
    place.change('username = "empty"', 'user = "empty"')


def plain_http(place: Place) -> None:
    place.change("https://", "http://")


def missing_secret(place: Place) -> None:
    del place.environment["FSM_PASSWORD"]


def no_policy(place: Place) -> None:
    (place.path / POLICY).unlink()


def policy_is_a_directory(place: Place) -> None:
    no_policy(place)
    (place.path / POLICY).mkdir()


def policy_of_another_alphabet(place: Place) -> None:
    place.write(POLICY, "id,work order template\nother,Gerät".encode("latin-1"))


def policy_with_an_unknown_column(place: Place) -> None:
    place.write(POLICY, "id,colour,work order template\nother,-,NO FIELD WORK\n")


def no_authority(place: Place) -> None:
    place.change("[om]\n", '[om]\nca_file = "nowhere.pem"\n')


def blank_in_the_address(place: Place) -> None:
    place.change("https://127.0.0.1:9", "https://exa mple.com")


def port_that_is_no_number(place: Place) -> None:
    place.change("https://127.0.0.1:9", "https://om.example.com:https")


def password_in_the_address(place: Place) -> None:
    place.change("https://127.0.0.1:9", f"https://admin:{PASSWORD}@127.0.0.1:9")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (missing_file, ["config.toml cannot be read: No such file", "--config", "config.example.toml"]),
        (invalid_toml, ["config.toml is not valid TOML", "line 7"]),
        (not_text, ["config.toml is not", "UTF-8"]),
        (
            unknown_and_missing_setting,
            ["om.user: unknown setting", "om.username: this setting is missing", "Correct it"],
        ),
        (plain_http, ["om.url: an https:// address is needed"]),
        (missing_secret, ["fsm.password: the environment variable FSM_PASSWORD is empty or not set"]),
        (no_policy, [f"{POLICY}: No such file", "[policy]"]),
        (policy_is_a_directory, [f"{POLICY}: Is a directory", "[policy]"]),
        (policy_of_another_alphabet, ["domain orders", "row 2", "not UTF-8 text", "byte 32", "CSV UTF-8"]),
        (
            policy_with_an_unknown_column,
            [POLICY, "row 1", "unknown input 'colour'; inputs (left of", "account", "Correct the table"],
        ),
        (no_authority, ["ca_file", "nowhere.pem"]),
        (blank_in_the_address, ["om.url", "exa mple.com"]),
        (port_that_is_no_number, ["om.url", "the port after om.example.com is not a number"]),
        (password_in_the_address, ["om.url"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_configuration_that_cannot_be_used_is_named_before_anything_is_done(
    damage: Callable[[Place], None], words: list[str], place: Place
) -> None:
    damage(place)
    said = refused(place, "sync")
    assert said.code == WRONG_CONFIGURATION
    for word in words:
        assert word in said.err


@pytest.mark.parametrize("arguments", [("frobnicate",), ("sync", "--frobnicate"), ("explain",)], ids=" ".join)
def test_a_verb_an_option_or_a_number_that_is_wrong_is_answered_with_where_help_is(
    arguments: tuple[str, ...], place: Place
) -> None:
    said = refused(place, *arguments)
    assert said.code == WRONG_CONFIGURATION
    assert "--help" in said.err


# --- instances --------------------------------------------------------------------------------------------------


def test_an_instance_that_is_not_there_is_named_with_what_to_check(place: Place) -> None:
    said = refused(place, "sync")
    assert said.code == UNAVAILABLE
    assert "om (https://127.0.0.1:9) cannot be reached" in said.err
    assert "Connection refused" in said.err
    assert "Check the url, DNS, proxy and firewall" in said.err


@pytest.mark.parametrize(
    ("verb", "user", "code", "words"),
    [
        ("sync", "refused", DENIED, ["refused the user or password", "Check username and password"]),
        ("sync", "page", UNAVAILABLE, ["web page instead of JSON", "Check that the url is a ServiceNow instance"]),
        ("plan", "cut", UNAVAILABLE, ["cut off", "tried again later"]),
    ],
)
def test_an_instance_that_answers_no_question_is_named_with_what_to_check(
    verb: str, user: str, code: int, words: list[str], place: Place, server: Server
) -> None:
    place.point_to(server.url, user=user, ca=server.ca)
    said = refused(place, verb)
    assert said.code == code
    for word in [f"om ({server.url})", *words]:
        assert word in said.err


def test_a_certificate_of_an_unknown_authority_is_not_accepted(place: Place, server: Server) -> None:
    place.point_to(server.url, user="empty", ca=server.other_ca)
    said = refused(place, "sync")
    assert said.code == UNAVAILABLE
    assert "certificate was not accepted" in said.err
    assert "ca_file under [om]" in said.err


def test_an_environment_that_trusts_the_authority_does_not_overrule_the_configuration(
    place: Place, server: Server
) -> None:
    place.point_to(server.url, user="empty", ca=server.other_ca)
    place.write("theirs.pem", server.ca)
    place.environment |= {"REQUESTS_CA_BUNDLE": str(place.path / "theirs.pem")}
    assert refused(place, "sync").code == UNAVAILABLE


def test_nothing_is_written_while_only_one_of_the_instances_answers(place: Place, server: Server) -> None:
    place.point_to(server.url, user="empty", ca=server.ca)
    place.change(
        f'[fsm]\nca_file = "ca.pem"\nname = "fsm"\nurl = "{server.url}"',
        '[fsm]\nname = "fsm"\nurl = "https://127.0.0.1:9"',
    )
    said = refused(place, "sync")
    assert said.code == UNAVAILABLE
    assert "fsm (https://127.0.0.1:9) cannot be reached" in said.err


def test_the_same_pass_is_made_and_remembered_when_both_answer(place: Place, server: Server) -> None:
    place.point_to(server.url, user="empty", ca=server.ca)
    before = place.content()
    said = place.run("sync", "--output", "table")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("0 changes seen")
    assert set(place.content()) - set(before) >= {"om-fsm.db"}


# --- memory -----------------------------------------------------------------------------------------------------


def test_explaining_before_the_first_pass_says_how_to_make_one(place: Place) -> None:
    said = refused(place, "explain", "ORD0010001")
    assert said.code == NOT_FOUND
    assert "There is no memory yet" in said.err
    assert "om-fsm sync" in said.err


def test_explaining_a_number_nobody_knows_says_so(place: Place) -> None:
    database = open_database(place.path / "om-fsm.db", create=True)
    assert database is not None
    database.dispose()
    said = refused(place, "explain", "ORD0010001")
    assert said.code == NOT_FOUND
    assert "ORD0010001" in said.err


def test_the_status_before_the_first_pass_says_how_to_make_one_and_is_no_failure(place: Place) -> None:
    before = place.content()
    said = place.run("status", "--output", "table")
    assert (said.code, said.err) == (0, "")
    assert said.out == "There is no memory yet: `om-fsm sync` or `om-fsm run` makes the first pass.\n"
    assert place.content() == before


def test_a_damaged_memory_is_neither_used_nor_touched(place: Place) -> None:
    place.write("om-fsm.db", b"no database at all" * 100)
    said = refused(place, "status")
    assert said.code == WRONG_CONFIGURATION
    assert "om-fsm.db cannot be opened" in said.err
    assert "can be deleted and is rebuilt" in said.err


@pytest.mark.parametrize("verb", ["sync", "run", "rebuild"])
def test_a_second_process_is_refused_with_the_first_ones_pid_before_any_instance_is_asked(
    verb: str, place: Place
) -> None:
    with sole_writer(place.path / "om-fsm.db"):
        said = refused(place, verb)
    assert said.code == REFUSED
    assert f"pid {os.getpid()}" in said.err
    if verb != "run":  # it would wait for the instances
        assert refused(place, verb).code == UNAVAILABLE  # without the first, the instances are asked
