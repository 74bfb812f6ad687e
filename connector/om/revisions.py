"""Who revised a line, from the rows that the platform keeps of changes in flight: of which type, in which version, by whom.

Upon the approval of a revision the platform saves the line itself, which then tells nothing of that. The table may be missing or
closed to the user, and what its columns and types are called is configured, as everything no page tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.states import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.om.schema import OmSchema
    from connector.servicenow.table import Row, TableApi

_PARTS = ("order_line", "order_line_version", "change_type", "updated_by", "updated_on")


def read_revisers(
    api: TableApi, schema: OmSchema, versions: Mapping[str, int], wanted: Collection[str]
) -> dict[str, dict[str, tuple[str, str]]]:
    """Line -> fact, of those that are wanted -> login and moment of whoever revised it last at this version of the line.

    What several people revised in the same second names nobody. Nothing is asked where no type tells of what is wanted.
    Raises a RemoteError.
    """
    columns = [schema.inflight_change[part] for part in _PARTS]
    facts = {fold(name): fact for fact, name in schema.change_types.items() if name and fact in wanted}
    if not all(columns) or not facts:
        return {}
    of_line, of_version, of_type, by, on = columns
    latest: dict[tuple[str, str], list[Row]] = {}
    for row in api.scan_in(schema.tables["inflight_change"], of_line, sorted(versions), columns):
        fact = facts.get(fold(row.display(of_type)))
        if fact is None or row.get(of_version) != str(versions.get(row[of_line])):
            continue
        known = latest.get((row[of_line], fact), [])
        last = max([row.get(on), *(one.get(on) for one in known)])
        latest[row[of_line], fact] = [one for one in (*known, row) if one.get(on) == last]
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for (line, fact), rows in latest.items():
        logins = {row.get(by) for row in rows}
        if len(logins) == 1:
            found.setdefault(line, {})[fact] = (logins.pop(), rows[0].get(on))
    return found
