"""A client of a table, which reads and writes it as fast as it is answered.

    python -m benchmarks.client VENDOR SOCKET DATABASE TABLE COLUMN

It says "ready" on standard output, goes on until standard input ends, and then prints, as JSON,
when each request began (of the system's monotonic clock) and how long its answer took, in seconds.
A request is a statement on a row by its key, in a transaction of its own.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any


def connect(vendor: str, socket: str, database: str) -> Any:
    """Return a connection of the vendor's own driver, where each statement commits by itself."""
    if vendor == "postgresql":
        import psycopg

        return psycopg.connect(host=socket, dbname=database, user="postgres", autocommit=True)
    import MySQLdb  # type: ignore[import-untyped, unused-ignore]

    return MySQLdb.connect(unix_socket=socket, db=database, user="root", autocommit=True)


def main(vendor: str, socket: str, database: str, table: str, column: str) -> None:
    """Read and write in turns, one request after the other."""
    ended = threading.Event()
    cursor = connect(vendor, socket, database).cursor()
    cursor.execute(f"SELECT min(id) FROM {table}")  # noqa: S608 - our own words
    key = cursor.fetchone()[0]
    statements = (
        f"SELECT {column} FROM {table} WHERE id = {key}",  # noqa: S608
        f"UPDATE {table} SET {column} = {column} + 1 WHERE id = {key}",  # noqa: S608
    )
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    print("ready", flush=True)  # noqa: T201 - that is its output
    requests = []
    while not ended.is_set():
        for statement in statements:
            began = time.monotonic()
            cursor.execute(statement)
            requests.append((began, time.monotonic() - began))
    json.dump(requests, sys.stdout)


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
