"""Are the tables and columns there, of the right kind, long enough, readable and writable? Probed without leaving a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.discover.choose import choose_column
from connector.discover.filled import om_priorities
from connector.discover.wanted import PARTS
from connector.doctor.check import EVERYWHERE, WORST_FIRST, Check, Level, Seen, Suite, failed, fine, unknown, warning
from connector.doctor.roles import to_read, to_write
from connector.errors import ConfigError, Denied, NotFound, Rejected
from connector.fsm.schema import OPTIONAL as FSM_OPTIONAL
from connector.mapping.choices import same_choice
from connector.mapping.facts import CARRIED_FACTS
from connector.mapping.marks import MAX_LENGTH
from connector.om.schema import OPTIONAL as OM_OPTIONAL
from connector.policies import mapped_facts, order_fields
from connector.profile import FSM_KINDS, OM_KINDS
from connector.servicenow.lean import page
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query
from connector.servicenow.schema import state_choices

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from connector.doctor.patient import Patient, SideView
    from connector.doctor.written import Write
    from connector.servicenow.columns import Column, TableColumns

_OPTIONAL = {"om": OM_OPTIONAL, "fsm": FSM_OPTIONAL}


def _kinds(side: SideView) -> Iterator[tuple[str, str, TableColumns]]:
    """Each kind of record in use with its table and what is known of its columns."""
    for kind in OM_KINDS if side.name == "om" else FSM_KINDS:
        if kind in side.tables:
            table = side.tables[kind]
            yield kind, table, side.evidence.columns[table]


def _tables(side: SideView) -> Seen:
    missing = {kind: table for kind, table, said in _kinds(side) if not said.exists}
    wrong = [f"there is no table {table}" for table in missing.values()]
    wrong += [f"{table} looks like a database view" for _, table, said in _kinds(side) if said.looks_like_a_view]
    if len(wrong) == 1 and "case" in missing:
        return failed(wrong[0], _NO_CASES)
    return failed("; ".join(wrong)) if wrong else fine("every table is there")


def _tables_readable(side: SideView) -> Seen:
    closed = _closed(side)
    if not closed:
        return fine("every table in use can be read")
    shut = [f"{side.tables[kind]}: {error}" for kind, error in closed.items()]
    return failed(
        f"the user may not read {'; '.join(shut)}",
        f"Ask an administrator for the role {to_read(side.name, closed)}, or an ACL that lets the user read these tables.",
    )


def _closed(side: SideView) -> dict[str, Denied]:
    """The kinds of records the user may not read, and what the instance says of it."""
    shut: dict[str, Denied] = {}
    for kind, table, _said in _kinds(side):
        try:
            page(side.api, table, "", ["sys_id"], 1)
        except Denied as error:
            shut[kind] = error
        except (NotFound, Rejected):
            continue  # `columns.tables` tells of a table that is not there
    return shut


def _present(side: SideView) -> Seen:
    missing: list[str] = []
    unverified: list[str] = []
    for kind, table, said in _kinds(side):
        if not said.is_known:
            unverified.append(table)
            continue
        missing += [f"{table}.{column}" for column in sorted(set(side.read_of(kind)) - set(said.columns))]
        if kind == "case":  # which is written to columns that are never read
            missing += _not_there(side, ["case"], set(side.read_of(kind)))
    if missing:
        return failed(f"not there, or closed to the user: {', '.join(missing)}")
    return (
        unknown(f"the columns of {', '.join(unverified)} are not described")
        if unverified
        else fine("every column is there")
    )


def _not_there(side: SideView, parts: Collection[str], told: Collection[str] = ()) -> list[str]:
    """Columns of these records that are written and surely missing, but for those that are `told` already."""
    missing = (
        write.named(column for column in write.columns if column not in said.columns and column not in told)
        for write in side.writes
        if write.part in parts and (said := side.columns_of(write.table)).is_known
    )
    return [named for named in missing if named]


def _optional(side: SideView) -> Seen:
    lost = [
        f"{table}.{getattr(side.schema, kind)[part]}: {PARTS[kind][part].costs}"
        for kind, table, said in _kinds(side)
        for part in sorted(_OPTIONAL[side.name] & set(getattr(side.schema, kind)) & set(PARTS[kind]))
        if said.is_known
        and (column := getattr(side.schema, kind)[part])
        and column.partition(".")[0] not in said.columns
    ]
    return (
        warning(f"not there: {'; '.join(lost)}") if lost else fine("columns that may be missing are there, or left out")
    )


def _types(side: SideView) -> Seen:
    wrong: list[str] = []
    for kind, table, said in _kinds(side):
        for part, column in getattr(side.schema, kind).items():
            if column not in said.columns or part not in PARTS.get(kind, {}):
                continue
            chosen = choose_column(kind, part, column, said, side.schema.tables, optional=False)
            if chosen.column != column:
                wrong.append(f"{table}.{column} is no {part}: {chosen.why}")
    return failed("; ".join(wrong)) if wrong else fine("columns have the types their parts need")


def _readable(side: SideView) -> Seen:
    closed: list[str] = []
    empty: list[str] = []
    for kind, table, _said in _kinds(side):
        columns = sorted(side.read_of(kind))
        try:
            rows, _ = page(side.api, table, "ORDERBYDESCsys_created_on", columns, 1)
        except REFUSED:
            rows = []  # `rights.tables` and `columns.tables` tell why
        if not rows:
            empty.append(table)
        closed += [f"{table}.{column}" for column in columns if rows and column not in rows[0]]
    if closed:
        return failed(f"not readable: {', '.join(closed)}")
    return unknown(f"no record to look at in {', '.join(empty)}") if empty else fine("every column in use can be read")


def _described_as_read_only(side: SideView) -> Seen:
    described = {table: side.described(table) for table in dict.fromkeys(write.table for write in side.writes)}
    shut = {write: read_only(write, described[write.table]) for write in side.writes}
    closed = {write.named(columns): write.part for write, columns in shut.items() if columns}
    if closed:
        return failed(f"read-only for the user: {'; '.join(closed)}", _to_write(closed.values()))
    if silent := [table for table, columns in described.items() if not columns]:
        return unknown(f"nobody describes the columns of {', '.join(silent)}")
    return fine("no column to be written is read-only")


def read_only(write: Write, described: Mapping[str, Column]) -> list[str]:
    """The columns of a write that the user may not write, as the description of the table says."""
    return [column for column in write.columns if column in described and described[column].read_only]


def _to_write(parts: Iterable[str]) -> str:
    """What to do where what is written to records that play these parts may not be written."""
    roles = to_write(list(parts))
    by_role = f"the role {roles}, or " if roles else ""
    return f"Ask an administrator for {by_role}an ACL that lets the user write there; or do without, as the check says."


def _record_writable(side: SideView) -> Seen:
    changed = {write.table: write.part for write in side.writes if not write.creates}
    seen = {part: writable(side, table, _unfinished(side, part)) for table, part in changed.items()}
    level = min((one.level for one in seen.values()), key=WORST_FIRST.index)
    said = "; ".join(one.text for one in seen.values() if one.level is level)
    shut = [part for part, one in seen.items() if one.level is Level.FAILED]
    return Seen(level, said, _to_write(shut) if shut else "")


def _unfinished(side: SideView, part: str) -> Query | None:
    """Of cases and fallouts only those that are not over are written: who works on them may well not change others."""
    if part not in ("case", "fallout"):
        return None
    table = side.tables[part]
    over = [c.value for c in side.evidence.choices.get(table, ()) if side.class_of(part, c) in ("done", "canceled")]
    return Query().where(side.states[table], Op.NOT_IN, *over) if over else None


def writable(side: SideView, table: str, only: Query | None = None) -> Seen:
    """Whether the newest record of a table (of those that `only` asks for) can be written, asked by a change of nothing."""
    try:
        row = side.newest(table, [], only)
    except REFUSED as error:
        return unknown(f"records of {table} cannot be read: {error}")
    if not row:
        return unknown(f"no record of {table} to ask about")
    try:
        side.api.update(table, row["sys_id"], {})
    except Denied as error:
        return failed(f"records of {table} cannot be written: {error}")
    except Rejected as error:
        return warning(f"a record of {table} refuses even an empty change: {error}")
    return fine(
        f"records of {table} can be written (asked by a change of nothing; single columns are seen at each write)"
    )


def _lengths(side: SideView) -> Seen:
    said = side.evidence.columns[side.table]
    columns = side.schema.work_order  # type: ignore[union-attr]
    short = [
        f"{name} takes {said.columns[name].max_length}"
        for name in (columns["names"], columns["mark"])
        if name in said.columns and 0 < said.columns[name].max_length < MAX_LENGTH
    ]
    if short:
        return failed(f"{', '.join(short)} characters, {MAX_LENGTH} are needed")
    return fine(f"marks of {MAX_LENGTH} characters fit") if said.is_known else unknown("nobody tells how long they are")


def _filled(patient: Patient) -> Seen:
    fsm = patient.fsm
    if not fsm.evidence.columns[fsm.table].is_known:
        return unknown("the columns of work orders are not described")
    missing = _not_there(fsm, ["work_order", "reference"], fsm.read_of("work_order"))
    return warning(f"not there: {'; '.join(missing)}") if missing else fine("every column to be filled is there")


def _facts(patient: Patient) -> Seen:
    """Without one of these columns no order can be read: what is not shown is never taken for empty."""
    schema, settings = patient.om.schema, patient.settings
    asked = [
        (f"{name} ({column})", record, path)
        for name, fact in settings.om.read_facts.items()
        for column in fact.columns
        for record, _, path in [column.partition(".")]
    ]
    if not isinstance(patient.policies, ConfigError):
        asked += [
            (
                f'{name} ({record}.{path}; without it: {name.replace(" ", "_")} = "" under [om.columns.{record}])',
                record,
                path,
            )
            for record, facts in mapped_facts(settings, patient.policies).items()
            for name, (path, _) in facts.items()
            if name in CARRIED_FACTS and record != "case"
        ]
    missing = []
    for told, record, path in asked:
        said = patient.om.evidence.columns[schema.tables[record]]
        if said.is_known and path.partition(".")[0] not in said.columns:
            missing.append(told)
    return (
        failed(f"columns that policies or fields ask for are not there: {', '.join(missing)}")
        if missing
        else fine("the columns of every fact that is asked for are there")
    )


def _priorities(patient: Patient) -> Seen:
    """The stored number is carried from the one instance to the other, where it may mean something else."""
    to = next((column for column, text in order_fields(patient.settings).items() if text == "{priority}"), "")
    if not to:
        return fine("no priority is carried")
    ours = om_priorities(patient.om.api, patient.settings.om_names, with_cases=bool(patient.settings.policy.case))
    theirs = state_choices(patient.fsm.api, {patient.fsm.table: to})[patient.fsm.table]
    if not ours or not theirs:
        return unknown("the lists of priorities cannot be read, or are not in English")
    stored = patient.settings.fsm.values.get("priority", {})
    carried = {value: stored.get(value, value) for value in ours}
    differ = [
        f"{value} is {label!r} in Order Management, and {theirs.get(carried[value], 'nothing')!r} is stored for it"
        for value, label in sorted(ours.items())
        if carried[value] and not same_choice(theirs.get(carried[value], ""), label)
    ]
    if differ:
        return warning("; ".join(differ))
    if unclear := [value for value, label in ours.items() if not label]:
        return warning(
            f"two tables of Order Management call it differently, and it is not carried: {', '.join(unclear)}"
        )
    left = [ours[value] for value, there in carried.items() if not there]
    return fine("a priority means the same on both sides" + (f"; not carried: {', '.join(left)}" if left else ""))


_DISCOVER = "`om-fsm discover` finds out what they are called; name them in the profile or the configuration."
_RIGHT = "Ask an administrator for the role or ACL."
_NO_CASES = "Activate Customer Service Management, name the table under [om.tables], or leave out [policy] case."

CHECKS = (
    Check(
        "columns.tables",
        "Every table is there, and is no view",
        "Nothing can be read from a table that is not there, and nothing written to a view.",
        _DISCOVER,
        of_side=_tables,
    ),
    Check(
        "rights.tables",
        "Every table in use can be read",
        "What may not be read is carried nowhere: no order gets a visit, and no visit is told.",
        "Ask an administrator for the role to start from (`om-fsm init` lists them), or an ACL.",
        of_side=_tables_readable,
    ),
    Check(
        "columns.present",
        "Every column in use is there",
        "A column that is missing looks like an empty one.",
        _DISCOVER,
        of_side=_present,
    ),
    Check(
        "columns.optional",
        "Columns that may be missing are there",
        "What they tell is lost.",
        _DISCOVER,
        of_side=_optional,
    ),
    Check(
        "columns.types",
        "Columns have the types their parts need",
        "A reference to another table would put records together that do not belong together.",
        _DISCOVER,
        of_side=_types,
    ),
    Check(
        "columns.readable",
        "Every column in use can be read",
        "A column without read right is absent without a word; orders it concerns are left alone.",
        _RIGHT,
        of_side=_readable,
    ),
    Check(
        "rights.columns",
        "No column to be written is read-only",
        "A value without write right is dropped with status 200.",
        _RIGHT,
        of_side=_described_as_read_only,
    ),
    Check(
        "rights.records",
        "Records of each table that is written can be written (asked by a change of nothing)",
        "Notes, updates and cancellations would be refused.",
        _RIGHT,
        of_side=_record_writable,
    ),
    Check(
        "keys.length",
        "Marks fit into their columns",
        "A mark that is cut is not found again, and a work order would be created twice.",
        "Make correlation_id and correlation_display 100 characters long.",
        only="fsm",
        of_side=_lengths,
    ),
    Check(
        "fields.columns",
        "Every column to be filled is there",
        "What it should say is lost, with status 200.",
        "Leave it out ([work_order.fields], or the profile), or activate the plug-in that brings it.",
        EVERYWHERE,
        of_pair=_filled,
    ),
    Check(
        "fields.facts",
        "The columns of facts that policies and fields ask for are there",
        "No order can be read: what is not shown is never taken for empty.",
        "Correct [om.facts], give the user the right to read the column, or leave it out as the check says.",
        (Suite.FIRST, Suite.POST_UPGRADE),
        of_pair=_facts,
    ),
    Check(
        "fields.priority",
        "A priority means the same on both sides",
        "The stored number is carried: what is low for the one would be critical for the other.",
        "`om-fsm discover --accept` finds which is which by their labels: [fsm.values.priority] of the profile. Or make both "
        'lists agree, or leave the priority out: priority = "" under [fsm.fields].',
        (Suite.FIRST, Suite.POST_UPGRADE),
        of_pair=_priorities,
    ),
)
