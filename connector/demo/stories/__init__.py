"""The stories of `om-fsm demo --list`: each is how the instances and the connector are set up, and what happens then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.demo.stories.changes import CHANGES
from connector.demo.stories.endings import ENDINGS
from connector.demo.stories.requests import REQUESTS
from connector.demo.stories.roads import ROADS
from connector.demo.stories.shared import SHARED
from connector.demo.stories.talk import TALK

if TYPE_CHECKING:
    from connector.demo.stories.tale import Tale

TALES: dict[str, Tale] = {tale.name: tale for tale in (*ROADS, *CHANGES, *ENDINGS, *TALK, *REQUESTS, *SHARED)}
"""By name, in the order in which they are offered."""
