"""How many single records a second the sandbox gives over HTTPS, with many work orders loaded, and what a row weighs.

The clients are processes of their own with nothing but the standard library, so that they cost as little as they can.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from connector.sandbox import World

USER = "connector"


@dataclass(frozen=True)
class Loaded:
    sys_ids: list[str]
    seconds: float
    bytes_per_row: float


@dataclass(frozen=True)
class Read:
    per_second: float
    server_ms: float  # of one core, per read


def resident() -> int:
    """Bytes of memory this process holds now (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def load(world: World, rows: int) -> Loaded:
    """Work orders as a connector leaves them: a summary, a description, a key."""
    writer = world.users("fsm")[USER]
    before, started = resident(), time.perf_counter()
    with world.fsm.records.together():
        sys_ids = [
            world.fsm.records.insert(
                "wm_order",
                {
                    "short_description": f"SD-WAN CPE: add at site {n}",
                    "description": f"Order ORD{n:07}\nCustomer: Acme Logistics",
                    "correlation_id": f"key-{n}",
                },
                writer,
            )["sys_id"]
            for n in range(rows)
        ]
    return Loaded(sys_ids, time.perf_counter() - started, (resident() - before) / rows)


def read(world: World, sys_ids: list[str], reads: int, clients: int) -> Read:
    """Each client reads different records, one after the other, on one connection and one session."""
    with tempfile.TemporaryDirectory() as directory, world.serve(directory) as served:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.sandbox_reads", "--client"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(clients)
        ]
        step = max(1, len(sys_ids) // reads)
        for number, process in enumerate(processes):
            task = {
                "url": served.info["fsm"]["url"],
                "ca_file": served.info["ca_file"],
                "password": served.info["fsm"]["users"][USER]["password"],
                "sys_ids": [sys_ids[(n * step) % len(sys_ids)] for n in range(number, reads, clients)],
            }
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            process.stdout.readline()  # connected
        busy, started = time.process_time(), time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            if process.wait() != 0:
                raise SystemExit("a client failed")
        seconds = time.perf_counter() - started
        return Read(reads / seconds, (time.process_time() - busy) / reads * 1000)


def client() -> None:
    """One reader: told what to read on standard input, ready when it prints."""
    task = json.loads(sys.stdin.readline())
    host = task["url"].removeprefix("https://")
    connection = http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=task["ca_file"]))
    credentials = base64.b64encode(f"{USER}:{task['password']}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Accept": "application/json"}
    connection.request("GET", f"/api/now/table/wm_order/{task['sys_ids'][0]}", headers=headers)
    first = connection.getresponse()
    first.read()
    cookies = [value.partition(";")[0] for name, value in first.getheaders() if name == "Set-Cookie"]
    headers["Cookie"] = "; ".join(cookies)
    print("connected", flush=True)  # noqa: T201
    sys.stdin.readline()
    for sys_id in task["sys_ids"]:
        connection.request("GET", f"/api/now/table/wm_order/{sys_id}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or sys_id.encode() not in body:
            raise SystemExit(f"{answer.status} for {sys_id}")
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--reads", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--client", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        client()
        return
    world = World.create(clock="real")
    loaded = load(world, options.rows)
    print(f"{options.rows} work orders loaded in {loaded.seconds:.1f} s, {loaded.bytes_per_row:.0f} bytes each")  # noqa: T201
    result = read(world, loaded.sys_ids, options.reads, options.clients)
    print(  # noqa: T201
        f"{result.per_second:.0f} single-record reads a second over HTTPS by {options.clients} clients, "
        f"{result.server_ms:.2f} ms of one core each"
    )
    world.close()


if __name__ == "__main__":
    main()
