"""`om-fsm sandbox` says what stands in its way, in a sentence and with the exit code of wrong usage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("profile", "directory", "sentence"),
    [
        ("nope", "there", "there is no profile 'nope'"),
        ("acme.toml", "there", "switches.slots must be a number"),
        ("default", "file/below", "cannot be opened in"),
    ],
)
def test_what_stands_in_its_way_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    profile: str,
    directory: str,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme.toml").write_text('extends = "default"\n[switches]\nslots = 0\n', encoding="utf-8")
    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.argv", ["om-fsm", "sandbox", "--dir", directory, "--profile", profile])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert (ended.value.code, sentence in said, "defect" in said) == (2, True, False)


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        (["place", "order=ORD0010001"], 4, "No sandbox answers in there"),
        (["place", "ORD0010001"], 2, "say NAME=VALUE"),
        (["create_order", "lines=[{]"], 2, "must be JSON"),
    ],
)
def test_an_act_without_a_sandbox_or_with_words_that_say_nothing_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: list[str],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    if code == 2:
        (tmp_path / "there" / "sandbox.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["om-fsm", "sandbox", "--dir", "there", "act", *typed])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, sentence in capsys.readouterr().err) == (code, True)
