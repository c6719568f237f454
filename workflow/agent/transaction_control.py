"""SQL that ends the transaction which Django opened for a migration. Django does not notice.

What ran before it stays, and what comes after it is on its own, whatever ``atomic`` says.
https://www.postgresql.org/docs/current/sql-commit.html, https://www.sqlite.org/lang_transaction.html
"""

import contextlib
import re

from _migration_workflow_agent.rendering import with_those_within

NO_STATEMENTS = re.compile(r"\$(\w*)\$.*?\$\1\$|'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""Bodies of functions, texts, names and comments: no statement begins in them."""

BEGINS = {"BEGIN", "START"}
GIVES_UP = {"ROLLBACK", "ABORT"}
ENDS = {"COMMIT", "END", *GIVES_UP}
MAY_END = re.compile("|".join(ENDS), re.IGNORECASE)


def commands(text):
    """Return the words of each statement in a text, without what only looks like some."""
    parts = NO_STATEMENTS.sub(" ", text).upper().split(";")
    return [words for words in map(str.split, parts) if words]


def ends_transaction(text):
    """Say whether a text ends the transaction that it is executed in."""
    return bool(_ends(text))


def gives_up(text):
    """Say whether a text ends its transaction, and nothing of that stays."""
    ends = _ends(text)
    return bool(ends) and GIVES_UP.issuperset(ends)


def as_block(text):
    """Return the begin, the middle and the end of a text that is a transaction, else ``None``."""
    if not MAY_END.search(text):
        return None
    found = commands(text)
    if len(found) < 3 or found[0][0] not in BEGINS or found[-1][0] not in ENDS:
        return None
    if any(words[0] in BEGINS or words[0] in ENDS for words in found[1:-1]):
        return None
    bare = NO_STATEMENTS.sub(lambda match: " " * len(match.group()), text).rstrip("; \t\n")
    first, last = bare.index(";") + 1, bare.rindex(";") + 1
    return text[:first], text[first:last], text[last:]


def _ends(text):
    if not MAY_END.search(text):
        return []
    found = commands(text)
    blocks = any("BEGIN" in words[1:] for words in found)  # of a routine or trigger, which END ends
    return [
        words[0]
        for words in found
        if words[0] in ENDS and "TO" not in words and not (blocks and words[0] == "END")
    ]


def is_one_transaction(migration):
    """Say whether a migration stays in the transaction that Django opens for it.

    Its SQL tells. Code may still end it.
    """
    texts = (
        text
        for operation in with_those_within(migration.operations)
        for text in _texts(getattr(operation, "sql", ()))
    )
    return migration.atomic and not any(map(ends_transaction, texts))


class EndedError(Exception):
    """A migration that counts on its transaction ends it."""


@contextlib.contextmanager
def kept_open(connection):
    """Raise EndedError where a statement in the block would end the transaction around it."""

    def refuse(execute, sql, params, many, context):
        if ends_transaction(str(sql)):
            raise EndedError(
                f"{str(sql).strip()[:40]} ends the transaction that the migration runs in; what "
                "ends it by itself needs atomic = False in its class Migration"
            )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


def _texts(sql):
    """Return the texts of what RunSQL takes: one, or a list of texts or pairs with parameters."""
    if isinstance(sql, str):
        return [sql]
    if not isinstance(sql, (list, tuple)):
        return []
    return [str(one[0]) if isinstance(one, (list, tuple)) and one else str(one) for one in sql]
