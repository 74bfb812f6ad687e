"""What an answer means, and for whom: the table of answers, asked as a read and sent as a write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import (
    AbsurdAnswer,
    Denied,
    Duplicate,
    Hibernating,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    SignInFailed,
    Unavailable,
)
from connector.servicenow.query import Query
from tests.wire.answers import ANSWERS, JSON, TRANSACTION, Answer, said
from tests.wire.instance import URL, Table, sys_id

if TYPE_CHECKING:
    import responses

    from connector.servicenow.table import TableApi

TABLE = f"{URL}/api/now/table/wm_order"
RECORD = f"{TABLE}/{sys_id(1)}"
EXIT_CODES = {
    Hibernating: 6,
    AbsurdAnswer: 1,
    Denied: 3,
    SignInFailed: 3,
    Rejected: 1,
    Duplicate: 1,
    Unavailable: 6,
    OutcomeUnknown: 6,
}
every_answer = pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer.name))


def read(api: TableApi) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        list(api.scan("wm_order", Query(), ["number"]))
    return raised.value


def insert(api: TableApi) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        api.insert("wm_order", {"short_description": "x"})
    return raised.value


def change(api: TableApi) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        api.update("wm_order", sys_id(1), {"short_description": "x"})
    return raised.value


@every_answer
def test_a_read_is_told_who_has_to_act(answer: Answer, mocked: responses.RequestsMock, api: TableApi) -> None:
    answer.add_to(mocked, "GET", TABLE)
    assert type(read(api)) is answer.read


@every_answer
def test_a_write_is_told_whether_it_may_have_happened(
    answer: Answer, mocked: responses.RequestsMock, api: TableApi
) -> None:
    answer.add_to(mocked, "POST", TABLE)
    answer.add_to(mocked, "PATCH", RECORD)
    assert type(insert(api)) is answer.write
    assert type(change(api)) is answer.write


@every_answer
def test_every_error_names_instance_status_and_transaction(
    answer: Answer, mocked: responses.RequestsMock, api: TableApi
) -> None:
    answer.add_to(mocked, "GET", TABLE)
    error = read(api)
    assert str(error).startswith(f"om ({URL}) ")
    assert str(error).endswith(".")
    assert "\n" not in str(error)
    assert error.status == answer.status
    assert error.transaction == answer.headers.get("X-Transaction-ID", "")
    assert error.exit_code == EXIT_CODES[type(error)]


def test_a_list_with_a_result_and_a_total_is_a_success(mocked: responses.RequestsMock, api: TableApi) -> None:
    Table([{"sys_id": sys_id(1), "number": "WO1"}]).serve(mocked, "wm_order")
    assert [row["number"] for row in api.scan("wm_order", Query(), ["number"])] == ["WO1"]


def test_a_created_and_a_changed_record_are_successes(mocked: responses.RequestsMock, api: TableApi) -> None:
    record = {"result": {"sys_id": {"value": sys_id(1), "display_value": sys_id(1)}}}
    mocked.post(TABLE, json=record, status=201, headers={"X-Transaction-ID": TRANSACTION})
    mocked.patch(RECORD, json=record)
    assert api.insert("wm_order", {"short_description": "x"})["sys_id"] == sys_id(1)
    assert api.transaction == TRANSACTION
    assert api.update("wm_order", sys_id(1), {"short_description": "x"})["sys_id"] == sys_id(1)
    assert api.transaction == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("hibernating", "is hibernating"),
        ("wrong password", "refused the user or password"),
        ("redirect to a login page", "redirects to another page"),
        ("page of the edge", "web page instead of JSON"),
        ("login page of the node", "a login page?"),
        ("table ACL", "Insufficient rights to query records: No permission to read table"),
        ("business rule", "aborted by Business Rule 'Stop^1f'"),
        ("data policy", "mandatory: Code"),
        ("rate limit", "has too many requests"),
        ("cancelled after a minute", "maximum execution time exceeded"),
        ("URL too long", "414"),
    ],
)
def test_the_message_says_what_the_instance_said(
    answer: str, words: str, mocked: responses.RequestsMock, api: TableApi
) -> None:
    next(one for one in ANSWERS if one.name == answer).add_to(mocked, "GET", TABLE)
    assert words in str(read(api))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("hibernating", "developer site"),
        ("wrong password", "snc_basic_auth_api_access"),
        ("page of the edge", "url"),
        ("table ACL", "role or ACL"),
    ],
)
def test_the_hint_says_what_to_do(answer: str, words: str, mocked: responses.RequestsMock, api: TableApi) -> None:
    next(one for one in ANSWERS if one.name == answer).add_to(mocked, "GET", TABLE)
    assert words in read(api).hint


def test_a_foreign_message_is_quoted_on_one_line_and_not_at_length(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.patch(RECORD, said("Operation Failed", "one\ntwo " + "x" * 5000), status=403, content_type=JSON)
    text = str(change(api))
    assert "Operation Failed: one two xxx" in text
    assert len(text) < 600


@pytest.mark.parametrize(
    "body", ['{"error": "no envelope"}', '{"error": {}}', '{"error": null}', '"text"', "null", "[1]"]
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_an_envelope_nobody_has_seen_is_still_an_answer(
    body: str, status: int, mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.get(TABLE, body, status=status, content_type="application/json")
    assert read(api).status == status


@pytest.mark.parametrize(("given", "seconds"), [("2", 2.0), ("120", 120.0), ("0", 0.0)])
def test_a_write_that_is_pushed_back_says_when_to_come_again(
    given: str, seconds: float, mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.patch(RECORD, said("Rate limit exceeded"), status=429, headers={"Retry-After": given})
    assert change(api).retry_after == seconds


@pytest.mark.parametrize("given", ["", "soon", "-1", "Mon, 02 Mar 2026 08:00:00 GMT"])
def test_a_retry_after_that_is_no_number_of_seconds_is_no_promise(
    given: str, mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.patch(RECORD, said("Rate limit exceeded"), status=429, headers={"Retry-After": given})
    assert change(api).retry_after is None


def test_a_list_without_a_total_is_no_answer_because_nobody_knows_where_it_ends(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.get(TABLE, '{"result": []}', content_type=JSON)
    error = read(api)
    assert type(error) is AbsurdAnswer
    assert "X-Total-Count" in str(error)
    assert "proxy" in error.hint


def test_the_same_list_with_a_total_is_an_answer(mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(TABLE, '{"result": []}', content_type=JSON, headers={"X-Total-Count": "0"})
    assert list(api.scan("wm_order", Query(), ["number"])) == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('{"result": {"sys_id": "1"}}', {}),
        ('{"result": {"sys_id": "1"}}', {"X-Total-Count": "1"}),
        ('{"result": "none"}', {"X-Total-Count": "0"}),
        ('{"result": null}', {"X-Total-Count": "0"}),
        ('{"result": ["1"]}', {"X-Total-Count": "1"}),
        ('{"result": []}', {"X-Total-Count": "many"}),
        ('{"result": []}', {"X-Total-Count": "1" * 5000}),
        ('{"result": {}}', {"X-Total-Count": "0"}),
        ('{"result": {}}', {}),
    ],
)
def test_an_answer_of_another_shape_than_asked_for_is_an_absurd_answer(
    body: str, headers: dict[str, str], mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.get(TABLE, body, content_type=JSON, headers=headers)
    assert type(read(api)) is AbsurdAnswer


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, '{"result": {"sys_id": {"value": "1"}}}'),
        (204, ""),
        (201, '{"result": null}'),
        (201, '{"result": "1"}'),
        (201, '{"result": []}'),
    ],
)
def test_a_success_that_shows_no_created_record_has_to_be_looked_up(
    status: int, body: str, mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.post(TABLE, body, status=status, content_type=JSON)
    assert type(insert(api)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, '{"result": {"sys_id": {"value": "1"}}}'),
        (204, ""),
        (200, '{"result": null}'),
        (200, '{"result": "1"}'),
        (200, '{"result": []}'),
        (200, '{"result": [{}]}'),
    ],
)
@pytest.mark.parametrize("total", ["", "1", "many"])
def test_a_success_that_shows_no_changed_record_has_to_be_looked_up(
    status: int, body: str, total: str, mocked: responses.RequestsMock, api: TableApi
) -> None:
    headers = {"X-Total-Count": total} if total else {}
    mocked.patch(RECORD, body, status=status, content_type=JSON, headers=headers)
    assert type(change(api)) is OutcomeUnknown


@pytest.mark.parametrize("status", [201, 202, 206])
def test_a_list_with_another_status_than_200_is_not_taken_for_an_empty_one(
    status: int, mocked: responses.RequestsMock, api: TableApi
) -> None:
    headers = {"X-Total-Count": "1"}
    mocked.get(TABLE, '{"result": [{"sys_id": "1"}]}', status=status, content_type=JSON, headers=headers)
    assert type(read(api)) is AbsurdAnswer


def test_no_content_is_not_taken_for_an_empty_list(mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(TABLE, "", status=204, content_type=JSON)
    assert type(read(api)) is Unavailable


def test_an_answer_nested_too_deeply_to_be_read_is_no_answer(mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(TABLE, '{"result":' + "[" * 100_000 + "]" * 100_000 + "}", content_type=JSON)
    assert type(read(api)) is Unavailable


@pytest.mark.parametrize(
    ("result", "total"),
    [("[]", "many"), ("[]", "1" * 5000), ("null", "0"), ('["1"]', "1"), ("{}", "0"), ('{"sys_id": "1"}', "1")],
)
def test_an_answer_of_another_shape_prints_no_traceback(
    result: str, total: str, mocked: responses.RequestsMock, api: TableApi, capfd: pytest.CaptureFixture[str]
) -> None:
    mocked.get(TABLE, f'{{"result": {result}}}', content_type=JSON, headers={"X-Total-Count": total})
    assert type(read(api)) is AbsurdAnswer
    assert capfd.readouterr().err == ""


# --- JSON that only looks like an answer --------------------------------------------------------------------------

LIST = '{"result": [{"sys_id": "1"}]}'
TWICE = {
    "an error, and none": f'{LIST[:-1]}, "error": {{"message": "Transaction cancelled"}}, "error": null}}',
    "two results": f'{LIST[:-1]}, "result": []}}',
    "two ids of one row": '{"result": [{"sys_id": "1", "sys_id": "2"}]}',
}


@pytest.mark.parametrize("body", TWICE.values(), ids=TWICE)
def test_a_name_with_two_values_is_neither_of_them(body: str, mocked: responses.RequestsMock, api: TableApi) -> None:
    mocked.get(TABLE, body, content_type=JSON, headers={"X-Total-Count": "1"})
    one = body.replace("[{", "{").replace("}]", "}")
    mocked.post(TABLE, one, status=201, content_type=JSON)
    assert type(read(api)) is AbsurdAnswer
    assert type(insert(api)) is OutcomeUnknown


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_json_that_a_proxy_encoded_anew_is_no_answer_and_shows_no_traceback(
    encoding: str, mocked: responses.RequestsMock, api: TableApi, capfd: pytest.CaptureFixture[str]
) -> None:
    body = LIST.encode(encoding)
    mocked.get(TABLE, body, content_type=JSON, headers={"X-Total-Count": "1"})
    mocked.post(TABLE, body, status=201, content_type=JSON)
    assert isinstance(read(api), AbsurdAnswer | Unavailable)
    assert type(insert(api)) is OutcomeUnknown
    assert "".join(capfd.readouterr()) == ""


def test_a_changed_record_that_is_another_one_is_not_believed(mocked: responses.RequestsMock, api: TableApi) -> None:
    for other in (sys_id(2), {"value": sys_id(2), "display_value": sys_id(2)}):
        mocked.patch(RECORD, json={"result": {"sys_id": other}})
        assert type(change(api)) is OutcomeUnknown
        mocked.reset()
