"""Logs on standard output: one line per event, text for people or JSON for machines, and no secret in either."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import structlog

from connector.visible import visible

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_SECRET_NAMES = re.compile(r"authorization|password|secret|token|cookie|signature", re.IGNORECASE)
_SECRET_VALUES = re.compile(r"(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{8,}|whsec_[A-Za-z0-9+/=]+", re.IGNORECASE)


def trace(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where a defect happened, as text that is masked like any other, and without the values of variables."""
    event = structlog.processors.format_exc_info(logger, method, event)
    if "exception" in event:
        event["trace"] = event.pop("exception")  # under its usual name it would be printed on lines of its own
    return event


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what is called a secret, and what looks like one."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _SECRET_VALUES.sub("***", value)
    return event


def spell_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """One event is one line without control characters, whatever stood in the records it tells of."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = visible(value)
    return event


def configure(log_format: str) -> None:
    """Send structlog's and the standard library's records the same way."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        trace,
        redact,
        spell_out,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), sort_keys=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("apscheduler", "urllib3", "pysnc", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # what strangers send is no news
