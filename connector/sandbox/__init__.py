"""An embedded ServiceNow: an Order Management and a Field Service instance that behave like the platform.

For demonstrations, training and tests, ours and other people's. It imports nothing from the rest of this package and knows no
client. Reached in process through a `requests` adapter or over HTTPS on loopback; it misbehaves on request.

It is not: a workflow engine, a user interface, a JavaScript interpreter, or a measure of a real instance's speed.

What it exports is imported when it is first asked for: the pytest plug-in lives here, and every test run imports that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.sandbox.moves import MOVES, Refused
    from connector.sandbox.world import Recorded, World

__all__ = ["MOVES", "Recorded", "Refused", "World"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from connector.sandbox import moves, world

    return getattr(moves if name in ("MOVES", "Refused") else world, name)
