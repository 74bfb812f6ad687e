"""Reads an encoded query into a tree: text in, terms out. What the terms select is sql.py's business.

term(^term)*   ^OR binds to the previous term   ^NQ starts a new alternative   ^EQ ends   ^^ is a literal ^
ORDERBYf and ORDERBYDESCf in sequence           GROUPBYf sorts a list before them
JOINa.f=b.g!query                               RLQUERYtable.field,>0^query^ENDRLQUERY
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# Longest first, so that "<=" is not read as "<" and "NOT IN" not as something else.
OPERATORS = tuple(
    sorted(
        (
            "=", "!=", "IN", "NOT IN", "SAMEAS", "NSAMEAS", "ANYTHING", "LIKE", "CONTAINS", "*", "NOT LIKE", "!*",
            "DOES NOT CONTAIN", "STARTSWITH", "ENDSWITH", "%", "EMPTYSTRING", "ISEMPTY", "ISNOTEMPTY", "<", "<=", ">", ">=",
            "BETWEEN", "GT_FIELD", "LT_FIELD", "GT_OR_EQUALS_FIELD", "LT_OR_EQUALS_FIELD", "ON", "NOTON", "RELATIVEGT",
            "RELATIVELT", "RELATIVEGE", "RELATIVELE", "RELATIVEEE", "MORETHAN", "LESSTHAN", "DATEPART", "IN_HIERARCHY",
            "DYNAMIC", "INSTANCEOF", "VALCHANGES", "CHANGESFROM", "CHANGESTO",
        ),
        key=len,
        reverse=True,
    )
)  # fmt: skip
FIELD = re.compile(r"[a-z0-9_.]+")
TEXT_SEARCH = re.compile(r"(GOTO)?123TEXTQUERY321=")


@dataclass(frozen=True)
class Term:
    """One comparison; `operator` is empty when the text made no sense (the platform then drops the term)."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class RelatedList:
    """Records that have this many (`count`, such as ">0") rows of `table` pointing at them through `field`."""

    table: str
    field: str
    count: str
    query: Query


@dataclass(frozen=True)
class Join:
    """Records whose `field` equals `other_field` of a row of `table` that matches `query`."""

    field: str
    table: str
    other_field: str
    query: Query


Clause = Term | RelatedList | Join


@dataclass
class Query:
    """Alternatives (^NQ) of conjunctions (^) of disjunctions (^OR)."""

    alternatives: list[list[list[Clause]]] = field(default_factory=lambda: [[]])
    order: list[tuple[str, bool]] = field(default_factory=list)  # field, descending
    group: list[str] = field(default_factory=list)


def parse(text: str) -> Query:
    """Never fails: what makes no sense becomes a term without operator."""
    query = Query()
    tokens = _split(text)
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.startswith("RLQUERY"):
            end = next((i for i in range(position, len(tokens)) if tokens[i] == "ENDRLQUERY"), len(tokens))
            query.alternatives[-1].append([_related(token, tokens[position + 1 : end])])
            position = end + 1
            continue
        _add(query, token)
        position += 1
    return query


def _add(query: Query, token: str) -> None:
    if token in ("", "EQ", "ENDRLQUERY"):
        return
    if token.startswith("ORDERBYDESC"):
        query.order.append((token.removeprefix("ORDERBYDESC"), True))
    elif token.startswith("ORDERBY"):
        query.order.append((token.removeprefix("ORDERBY"), False))
    elif token.startswith("GROUPBY"):
        query.group.append(token.removeprefix("GROUPBY"))
    elif token.startswith("JOIN"):
        query.alternatives[-1].append([_join(token)])
    elif token.startswith("NQ"):
        query.alternatives.append([])
        _add(query, token.removeprefix("NQ"))
    elif token.startswith("OR") and query.alternatives[-1]:
        query.alternatives[-1][-1].append(_term(token.removeprefix("OR")))
    else:
        query.alternatives[-1].append([_term(token.removeprefix("OR"))])


def _split(text: str) -> list[str]:
    """Cut at single carets; a doubled caret is one literal caret inside a value."""
    return [part.replace("\0", "^") for part in text.replace("^^", "\0").split("^")]


def _term(token: str) -> Term:
    search = TEXT_SEARCH.match(token)
    if search is not None:
        return Term("", "TEXTQUERY", token[search.end() :])
    match = FIELD.match(token)
    if match is None:
        return Term(token, "", "")
    name, rest = match.group(), token[match.end() :]
    operator = next((operator for operator in OPERATORS if rest.startswith(operator)), "")
    return Term(name, operator, rest[len(operator) :])


def _related(token: str, inner: list[str]) -> RelatedList:
    target, _, count = token.removeprefix("RLQUERY").partition(",")
    table, _, name = target.partition(".")
    return RelatedList(table, name, count.split(",")[0], parse("^".join(part.replace("^", "^^") for part in inner)))


def _join(token: str) -> Join:
    condition, _, query = token.removeprefix("JOIN").partition("!")
    left, _, right = condition.partition("=")
    table, _, other = right.partition(".")
    return Join(left.rpartition(".")[2], table, other, parse(query))
