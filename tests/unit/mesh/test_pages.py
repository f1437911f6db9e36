"""Page tokens: what was issued is read again, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.errors import Invalid
from servers.mesh.pages import MAX_POSITION, place_of, position_of, token_of, token_of_place

QUERY = ["orders", "ann", ""]


@given(st.integers(0, MAX_POSITION), st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True))
def test_a_place_is_read_as_it_was_issued(instant: int, name: str) -> None:
    assert place_of(QUERY, token_of_place(QUERY, (instant, name))) == (instant, name)


@given(st.integers(0, MAX_POSITION))
def test_a_position_is_read_as_it_was_issued(position: int) -> None:
    assert position_of(QUERY, token_of(QUERY, position)) == position


def test_no_token_is_the_first_page() -> None:
    assert position_of(QUERY, "") is None
    assert place_of(QUERY, "") is None


@given(st.text(max_size=60))
def test_what_was_not_issued_is_refused(text: str) -> None:
    if text:
        with pytest.raises(Invalid, match="the page token is invalid"):
            place_of(QUERY, text)


@pytest.mark.parametrize(
    "token",
    [
        token_of_place(["orders", "bob", ""], (1, "a")),
        token_of(QUERY, 1),
        token_of_place(QUERY, (-1, "a")),
        token_of_place(QUERY, (MAX_POSITION + 1, "a")),
        token_of_place(QUERY, (1, "")),
        token_of_place(QUERY, (1, "two words")),
        token_of_place(QUERY, (1, "a" * 65)),
        token_of_place(QUERY, (1, "é")),
    ],
)
def test_a_sealed_token_is_held_to_what_a_place_is(token: str) -> None:
    """Whoever knows the source can seal anything."""
    with pytest.raises(Invalid):
        place_of(QUERY, token)
