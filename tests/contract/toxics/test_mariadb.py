"""The proxy before a real MariaDB: COMMIT done or not done, and what the client sees of it (F-13, F-14)."""

import time
from collections.abc import Iterator
from typing import TypeAlias

import pymysql
import pytest

from tests.servers import MariaDB
from tests.toxics import (
    DropReply,
    DropRequest,
    ForgeError,
    Latency,
    ProxyInThread,
    Slicer,
    Timeout,
    toxic_proxy_in_thread,
)

Connection: TypeAlias = "pymysql.Connection[pymysql.cursors.Cursor]"
LOST = (pymysql.err.OperationalError, pymysql.err.InterfaceError)


@pytest.fixture
def proxy(mariadb: MariaDB) -> Iterator[ProxyInThread]:
    with toxic_proxy_in_thread(mariadb.port) as proxy:
        yield proxy


@pytest.fixture
def database(mariadb: MariaDB, mysql_url: str) -> str:
    """With an empty table."""
    name = mysql_url.rsplit("/", 1)[1]
    with mariadb.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE entry (id INT PRIMARY KEY)")
    return name


@pytest.fixture
def client(proxy: ProxyInThread, database: str) -> Iterator[Connection]:
    """Through the proxy, in a transaction that has written."""
    connection = pymysql.connect(host="127.0.0.1", port=proxy.port, user="root", database=database)
    connection.cursor().execute("INSERT INTO entry VALUES (1)")
    yield connection
    if connection.open:
        connection.close()


def entries(mariadb: MariaDB, database: str) -> int:
    with mariadb.connect(database) as connection, connection.cursor() as cursor:
        return int(cursor.execute("SELECT id FROM entry"))


def test_a_commit_whose_reply_is_dropped_was_done(
    client: Connection, proxy: ProxyInThread, mariadb: MariaDB, database: str
) -> None:
    proxy.add(DropReply(command="COMMIT"))
    with pytest.raises(LOST):
        client.commit()

    assert entries(mariadb, database) == 1


def test_a_commit_that_is_dropped_was_not_done(
    client: Connection, proxy: ProxyInThread, mariadb: MariaDB, database: str
) -> None:
    proxy.add(DropRequest(command="COMMIT"))
    with pytest.raises(LOST):
        client.commit()

    assert entries(mariadb, database) == 0


def test_other_statements_are_left_alone(
    client: Connection, proxy: ProxyInThread, mariadb: MariaDB, database: str
) -> None:
    proxy.add(DropReply(command="COMMIT"))
    proxy.add(DropRequest(command="ROLLBACK"))
    with client.cursor() as cursor:
        cursor.execute("SELECT 'COMMIT' FROM entry")
        assert cursor.fetchall() == (("COMMIT",),)


def test_a_forged_error_is_the_servers_to_the_client(
    client: Connection, proxy: ProxyInThread, mariadb: MariaDB, database: str
) -> None:
    proxy.add(ForgeError(command="COMMIT", error="1180 Got error 28 during COMMIT"))
    with pytest.raises(pymysql.err.MySQLError, match="Got error 28") as raised:
        client.commit()
    assert raised.value.args[0] == 1180
    assert entries(mariadb, database) == 0

    client.commit()
    assert entries(mariadb, database) == 1


def test_logins_and_big_results_survive_slices(proxy: ProxyInThread, database: str) -> None:
    proxy.add(Slicer(average_size=7, size_variation=5))
    connection = pymysql.connect(host="127.0.0.1", port=proxy.port, user="root", database=database)
    with connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT seq, REPEAT('x', 50) FROM seq_1_to_200") == 200


def test_latency_is_felt(client: Connection, proxy: ProxyInThread) -> None:
    proxy.add(Latency(200))
    began = time.monotonic()
    client.ping()

    assert time.monotonic() - began >= 0.2


def test_a_server_that_falls_silent_ends_the_connection_in_time(
    client: Connection, proxy: ProxyInThread
) -> None:
    proxy.add(Timeout(100))
    with pytest.raises(LOST):
        client.ping(reconnect=False)
