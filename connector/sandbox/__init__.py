"""An embedded ServiceNow: an Order Management and a Field Service instance that behave like the platform.

For demonstrations, training and tests, ours and other people's. It imports nothing from the rest of this package and knows no
client. Reached in process through a `requests` adapter or over HTTPS on loopback; it misbehaves on request.

It is not: a workflow engine, a user interface, a JavaScript interpreter, or a measure of a real instance's speed.
"""

from connector.sandbox.moves import MOVES, Refused
from connector.sandbox.world import Recorded, World

__all__ = ["MOVES", "Recorded", "Refused", "World"]
