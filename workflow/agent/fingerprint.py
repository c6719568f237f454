"""What a database holds, in a form that can be compared: schema, recorded history, row counts.

The order of columns and the names that an engine makes up are left out: they differ between
two ways to the same schema and mean nothing.
"""

import re

COLUMN = re.compile(
    r"column (?P<name>.+) (?P<code>\d+) size=(?P<size>.+?) precision=(?P<precision>\S+) "
    r"(?P<null>not null|null) default=(?P<default>.*) collation=.*"
)
SQLITE_COLUMN = re.compile(
    r"column (?P<name>\S+) (?P<type>.*?) ?\b(?P<null>not null|null)(?P<more>.*)"
)
FIRST_NAME = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|`([^`]+)`|\[([^\]]+)\]|([^\s,]+))""")


def fingerprint(connection, uncounted=()):
    """Return the schema, the recorded migrations and the number of rows in each table.

    To be counted, a table is read through. Those that are ``uncounted`` are left out.
    """
    with connection.cursor() as cursor:
        tables = _tables(connection, cursor)
        counted = [table for table in tables if table not in uncounted]
        return {
            "schema": _schema(connection, cursor, tables),
            "history": _history(connection, tables),
            "rows": {table: _count(connection, cursor, table) for table in counted},
        }


def schema_and_history(connection):
    """Return the schema and the recorded migrations. No other row is looked at."""
    with connection.cursor() as cursor:
        tables = _tables(connection, cursor)
        return {
            "schema": _schema(connection, cursor, tables),
            "history": _history(connection, tables),
        }


def schema(connection):
    """Return the schema alone, in which no row is looked at."""
    with connection.cursor() as cursor:
        return _schema(connection, cursor, _tables(connection, cursor))


def _tables(connection, cursor):
    names = connection.introspection.table_names(cursor)
    return sorted(name for name in names if not name.startswith("sqlite_"))


def _schema(connection, cursor, tables):
    return {
        **{table: describe_table(connection, cursor, table) for table in tables},
        **_definitions(connection, cursor),
    }


def difference(before, after):
    """Return one line for each part of the schema that differs."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            lines.append(f"{name} is missing")
        elif name not in before:
            lines.append(f"{name} is left over")
        else:
            old, new = before[name], after[name]
            lines += [f"{name}: {line} is missing" for line in old if line not in new]
            lines += [f"{name}: {line} is left over" for line in new if line not in old]
    return lines


def difference_in_words(connection, before, after):
    """Return what ``difference`` does, with each column as people speak of it."""
    lines, told = [], set()
    for table in sorted(before.keys() & after.keys()):
        old, new = (_columns_in_words(connection, part[table]) for part in (before, after))
        for column in sorted(old.keys() | new.keys()):
            was, now = old.get(column), new.get(column)
            if was == now:  # where they differ all the same, only the lines show how
                continue
            told.add((table, column))
            if now is None:
                lines.append(f"{table}.{column} is missing ({was})")
            elif was is None:
                lines.append(f"{table}.{column} is left over ({now})")
            else:
                lines.append(f"{table}.{column} is ({now}), not ({was})")
    return lines + difference(*(_without(connection, part, told) for part in (before, after)))


def _without(connection, schema, columns):
    """Return a schema without some columns, each given as its table and its name."""
    return {
        table: [
            line
            for line in lines
            if (table, next(iter(_columns_in_words(connection, [line])), None)) not in columns
        ]
        for table, lines in schema.items()
    }


def row_changes(before, after):
    """Return the change in the number of rows of each table; ``None`` for a table that went."""
    return {
        table: None if table not in after else after[table] - before.get(table, 0)
        for table in sorted(before.keys() | after.keys())
        if after.get(table) != before.get(table)
    }


def describe_table(connection, cursor, table):
    """Return the sorted lines that describe a table's columns, constraints and checks."""
    if connection.vendor == "sqlite":
        return sorted(_sqlite_lines(cursor, table, connection.ops.quote_name(table)))
    introspection = connection.introspection
    lines = [
        "column " + _column(column) for column in introspection.get_table_description(cursor, table)
    ]
    constraints = introspection.get_constraints(cursor, table)
    told = [item for item in constraints.items() if not _is_of_not_null(*item)]
    return sorted(lines + [_constraint(*item) for item in told])


def _column(column):
    """Describe a column. Its display size comes last: MySQL's driver says the longest value's."""
    parts = [
        str(column.name),
        str(column.type_code),
        f"size={column.internal_size or column.display_size}",
        f"precision={column.precision},{column.scale}",
        "null" if column.null_ok else "not null",
        f"default={column.default}",
        f"collation={getattr(column, 'collation', None)}",
    ]
    return " ".join(parts)


def _columns_in_words(connection, lines):
    """Return the columns that some lines describe by name, each as its type and what it holds."""
    form = SQLITE_COLUMN if connection.vendor == "sqlite" else COLUMN
    found = filter(None, map(form.fullmatch, lines))
    if connection.vendor == "sqlite":
        return {part["name"]: f"{part['type']}, {part['null']}{part['more']}" for part in found}
    return {part["name"]: _in_words(connection, part) for part in found}


def _in_words(connection, column):
    field = connection.introspection.data_types_reverse.get(int(column["code"]))
    kind = f"type {column['code']}" if field is None else field[: -len("Field")].lower()
    if field == "CharField":
        kind += f"({column['size']})"
    elif field == "DecimalField":
        kind += f"({column['precision']})"
    without = column["default"] in {"None", "NULL"}  # as MariaDB says it
    default = "" if without else f", default {column['default']}"
    return f"{kind}, {column['null']}{default}"


def _is_of_not_null(name, found):
    """Say whether a constraint is what PostgreSQL has from 18 on for a NOT NULL of a column.

    The column tells of that already (https://www.postgresql.org/docs/18/catalog-pg-constraint.html).
    """
    kinds = ("primary_key", "unique", "check", "index", "foreign_key")
    return name.endswith("_not_null") and not any(found.get(kind) for kind in kinds)


def _constraint(name, found):
    kinds = [kind for kind in ("primary_key", "unique", "check", "index") if found.get(kind)]
    parts = [
        "constraint",
        name,
        "+".join(kinds),
        ",".join(str(column) for column in found["columns"] or ()),
        f"references {found['foreign_key']}" if found.get("foreign_key") else "",
        str(found.get("orders") or ""),
        str(found.get("type") or ""),
    ]
    return " ".join(part for part in parts if part)


def _sqlite_lines(cursor, table, quoted):
    """Ask SQLite itself: Django's introspection fails at columns that have no type.

    Those are valid, and the shadow tables of a full-text index are made of them. Indexes with
    a definition of their own are described by that.
    """
    cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", [table])
    sql = cursor.fetchone()[0]
    if sql.upper().startswith("CREATE VIRTUAL"):
        yield _squeezed(sql)
        return
    parts = _top_level_parts(sql)
    yield from (_squeezed(part) for part in parts if part.lstrip().upper().startswith("CONSTRAINT"))
    yield from (_squeezed(part[part.upper().index("CHECK") :]) for part in parts if _is_check(part))
    cursor.execute(f"PRAGMA table_xinfo({quoted})")
    for _, name, kind, not_null, default, key, hidden in cursor.fetchall():
        words = [f"column {name} {kind.lower()}", "not null" if not_null else "null"]
        words += [f"default={default}"] * (default is not None) + [f"key={key}"] * (key > 0)
        words += ["generated"] * (hidden > 1) + _modifiers(name, parts)
        yield " ".join(words)
    yield from _sqlite_references(cursor, quoted)
    cursor.execute(f"PRAGMA index_list({quoted})")
    for _, index, _, origin, _ in cursor.fetchall():
        if origin != "c":
            cursor.execute('PRAGMA index_info("' + index.replace('"', '""') + '")')
            names = [str(name) for _, _, name in cursor.fetchall()]
            yield f"{'primary key' if origin == 'pk' else 'unique'} {','.join(names)}"


def _sqlite_references(cursor, quoted):
    cursor.execute(f"PRAGMA foreign_key_list({quoted})")
    references = {}
    for number, _, other, here, there, on_update, on_delete, _ in cursor.fetchall():
        line = f"{here} references {other}.{there} on update {on_update} on delete {on_delete}"
        references.setdefault(number, []).append(line)
    return [", ".join(lines) for lines in references.values()]


def _modifiers(column, parts):
    """Return what no PRAGMA tells of a column: its collation, and whether its keys are reused."""
    for part in parts:
        found = FIRST_NAME.match(part.lower())
        if found and column.lower() in found.groups():
            return re.findall(r"\bcollate\s+\S+|\bautoincrement\b", part[found.end() :].lower())
    return []


def _is_check(part):
    return re.search(r"\bCHECK\s*\(", part, re.IGNORECASE) is not None


def _top_level_parts(create_table):
    """Split the body of a CREATE TABLE statement at the commas between its definitions."""
    depth, quote, part, parts = 0, None, [], []
    for character in create_table:
        if quote:
            quote = None if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character == "(":
            depth += 1
            if depth == 1:
                part = []
                continue
        elif character == ")":
            depth -= 1
        if depth == 1 and character == "," and not quote:
            parts.append("".join(part))
            part = []
        elif depth >= 1:
            part.append(character)
    return [*parts, "".join(part)]


def _definitions(connection, cursor):
    """Return indexes, views and triggers that only their definition tells apart."""
    if connection.vendor == "sqlite":
        cursor.execute(
            "SELECT type, name, sql FROM sqlite_master "
            "WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL"
        )
    elif connection.vendor == "postgresql":
        cursor.execute(
            "SELECT 'index', indexname, indexdef FROM pg_indexes "
            "WHERE schemaname = ANY (current_schemas(false)) UNION ALL "
            "SELECT 'view', viewname, definition FROM pg_views "
            "WHERE schemaname = ANY (current_schemas(false))"
        )
    else:
        return {}
    return {f"{kind} {name}": [_squeezed(sql)] for kind, name, sql in cursor.fetchall()}


def _squeezed(sql):
    return " ".join(sql.split())


def _history(connection, tables):
    from django.db.migrations.recorder import MigrationRecorder

    if MigrationRecorder.Migration._meta.db_table not in tables:
        return []
    rows = MigrationRecorder(connection).migration_qs.values_list("app", "name")
    return sorted([app, name] for app, name in rows)


def _count(connection, cursor, table):
    cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
    return cursor.fetchone()[0]
