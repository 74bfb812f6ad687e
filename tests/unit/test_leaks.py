"""The watch over secrets finds what is let out, wherever it is let out; and a test that lets nothing out passes."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leaks import Watch, forms

ROOT = Path(__file__).parents[2]
SECRET = 'tr0ub4dor&3 "x"'

PREAMBLE = """
import logging, os, pty, subprocess, sys
import click, pytest, requests
from click.testing import CliRunner
from pydantic import SecretStr
from tests.leaks import pytest_configure, pytest_runtest_makereport, pytest_runtest_setup

secret = SecretStr("tr0ub4dor-and-3").get_secret_value
"""
TESTS = """
from conftest import *

def made():
    return SecretStr("tr0ub4dor-and-3").get_secret_value()

def test_printed():
    print("signing in with", made())

def test_logged():
    logging.getLogger("x").warning("signing in with %s", made())

def test_raised():
    with pytest.raises(ValueError):
        raise ValueError(made())

def test_behind_an_error():
    with pytest.raises(ValueError):
        try:
            {}[made()]
        except KeyError as error:
            raise ValueError("no") from error

def test_asked_for(capsys):
    print(made())
    capsys.readouterr()

def test_of_a_command():
    CliRunner().invoke(click.Command("x", callback=lambda: click.echo(made())))

def test_in_a_file(tmp_path):
    (tmp_path / "memory.db-wal").write_bytes(b"\\x00\\x01" + made().encode() + b"\\x02")

def test_from_a_secret_file(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "om.password").write_text("another-secret\\n")
    (tmp_path / "daemon.log").write_text("Basic another-secret refused")

def test_of_a_request():
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9/", auth=("user", "a-third-secret"), timeout=1)
    print("a-third-secret")

def process(**how):
    return subprocess.Popen([sys.executable, "-c", f"print({made()!r})"], **how)

def test_of_a_process_that_was_asked():
    subprocess.run([sys.executable, "-c", f"print({made()!r})"], capture_output=True, text=True)

def test_of_the_errors_of_a_process():
    subprocess.run([sys.executable, "-c", f"raise SystemExit({made()!r})"], stderr=subprocess.PIPE)

def test_of_a_process_that_goes_on():
    with process(stdout=subprocess.PIPE, text=True) as running:
        running.stdout.readline()

def test_of_a_process_line_by_line():
    with process(stdout=subprocess.PIPE) as running:
        list(running.stdout)

def test_on_a_terminal():
    ours, theirs = pty.openpty()
    with process(stdout=theirs) as running:
        seen = b""
        while b"and-3" not in seen:
            seen += os.read(ours, 4)
    os.close(ours)
    os.close(theirs)

def test_from_the_environment_of_a_process():
    script = "import os; print(os.environ['OM_PASSWORD'])"
    environment = {"OM_PASSWORD": "a-fourth-secret", "PATH": os.defpath}
    subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True)

def test_of_a_process_that_lets_nothing_out(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "om.password").write_text(made())
    environment = {"OM_PASSWORD": "a-fourth-secret", "PATH": os.defpath}
    done = subprocess.run([sys.executable, "-c", "print('signing in')"], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("signing in\\n", "")

def test_nothing_let_out(tmp_path):
    (tmp_path / "om.password").write_text(made() + "\\n")
    (tmp_path / "memory.db").write_bytes(b"nothing of it")
    print("signing in")
    with pytest.raises(ValueError):
        raise ValueError("refused")

def test_of_another_test():
    print("tr0ub4dor-and-3")
"""


def test_a_planted_leak_is_found_wherever_it_is_and_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PREAMBLE, encoding="utf-8")
    (tmp_path / "test_planted.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ntmp_path_retention_policy = failed\n", encoding="utf-8"
    )  # as in this suite
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "--tb=no",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=False
    )
    ended = {line.partition("::")[2].partition(" ")[0] for line in done.stdout.splitlines() if line.startswith("ERROR")}
    planted = {line[4:].partition("(")[0] for line in TESTS.splitlines() if line.startswith("def test_")}
    clean = {"test_nothing_let_out", "test_of_another_test", "test_of_a_process_that_lets_nothing_out"}
    assert ended == planted - clean, done.stdout


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"xx{SECRET}xx",
        'tr0ub4dor&3 \\"x\\"',
        "p=tr0ub4dor%263%20%22x%22&",
        "p=tr0ub4dor%263+%22x%22&",
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_found_however_it_is_written(text: str) -> None:
    watch = Watch()
    watch.learn(SECRET)
    watch.hear("log", text)
    [found] = watch.leaks()
    assert found.startswith("log: secret ")
    assert not [form for form in forms(SECRET) if form in found]


def test_what_holds_no_secret_is_none() -> None:
    watch = Watch()
    watch.learn(SECRET)
    watch.learn("short")
    watch.hear("log", "tr0ub4dor, short")
    assert watch.leaks() == []
