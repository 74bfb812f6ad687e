"""Whether rules cover a box, against trying every point of it: small spaces of every shape, also those no table would give."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.mapping.dmn.analysis.cover import Steps, cover
from connector.mapping.dmn.analysis.gaps import widened
from connector.mapping.dmn.analysis.space import Space
from connector.mapping.dmn.analysis.unreachable import shadowing
from connector.mapping.dmn.evaluate import bits

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES = 9
SHAPES = ((4, 3, 2), (3, 3, 3), (2, 2, 2, 2), (8, 4), (2, 3, 2, 2))


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Each rule accepts some parts of each column, often all: such rules cover a space now and then."""
    shape = draw(st.sampled_from(SHAPES))
    boxes = [
        [
            whole if draw(st.integers(0, 2)) == 0 else draw(st.integers(1, whole))
            for whole in ((1 << parts) - 1 for parts in shape)
        ]
        for _ in range(RULES)
    ]
    masks = [
        [sum(1 << rule for rule, box in enumerate(boxes) if box[j] >> part & 1) for part in range(parts)]
        for j, parts in enumerate(shape)
    ]
    return Space(masks, RULES)


def uncovered(space: Space, rules: int, box: Sequence[int]) -> list[tuple[int, ...]]:
    """Every point of the box that none of the rules accepts."""
    found = []
    for point in product(*(list(bits(parts)) for parts in box)):
        left = rules
        for masks, part in zip(space.masks, point, strict=True):
            left &= masks[part]
        if not left:
            found.append(point)
    return found


@settings(max_examples=80)
@given(spaces(), st.integers(1, (1 << RULES) - 1), st.integers(0, RULES - 1))
def test_a_box_is_covered_if_and_only_if_each_of_its_points_is(space: Space, rules: int, inside: int) -> None:
    for asked, box in (
        (space.everything, space.whole),
        (rules, space.whole),
        (rules & ~(1 << inside), space.box(inside)),
    ):
        open_points = uncovered(space, asked, box)
        answer = cover(space, Steps(100_000), rules=asked, box=box)
        assert (answer.hole is None) is (not open_points)
        if answer.hole is None:
            assert uncovered(space, answer.needed, box) == []
            assert not answer.needed & ~asked
        else:
            assert set(product(*(list(bits(parts)) for parts in answer.hole))) <= set(open_points)


@settings(max_examples=100)
@given(spaces(), st.integers(0, RULES - 1))
def test_the_rules_that_shadow_another_are_all_needed(space: Space, shadowed: int) -> None:
    rivals = space.everything & ~(1 << shadowed)
    by = shadowing(space, shadowed, rivals, Steps(100_000))
    box = space.box(shadowed)
    assert bool(by) is (not uncovered(space, rivals, box))
    for spared in by:
        assert uncovered(space, sum(1 << rule for rule in by if rule != spared), box)


@settings(max_examples=60)
@given(spaces())
def test_a_hole_is_widened_as_far_as_it_goes(space: Space) -> None:
    hole = cover(space, Steps(100_000)).hole
    if hole is None:
        return
    wide = widened(space, hole)
    assert all(not parts & ~more for parts, more in zip(hole, wide, strict=True))
    assert set(product(*(list(bits(parts)) for parts in wide))) <= set(uncovered(space, space.everything, space.whole))
    for j, masks in enumerate(space.masks):
        for part in range(len(masks)):
            if not wide[j] >> part & 1:
                more = [parts | (1 << part if i == j else 0) for i, parts in enumerate(wide)]
                assert not set(product(*map(list, map(bits, more)))) <= set(
                    uncovered(space, space.everything, space.whole)
                )


@settings(max_examples=60)
@given(spaces())
def test_rules_meet_and_hold_each_other_as_their_boxes_do(space: Space) -> None:
    for one in range(RULES):
        for other in range(RULES):
            pairs = list(zip(space.box(one), space.box(other), strict=True))
            assert space.meeting[one] >> other & 1 == all(mine & theirs for mine, theirs in pairs)
            assert space.holding[one] >> other & 1 == all(not mine & ~theirs for mine, theirs in pairs)
