"""Drivers' errors, read as what a transaction does about them."""

import sqlite3

import pymysql
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from servers.store.faults import Fault, fault_of, is_duplicate


def mysql_error(code: int, *, lost: bool = False) -> DBAPIError:
    return OperationalError("", {}, pymysql.err.OperationalError(code, "text"), connection_invalidated=lost)


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("text")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("code", [1020, 1205, 1213, 1412, 3572, 6235])
def test_a_lost_race_is_run_again(code: int) -> None:
    assert fault_of(mysql_error(code)) is Fault.RACED


@pytest.mark.parametrize("code", [1040, 1047, 1053, 1114, 1290, 1836, 1927, 1969, 2003, 2006, 2013, 4031])
def test_a_database_that_cannot_now_is_down(code: int) -> None:
    assert fault_of(mysql_error(code)) is Fault.DOWN


@pytest.mark.parametrize("code", [1054, 1062, 1064, 1146, 1406, 3819, 4025])
def test_a_bug_or_a_broken_constraint_is_no_fault(code: int) -> None:
    assert fault_of(mysql_error(code)) is None


def test_a_connection_that_sqlalchemy_gave_up_is_down_whatever_the_code() -> None:
    assert fault_of(mysql_error(0, lost=True)) is Fault.DOWN


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (sqlite3.SQLITE_BUSY, Fault.RACED),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Fault.RACED),
        (sqlite3.SQLITE_LOCKED, Fault.RACED),
        (sqlite3.SQLITE_FULL, Fault.DOWN),
        (sqlite3.SQLITE_IOERR_FSYNC, Fault.DOWN),
        (sqlite3.SQLITE_CONSTRAINT_CHECK, None),
        (sqlite3.SQLITE_READONLY, None),
        (sqlite3.SQLITE_ERROR, None),
    ],
)
def test_sqlite_is_read_by_its_primary_code(code: int, fault: Fault | None) -> None:
    assert fault_of(OperationalError("", {}, sqlite_error(code))) is fault


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError(), PoolTimeout()])
def test_errors_from_below_and_above_the_driver_are_down(error: Exception) -> None:
    assert fault_of(error) is Fault.DOWN


def test_other_errors_are_not_ours_to_judge() -> None:
    assert fault_of(ValueError()) is None


@pytest.mark.parametrize(
    ("original", "duplicate"),
    [
        (pymysql.err.IntegrityError(1062, "text"), True),
        (pymysql.err.IntegrityError(1048, "text"), False),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_UNIQUE), True),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY), True),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_NOTNULL), False),
    ],
)
def test_only_a_broken_key_is_a_duplicate(original: Exception, duplicate: bool) -> None:
    assert is_duplicate(IntegrityError("", {}, original)) is duplicate
