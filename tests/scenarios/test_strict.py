"""README promise: the whole story plays on instances that let nobody in without a token, with the rights that were asked for.

Their choice lists are closed to the connector, so the configuration says what states mean; so are the journal tables, and what
people wrote is read as forms show it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import load
from connector.demo.setup import write_config
from connector.errors import SignInFailed
from tests.conftest import make_pair, sandbox_info
from tests.scenarios import test_first_light as first_light

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _pytest.mark import ParameterSet

    from tests.conftest import Pair


def chapters() -> Iterator[ParameterSet]:
    """Every test of first light, once for each value it is played with."""
    for name, told in vars(first_light).items():
        if name.startswith("test_"):
            marks = [mark for mark in getattr(told, "pytestmark", ()) if mark.name == "parametrize"]
            played = [(partial(told, **{m.args[0]: value}), f"{name}-{value}") for m in marks for value in m.args[1]]
            for chapter, called in played or [(told, name)]:
                yield pytest.param(chapter, id=called)


@pytest.fixture
def strict(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "strict", oauth=True)


@pytest.mark.parametrize("chapter", list(chapters()))
def test_the_story_of_first_light_plays_with_tokens_only(chapter: Callable[[Pair], None], strict: Pair) -> None:
    chapter(strict)


def test_without_tokens_nobody_is_let_in_and_the_reason_is_explained(strict: Pair, tmp_path: Path) -> None:
    by_password = load(write_config(tmp_path, sandbox_info(strict.world)))
    with pytest.raises(SignInFailed) as refused:
        app.plan_once(by_password, strict.outside())
    for words in ("snc_basic_auth_api_access", "web_service_access_only", "restriction.active", "reset"):
        assert words in refused.value.hint
