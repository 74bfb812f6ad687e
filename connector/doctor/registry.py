"""Every check, in the order it is asked: what others depend on first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.doctor import (
    clones,
    columns,
    gate,
    journal,
    local,
    names,
    native,
    pace,
    questions,
    reach,
    sign_in,
    states,
    wished,
)

if TYPE_CHECKING:
    from connector.doctor.check import Check

CHECKS: tuple[Check, ...] = (
    *reach.CHECKS,
    *sign_in.CHECKS,
    *questions.CHECKS,
    *columns.CHECKS,
    *journal.CHECKS,
    *states.CHECKS,
    *names.CHECKS,
    *wished.CHECKS,
    *native.CHECKS,
    *gate.CHECKS,
    *pace.CHECKS,
    *clones.CHECKS,
    *local.CHECKS,
)
