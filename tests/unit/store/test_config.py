"""What a store's configuration refuses, and what it never shows."""

import pytest

from servers.store.config import StoreConfig


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "postgresql://secret@host/database",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://root:secret@host:3306",
        "mysql+pymysql://root:secret@host/database",
    ],
)
def test_a_url_that_names_no_store_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"the store's url|SQLite needs a file") as raised:
        StoreConfig(url)

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "bad",
    [
        {"pool_size": 0},
        {"max_waiting": -1},
        {"tries": 0},
        {"tries": 11},
        {"connect_seconds": 0},
        {"lock_wait_seconds": 61},
        {"transaction_seconds": 0.0},
        {"sqlite_synchronous": "OFF"},
    ],
)
def test_a_field_out_of_its_bounds_is_named(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        StoreConfig("sqlite:///file", **bad)  # type: ignore[arg-type]  # bad on purpose


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(StoreConfig("mysql://root:secret@host/database"))
