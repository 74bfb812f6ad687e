"""What is asked about many records together and fails: which of them it is, and for how many questions."""

from __future__ import annotations

import pytest

from connector.engine.halves import Search
from connector.errors import Denied, MemoryFailed, RemoteError, Unavailable

MANY = [f"{number:02}" for number in range(50)]


class Instance:
    """Answers what it is asked about, unless it is asked about one of these."""

    def __init__(self, bad: list[str], error: Exception) -> None:
        self.bad, self.error, self.asked = set(bad), error, 0

    def existing(self, sys_ids: list[str]) -> list[str]:
        self.asked += 1
        if self.bad & set(sys_ids):
            raise self.error
        return sys_ids


def search(instance: Instance, *, down: bool = False) -> Search[list[str]]:
    def concerns_all(_error: RemoteError) -> bool:
        return down

    return Search(instance.existing, concerns_all)


@pytest.mark.parametrize("error", [Denied("no"), Unavailable("status 500"), KeyError("a defect")], ids=repr)
@pytest.mark.parametrize(
    "bad", [[], ["00"], ["49"], ["17", "31"], ["00", "01", "02", "03"], ["46", "47", "48", "49"], MANY[:20]]
)
def test_those_that_cannot_be_asked_about_are_found_wherever_they_stand(bad: list[str], error: Exception) -> None:
    asking = search(Instance(bad, error))
    asking.among(MANY)
    assert sorted(asking.failed) == bad
    assert sorted(one for some in asking.answers for one in some) == [one for one in MANY if one not in bad]


def test_what_spoils_all_of_them_is_raised_after_a_few_questions() -> None:
    instance = Instance(MANY, Denied("no"))
    with pytest.raises(Denied):
        search(instance).among(MANY)
    assert instance.asked <= 20


@pytest.mark.parametrize("error", [Unavailable("nobody answers"), MemoryFailed("the disk is full")], ids=repr)
def test_what_concerns_everything_is_raised_at_once(error: Exception) -> None:
    instance = Instance(["17"], error)
    with pytest.raises(type(error)):
        search(instance, down=True).among(MANY)
    assert instance.asked == 1


def test_two_records_that_both_cannot_be_asked_about_prove_nothing_about_the_rest() -> None:
    asking = search(Instance(["00", "01"], Denied("no")))
    asking.among(["00", "01"])
    assert sorted(asking.failed) == ["00", "01"]
    assert asking.answers == []
