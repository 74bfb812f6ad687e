"""Applies the instance's rate-limit rules to one request of one API, and says so in headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.rest.errors import rate_limited

if TYPE_CHECKING:
    from connector.sandbox.rest.context import Context

NAMES = {
    "table": "Table API", "stats": "Aggregate API", "import": "Import Set API", "attachment": "Attachment API",
    "batch": "Batch API",
}  # fmt: skip
OF_TABLES = ("table", "stats", "import")


def limit_rate(context: Context, path: str, method: str) -> None:
    """Count the request; raises the 429 when the hour is used up. Without a rule there are no headers either."""
    switches = context.instance.switches
    rules = switches["rate_limit_rules"]
    if not rules:
        return
    api, _, rest = path.partition("/")
    table = rest.partition("/")[0] if api in OF_TABLES else ""
    flush = float(switches["rate_limit_flush_seconds"])
    standing = context.instance.rate_limits.ask(rules, context.user, api, method, table, flush=flush)
    if standing is None:
        return
    rule = standing.rule
    context.limits = [
        ("X-RateLimit-Limit", str(rule.limit)),
        ("X-RateLimit-Reset", str(standing.reset)),
        ("X-RateLimit-Rule", context.instance.known_id(f"rate limit rule/{rule.name}")),
    ]
    if standing.retry_after:
        context.limits.append(("Retry-After", str(standing.retry_after)))
        raise rate_limited(rule.limit, NAMES.get(api, api))
