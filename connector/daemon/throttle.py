"""How often one sender may knock: a bucket of tokens for each, refilled steadily. Bounded however many senders there are."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

_SENDERS = 1000  # remembered; whoever was silent longest is forgotten
BURST_SECONDS = 10.0  # of the steady rate may come at once


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Throttle:
    """`per_second` messages of each sender, on average. Its memory is that of a fixed number of senders."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._full = max(per_second * BURST_SECONDS, 1.0)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, sender: str, now: float) -> float:
        """0.0 when a message may be taken; else after how many seconds the next one may come. `now` in seconds."""
        bucket = self._buckets.pop(sender, None) or _Bucket(self._full, now)
        self._buckets[sender] = bucket
        if len(self._buckets) > _SENDERS:
            self._buckets.popitem(last=False)
        elapsed = max(now - bucket.at, 0.0)  # a clock that was set back refills nothing
        bucket.tokens = min(bucket.tokens + elapsed * self._per_second, self._full)
        bucket.at = now
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            return 0.0
        return (1.0 - bucket.tokens) / self._per_second
