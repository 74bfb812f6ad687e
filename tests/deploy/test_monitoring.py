"""Alerts and dashboard ask for nothing that /metrics does not serve, and what to do about each alert is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from connector.config import Http
from tests.conftest import HAMBURG
from tests.daemon.watching import watched

if TYPE_CHECKING:
    from tests.conftest import Pair

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "om-fsm.json"
_SELECTOR = re.compile(r"\b(omfsm_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!=|=)"([^"]*)"')
_ADDED = {"instance", "job"}  # by Prometheus itself


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def panels() -> list[dict[str, Any]]:
    return list(json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"])


def expressions() -> dict[str, str]:
    of_panels = {f"{one['title']} {t['refId']}": t["expr"] for one in panels() for t in one["targets"]}
    return {one["alert"]: one["expr"] for one in rules()} | of_panels


def served(pair: Pair) -> dict[str, list[dict[str, str]]]:
    """Name of a metric -> the labels of each of its samples, as a daemon that has worked serves them."""
    from prometheus_client.parser import text_string_to_metric_families

    pair.approved(HAMBURG)
    with watched(pair) as daemon:
        daemon.turn()
        for what in ("webhook", "doctor"):
            daemon.engine.store.note_pass(what, pair.now())
        _, page = daemon.get("/metrics")
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def unserved(expression: str, by_name: dict[str, list[dict[str, str]]]) -> list[str]:
    """What an expression asks for and nobody serves: metrics, labels, values of labels. Pure."""
    wrong = []
    for name, matchers in _SELECTOR.findall(expression):
        samples = by_name.get(name, [])
        wrong += [] if samples else [name]
        for label, _, said in _MATCHER.findall(matchers):
            for value in said.split("|") if label not in _ADDED else ():
                if not any(sample.get(label) == value for sample in samples):
                    wrong.append(f'{name}{{{label}="{value}"}}')
    return wrong


def test_alerts_and_dashboard_ask_only_for_what_is_served(pair: Pair) -> None:
    by_name = served(pair)
    asked = expressions()
    assert len(asked) > 30
    assert {where: wrong for where, one in asked.items() if (wrong := unserved(one, by_name))} == {}


def test_what_nobody_serves_is_noticed() -> None:
    by_name = {"omfsm_holds": [{"target": "om", "reason": "schema"}]}
    assert unserved('omfsm_holds{reason=~"schema|x",instance=~"$i"} > omfsm_gone', by_name) == [
        'omfsm_holds{reason="x"}',
        "omfsm_gone",
    ]
    assert unserved('omfsm_holds{targets="om"}', by_name) == ['omfsm_holds{targets="om"}']


def test_labels_in_texts_are_labels_of_their_metrics(pair: Pair) -> None:
    by_name = served(pair)
    for where, text, expression in (
        *((one["alert"], str(one["annotations"]), one["expr"]) for one in rules()),
        *((one["title"], t["legendFormat"], t["expr"]) for one in panels() for t in one["targets"]),
    ):
        named = {a or b for a, b in re.findall(r"\$labels\.(\w+)|\{\{(\w+)\}\}", text)}
        samples = [sample for name, _ in _SELECTOR.findall(expression) for sample in by_name[name]]
        known = {label for sample in samples for label in sample}
        assert named <= known | _ADDED, where


def test_each_alert_is_told_in_the_operations_page_and_no_other() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(OmFsm\w+)` \|", page, re.MULTILINE)
    assert sorted(told) == sorted(one["alert"] for one in rules())
    assert all(one["labels"]["severity"] in ("critical", "warning") for one in rules())


def test_the_dashboard_has_panels_that_do_not_cover_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for one in panels():
        at = one["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, one["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({one["id"] for one in panels()}) == len(panels())


def test_prometheus_scrapes_where_the_daemon_listens_by_default() -> None:
    said = yaml.safe_load((ALERTS.parent / "scrape.yml").read_text(encoding="utf-8"))
    [job] = said["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"{Http().host}:{Http().port}"]}]
    assert said["rule_files"] == [ALERTS.name]
    assert f'job="{job["job_name"]}"' in ALERTS.read_text(encoding="utf-8")


needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def promtool(what: list[str], file: Path) -> int:
    return subprocess.run(["promtool", "check", *what, str(file)], check=False).returncode


@needs_promtool
def test_promtool_accepts_the_rules_and_how_the_daemon_is_scraped() -> None:
    assert promtool(["rules"], ALERTS) == 0
    assert promtool(["config", "--syntax-only"], ALERTS.parent / "scrape.yml") == 0


@needs_promtool
def test_promtool_refuses_a_rule_that_makes_no_sense(tmp_path: Path) -> None:
    spoilt = tmp_path / "alerts.yml"
    spoilt.write_text(ALERTS.read_text(encoding="utf-8").replace("expr: ", "expr: )", 1), encoding="utf-8")
    assert promtool(["rules"], spoilt) != 0
