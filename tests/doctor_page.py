"""docs/doctor.md from the registry of checks: `python -m tests.doctor_page` writes it, a test holds it to the registry."""

from __future__ import annotations

from pathlib import Path

from connector.doctor.registry import CHECKS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "doctor.md"

HEAD = """# The doctor: is everything as it must be?

```console
$ om-fsm doctor                        # every check, the worst first; exit code 1 when one fails
$ om-fsm doctor --suite post-clone     # first, post-clone, post-upgrade or performance
$ om-fsm doctor --check states.written # one alone
$ om-fsm doctor --output json          # for CI
```

Each check says what was seen, and where something is wrong why it matters and the fix. `failed` and `warning` ask for
somebody; `unknown` is what could not be found out, mostly for want of a right, and nothing is concluded from it. `om-
fsm run` makes the checks of the suite `first` at its start and once a day (`doctor_seconds` under `[daemon]`), also while
its passes fail, but not while a side is held; `om-fsm status` shows how they ended, and each complaint is logged once.

**It leaves no trace.** Nothing is written to either instance: whether records can be written is asked by a change of
no column at all, which changes no record, count or journal. Rights to single columns can only be seen at real writes;
the connector compares each answer with what it sent, and `work.not_taken` tells what was dropped.

**It asks about what this configuration uses.** Which columns are written, and under which settings, is one list
(`connector/doctor/written.py`); a test holds it to what a run really sends. So the columns of cases count where a policy speaks
of cases, those of fallouts where something becomes one, the point of no return where `[ponr] mode` sets it, the planned end
where `[jeopardy] write_end_to` names it, and of a work order whatever fields and policies fill. What is said of a column that
is closed names the setting that does without it.

The {count} checks:

| check | asks | why | fix | suites |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = (
        f"| `{check.id}` | {check.title} | {check.why} | {check.fix} | {', '.join(s.value for s in check.suites)} |\n"
        for check in CHECKS
    )
    return HEAD.format(count=len(CHECKS)) + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
