"""A world: the two instances, their common time, armed faults, recorded requests and outbound messages.

This is the Python face of the sandbox. The doors (adapter, HTTPS) and the control plane call it; it opens no socket itself.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from connector.sandbox.clock import Clock, TimeSource, parse_moment
from connector.sandbox.faults import Faults
from connector.sandbox.instance import Instance
from connector.sandbox.jobs import Jobs
from connector.sandbox.moves import MOVES, Bench, Refused
from connector.sandbox.outbound import Message, Sender, Subscription, compose, read_subscription
from connector.sandbox.profile import Profile, load
from connector.sandbox.quotas import within_quota
from connector.sandbox.rest.compression import compress
from connector.sandbox.rest.errors import JSON, ApiError, html
from connector.sandbox.rest.headers import edge
from connector.sandbox.rest.route import answer
from connector.sandbox.rules.settings import follow
from connector.sandbox.slots import Slots
from connector.sandbox.switches import mistake_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests.adapters import BaseAdapter

    from connector.sandbox.messages import Request, Response
    from connector.sandbox.people import User
    from connector.sandbox.schema import Table
    from connector.sandbox.serve import Served

SESSION = re.compile(r"JSESSIONID=([0-9A-F]{32})")
NAMES = ("om", "fsm")
KEPT_REQUESTS = 100_000


@dataclass(frozen=True)
class Recorded:
    """One request an instance has seen; `status` 0 means that no answer was sent."""

    method: str
    path: str
    query: str
    status: int


class World:
    def __init__(self, profile: Profile, source: TimeSource, seed: int) -> None:
        self.profile = profile
        self.source = source
        self.seed = seed
        self.lock = threading.RLock()
        self.sender = Sender(self._later_again)
        self.defects: list[str] = []  # of the sandbox itself, met while nobody asked
        self._jobs = Jobs()
        self._subscriptions: list[Subscription] = []
        self._messages = 0
        self._swapped: dict[str, Message] = {}  # held back until the next message of that instance
        self._instances: dict[str, Instance] = {}
        self._faults: dict[str, Faults] = {}
        self._seen: dict[str, deque[Recorded]] = {}
        self._build()

    @classmethod
    def create(
        cls, profile: str = "default", *, clock: str = "manual", start: str | None = None, seed: int = 1
    ) -> World:
        """A new world. `clock` is manual (time stands until `advance`) or real; `start` is an ISO 8601 moment."""
        if clock not in ("manual", "real"):
            raise ValueError(f"clock is 'manual' or 'real', not {clock!r}")
        source = TimeSource(manual=clock == "manual", start=parse_moment(start) if start else None)
        return cls(load(profile), source, seed)

    # --- the instances --------------------------------------------------------------------------------------------

    @property
    def om(self) -> Instance:
        return self._instances["om"]

    @property
    def fsm(self) -> Instance:
        return self._instances["fsm"]

    def instance(self, name: str) -> Instance:
        if name not in self._instances:
            raise Refused(f"there is no instance {name!r}: say om or fsm")
        return self._instances[name]

    def users(self, name: str) -> dict[str, User]:
        return self.instance(name).users

    def skew(self, name: str, seconds: float) -> None:
        """From now on the clock of this instance is that much ahead of the world's time."""
        self.instance(name).clock.skew = timedelta(seconds=seconds)

    def switch(self, name: str, **values: Any) -> None:
        """Change how this instance behaves (the switches are in profiles/default/profile.toml). Raises ValueError."""
        with self.lock:
            switches = self.instance(name).switches
            unknown = sorted(set(values) - set(switches))
            if unknown:
                raise ValueError(f"there is no switch {', '.join(unknown)}; there are {', '.join(sorted(switches))}")
            wrong = {switch: mistake_of(switch, value, switches) for switch, value in values.items()}
            for switch, sentence in wrong.items():
                if sentence:
                    raise ValueError(f"{switch} {sentence}")
            switches.update(values)
            if float(values.get("replica_lag_seconds", 0)) > 0:
                self.instance(name).follow(float(values["replica_lag_seconds"]))
            follow(self.instance(name), values)
            self.instance(name).access.rights.cache_clear()

    def map_certificate(self, name: str, fingerprint: str, login: str) -> None:
        """A client certificate (SHA-256 fingerprint) signs this user in from now on. Raises Refused."""
        with self.lock:
            if login not in self.instance(name).users:
                raise Refused(f"there is no user {login!r} on {name}")
            self.instance(name).certificates[fingerprint] = login

    def register_key(self, name: str, key_id: str, public_key: str) -> None:
        """Assertions signed with this RSA key (its public half, PEM) are genuine from now on."""
        with self.lock:
            self.instance(name).jwt_keys[key_id] = public_key

    # --- requests -------------------------------------------------------------------------------------------------

    def handle(self, name: str, request: Request) -> Response:
        """What an instance answers: jobs that are due first, then faults around the honest answer."""
        with self.lock:
            self.run_due()
            instance = self.instance(name)
            if self._slots[name].full(self._seconds(), int(instance.switches["slot_queue"])):
                response = _turned_away(instance)
            else:
                response = self._faults[name].around(instance, request, lambda: self._answer(instance, request))
                self._hold_back(name, request, response)
                if instance.switches["gzip"]:
                    compress(request, response)
            self._end_connection(instance, response)
            status = 0 if response.fate == "drop" else response.status
            self._seen[name].append(Recorded(request.method, request.path, request.query_string, status))
            for told in instance.on_read if request.method == "GET" and status else ():
                told()
            return response

    @staticmethod
    def _answer(instance: Instance, request: Request) -> Response:
        return within_quota(instance, request, lambda: answer(instance, request))

    @staticmethod
    def _end_connection(instance: Instance, response: Response) -> None:
        """The front end does not wait longer for a node than it keeps connections."""
        longest = float(instance.switches["connection_seconds"])
        if response.delay > longest:
            response.delay, response.fate = longest, "drop"

    def _hold_back(self, name: str, request: Request, response: Response) -> None:
        """The time the instance takes for this answer, and what the answer says about it."""
        switches = self.instance(name).switches
        work = min(float(switches["latency_ms"]) / 1000 * response.steps, float(switches["quota_seconds"]))
        if work <= 0:
            return
        cookie = SESSION.search(request.headers.get("Cookie")) if switches["serialize_sessions"] else None
        session = cookie.group(1) if cookie else ""
        wait = self._slots[name].plan(self._seconds(), work, slots=int(switches["slots"]), session=session)
        timing = response.headers.get("Server-Timing")
        timing = timing.replace("sem_wait;dur=0", f"sem_wait;dur={int(wait.slot * 1000)}")
        timing = timing.replace("sesh_wait;dur=0", f"sesh_wait;dur={int(wait.session * 1000)}")
        response.headers.replace("Server-Timing", timing)
        response.delay += wait.total

    def _seconds(self) -> float:
        return self.source.now().timestamp()

    def requests(self, name: str) -> list[Recorded]:
        return list(self._seen[name])

    def clear_requests(self) -> None:
        for seen in self._seen.values():
            seen.clear()

    def adapter(self, name: str) -> BaseAdapter:
        """An adapter for `requests.Session.mount`, answering without a socket."""
        from connector.sandbox.doors.adapter import SandboxAdapter

        self.instance(name)
        return SandboxAdapter(self, name)

    # --- people ---------------------------------------------------------------------------------------------------

    def act(self, name: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
        """One move of one person (moves/__init__.py lists them). Raises Refused.

        With `commit_lag` seconds what the move writes is stamped now but visible only then, as after a long transaction.
        """
        with self.lock:
            self.run_due()
            given = dict(arguments)
            move = MOVES.get(str(given.pop("do", "")))
            if move is None:
                raise Refused(f"there is no move {arguments.get('do')!r}; there are {', '.join(sorted(MOVES))}")
            side = name or (move.side if move.side in NAMES else "")
            if not side:
                raise Refused(f"the move {move.name} needs to know the instance: om or fsm")
            if move.side not in ("both", side) and not self.profile.single:
                raise Refused(f"{move.name} is a move on {move.side}, not on {side}")
            instance = self.instance(side)
            usual = {"om": "order_agent", "fsm": "dispatcher"}[side]
            login = str(given.pop("as", "") or move.persona or usual)
            actor = instance.user(login)
            if actor is None:
                raise Refused(f"there is no user {login!r} on {side}")
            instance.records.commit_lag = float(given.pop("commit_lag", 0))
            try:
                with instance.records.together():
                    return move.run(Bench(instance, actor), given)
            finally:
                instance.records.commit_lag = 0.0

    # --- time -----------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass; each job runs at its own moment."""
        with self.lock:
            end = self.source.now() + timedelta(seconds=seconds)
            while (due := self._jobs.next_due()) is not None and due <= end:
                self.source.move_to(due)
                self.run_due()
            self.source.move_to(end)

    def run_due(self) -> None:
        with self.lock:
            while (work := self._jobs.take(self.source.now())) is not None:
                work()

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        self._jobs.add(self.source.now() + timedelta(seconds=seconds), work)

    def _later_again(self, seconds: float, work: Callable[[], None]) -> None:
        """For the thread that sends messages, which holds no lock."""
        with self.lock:
            self.later(seconds, work)

    # --- misbehavior and messages ---------------------------------------------------------------------------------

    def fault(self, name: str, raw: dict[str, Any]) -> str:
        """Arm a fault (faults.py lists the kinds); returns its id."""
        with self.lock:
            self.instance(name)
            fault = self._faults[name].arm(raw)
            if fault.kind == "replica_lag":
                self.instance(name).follow(fault.seconds)  # the copy begins now, not with the first lagging read
            return f"{name}-{fault.id}"

    def clear_faults(self, fault_id: str | None = None) -> int:
        """Disarm one fault or all; returns how many there were."""
        with self.lock:
            if fault_id is None:
                return sum(faults.disarm() for faults in {id(f): f for f in self._faults.values()}.values())
            name, _, own = fault_id.partition("-")
            return self._faults[name].disarm(own) if name in self._faults and own else 0

    def outbound(self, raw: dict[str, Any]) -> None:
        """Subscribe a webhook: {"instance", "url", "tables", ["secret", "headers", "synchronous", "timeout", "retry"]}.

        `synchronous`: the writer waits for the receiver, `timeout` seconds at most. `retry`: {"policy": "fixed" | "exponential" |
        "retry_after", "count": 0 (none), "interval": 10 seconds}. Raises KeyError, TypeError and ValueError.
        """
        with self.lock:
            self.instance(str(raw.get("instance")))
            self._subscriptions.append(read_subscription(raw))

    def _tell(self, name: str) -> Callable[[Table, str, str, str], None]:
        def listener(table: Table, sys_id: str, operation: str, mod_count: str) -> None:
            for subscription in self._subscriptions:
                if self._instances[subscription.instance] is self._instances[name] and subscription.covers(table):
                    self._messages += 1
                    event = {
                        "instance": subscription.instance, "table": table.name, "sys_id": sys_id, "operation": operation,
                        "sys_mod_count": mod_count,
                    }  # fmt: skip
                    moment = int(self._instances[name].clock.now().timestamp())
                    self._send(name, compose(subscription, event, f"msg_{self.seed}_{self._messages}", moment))

        return listener

    def _send(self, name: str, message: Message) -> None:
        waiting = self._swapped.pop(name, None)
        match self._faults[name].outbound():
            case "outbound_lose":
                messages: list[Message] = []
            case "outbound_double":
                messages = [message, message]
            case "outbound_swap":
                self._swapped[name] = message
                messages = []
            case _:
                messages = [message]
        for one in (*messages, *([waiting] if waiting else [])):
            self.sender.put(one)

    # --- life -----------------------------------------------------------------------------------------------------

    @contextmanager
    def serve(self, directory: Path | str, **ports: int) -> Iterator[Served]:
        """HTTPS doors for both instances and the control plane while the block runs."""
        from connector.sandbox.serve import serving

        with serving(self, Path(directory), **ports) as served:
            yield served

    def reset(self) -> None:
        """Both instances as they were created; addresses and time stay."""
        with self.lock:
            addresses = {name: instance.base_url for name, instance in self._instances.items()}
            self._jobs.clear()
            self._subscriptions.clear()
            self._build()
            for name, address in addresses.items():
                self._instances[name].base_url = address

    def close(self) -> None:
        self.sender.close()
        for instance in set(self._instances.values()):
            instance.store.close()

    def _build(self) -> None:
        om = Instance(self.profile.om, clock=Clock(self.source), seed=self.seed, later=self.later)
        fsm = om
        if not self.profile.single:
            fsm = Instance(self.profile.fsm, clock=Clock(self.source), seed=self.seed, later=self.later)
        self._instances = {"om": om, "fsm": fsm}
        om_slots = Slots()
        self._slots = {"om": om_slots, "fsm": om_slots if self.profile.single else Slots()}
        for name, instance in self._instances.items():
            if name == instance.name:
                instance.part_door = partial(self._part, name)
                instance.records.listeners.append(self._tell(name))
                if float(instance.switches["replica_lag_seconds"]) > 0:
                    instance.follow(float(instance.switches["replica_lag_seconds"]))
        om_faults, om_seen = Faults(self._chance()), deque[Recorded](maxlen=KEPT_REQUESTS)
        self._faults = {"om": om_faults, "fsm": om_faults if self.profile.single else Faults(self._chance())}
        self._seen = {"om": om_seen, "fsm": om_seen if self.profile.single else deque(maxlen=KEPT_REQUESTS)}

    def _part(self, name: str, request: Request, honest: Callable[[], Response]) -> Response:
        """Faults also hit the parts of a batch."""
        return self._faults[name].around(self.instance(name), request, honest)

    def describe_requests(self, name: str) -> list[dict[str, Any]]:
        return [asdict(recorded) for recorded in self.requests(name)]

    def _chance(self) -> Random:
        return Random(self.seed)  # noqa: S311

    def now(self) -> datetime:
        return self.source.now()


def _turned_away(instance: Instance) -> Response:
    """What an overflowing queue answers; nobody recorded the body, so that it is a switch."""
    if instance.switches["queue_full_html"]:
        return edge(instance, html(429, "429 Too Many Requests", "Too many requests in the queue"))
    full = ApiError(429, "Too many requests", "The queue of the semaphore is full", name="queue_full")
    return edge(instance, full.response(JSON, instance.switches))
