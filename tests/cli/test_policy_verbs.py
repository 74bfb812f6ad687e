"""`om-fsm policy ...` beside real (sandbox) instances over HTTPS: what it says, writes and exits with."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from connector.cli import cli
from connector.config import load
from connector.demo.setup import write_config
from connector.errors import ConnectorError
from connector.sandbox import World
from tests.conftest import HAMBURG, Pair

if TYPE_CHECKING:
    from collections.abc import Iterator


def om_fsm(config: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error or the error's own words."""
    done = CliRunner().invoke(cli, ["--config", str(config), "policy", *arguments])
    if isinstance(done.exception, ConnectorError):
        return (
            done.exception.exit_code,
            done.stdout,
            " ".join([str(done.exception), *getattr(done.exception, "problems", ())]),
        )
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def served(directory: Path, profile: str) -> Iterator[tuple[Path, World]]:
    world = World.create(profile=profile, clock="real", seed=1)
    with world.serve(directory) as where:
        yield write_config(directory, where.info), world


@pytest.fixture
def default(tmp_path: Path) -> Iterator[tuple[Path, World]]:
    yield from served(tmp_path, "default")


@pytest.fixture
def native(tmp_path: Path) -> Iterator[tuple[Path, World]]:
    """One instance with ServiceNow's own policies; the connector's user may read decision tables."""
    for config, world in served(tmp_path, "native"):
        text = config.read_text(encoding="utf-8").replace('username = "connector"', 'username = "admin"')
        config.write_text(text, encoding="utf-8")
        for side in ("om", "fsm"):
            secret = config.parent / "secrets" / f"{side}.password"
            secret.write_text(world.users(side)["admin"].password, encoding="utf-8")
        yield config, world


def test_check_names_what_neither_instance_has_and_exits_with_1(default: tuple[Path, World]) -> None:
    config, _ = default
    table = "id,specification,work order template\na,SD-WAN CPE,Instal CPE\nother,-,NO FIELD WORK\n"
    (config.parent / "domain_order_policy.csv").write_text(table, encoding="utf-8")
    code, out, _ = om_fsm(config, "check", "-o", "json")
    kinds = {remark["kind"] for one in json.loads(out) for remark in one["remarks"]}
    assert (code, {"unknown_template", "uncovered"} <= kinds, "native_active" in kinds) == (1, True, False)
    assert om_fsm(config, "check", "--offline")[0] == 0
    assert om_fsm(config, "check", "--offline", "--strict")[0] == 1  # a column of the example never matters


def test_the_native_policies_become_tables_and_are_warned_of(native: tuple[Path, World]) -> None:
    config, _ = native
    for kind, file in (("domain-order", "a.csv"), ("order-task", "b.csv")):
        code, out, err = om_fsm(config, "import", str(config.parent / file), "--for", kind, "-o", "table")
        assert code == 0, (out, err)
        assert "every visit would be booked twice" in err
    text = (config.parent / "a.csv").read_text(encoding="utf-8")
    assert text.splitlines()[:4] == [
        "hit policy,FIRST",
        "id,specification,domain order action,work order template,comment",
        "install,SD-WAN CPE,add,Install CPE,from Work Order Policy for Domain Order: Install",
        "remove,SD-WAN CPE,disconnect,Remove CPE,from Work Order Policy for Domain Order: Remove",
    ]
    code, out, _ = om_fsm(config, "check", str(config.parent / "a.csv"), "-o", "table")
    assert "booked twice" in out
    assert "gap" in out.casefold() or "no row" in out.casefold()


def test_an_import_replaces_no_file_unless_told_to(native: tuple[Path, World]) -> None:
    config, _ = native
    target = config.parent / "a.csv"
    target.write_text("mine", encoding="utf-8")
    code, _, err = om_fsm(config, "import", str(target))
    assert (code, "exists already" in err, target.read_text(encoding="utf-8")) == (2, True, "mine")
    assert om_fsm(config, "import", str(target), "--force")[0] == 0


def test_a_new_table_is_replayed_over_the_real_decisions_before_it_is_used(default: tuple[Path, World]) -> None:
    config, world = default
    pair = Pair(world, load(config))
    world.switch("om", decomposition_delay_seconds=0)
    order = _approved(pair)
    assert _sync(config) == 0
    old = config.parent / "domain_order_policy.csv"
    new = config.parent / "new.csv"
    new.write_text(old.read_text(encoding="utf-8").replace("Install CPE", "Swap CPE"), encoding="utf-8")
    code, out, _ = om_fsm(config, "diff", str(old), str(new), "-o", "json")
    said = json.loads(out)
    assert code == 0
    assert [change["row"] for change in said["rows"]] == ["install-cpe"]
    assert [(one["order_number"], one["before"], one["after"]) for one in said["orders"]] == [
        (order, ["Install CPE"], ["Swap CPE"])
    ]


def _approved(pair: Pair) -> str:
    number = pair.place(HAMBURG)
    pair.om("approve", order=number)
    return number


def _sync(config: Path) -> int:
    for _ in range(3):
        done = CliRunner().invoke(cli, ["--config", str(config), "sync", "--full"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "nowhere.csv"), "cannot be read: nowhere.csv"),
        (("check", "policy.txt"), "a policy file ends in .csv, .xlsx, .dmn, not in '.txt'"),
        (("explain", "--policy", "policy.csv", "--input", "spec"), "'spec': write NAME=VALUE"),
        (("explain", "--policy", "policy.csv", "--input", "colour=red"), "'colour': inputs (left of"),
        (("test", "--policy", "policy.csv"), "There is no casebook to play"),
        (("convert", "policy.csv", "policy.csv"), "policy.csv exists already"),
        (("convert", "policy.csv", "policy.ods"), "a policy file ends in"),
        (("check",), "config.toml cannot be read"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.csv").write_text("id,work order template\nother,NO FIELD WORK\n", encoding="utf-8")
    Path("policy.txt").write_text("x", encoding="utf-8")
    before = sorted(os.listdir())
    code, _, err = om_fsm(tmp_path / "config.toml", *arguments)
    assert (code, words in err) == (2, True), err
    assert sorted(os.listdir()) == before
