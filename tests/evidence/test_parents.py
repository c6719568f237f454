"""A new foreign key of MariaDB waits for whoever writes to the table that it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.servers.fixtures import ServerOf

ALTER = "ALTER TABLE part ADD CONSTRAINT f FOREIGN KEY (maker) REFERENCES maker (id)"


@pytest.mark.parametrize(
    ("held", "waits"),
    [("SELECT * FROM maker", False), ("UPDATE maker SET id = id", True)],
    ids=["reads", "writes"],
)
def test_the_parent_can_be_read_and_not_written(
    server_of: ServerOf, held: str, *, waits: bool
) -> None:
    server = server_of("mariadb")
    name = f"parents_{waits}".lower()
    server.run(f"CREATE DATABASE {name}")
    mysql = pytest.importorskip("MySQLdb")
    where = {"unix_socket": str(server.socket), "user": "root", "db": name}
    one, other = mysql.connect(**where), mysql.connect(**where)
    try:
        cursor, second = one.cursor(), other.cursor()
        cursor.execute("CREATE TABLE maker (id int PRIMARY KEY) ENGINE=InnoDB")
        cursor.execute("CREATE TABLE part (id int PRIMARY KEY, maker int) ENGINE=InnoDB")
        cursor.execute("INSERT INTO maker VALUES (1)")
        one.commit()
        cursor.execute(held)
        second.execute("SET lock_wait_timeout = 1")
        if waits:
            with pytest.raises(mysql.OperationalError, match="Lock wait timeout"):
                second.execute(ALTER)
        else:
            second.execute(ALTER)
    finally:
        one.close()
        other.close()
