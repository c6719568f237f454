"""Ways to spoil a migration file, for both fuzzers."""

from __future__ import annotations

import ast
import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Spoil = Callable[[random.Random, bytes], bytes]

MAX_BYTES = 20_000
"""Bigger ones are cut, so that many can be tried: huge files have tests of their own."""

FRAGMENTS = tuple(
    fragment.encode()
    for fragment in (
        "operations", "dependencies", "replaces", "run_before", "initial = ", "atomic = ",
        "migrations.AddField(", "migrations.CreateModel(", "migrations.RunPython(",
        "migrations.RunSQL(", "migrations.SeparateDatabaseAndState(", "models.ForeignKey(",
        "migrations.swappable_dependency(settings.AUTH_USER_MODEL)", "class Migration(",
        "apps.get_model(", "lambda ", "yield ", "await ", "async def ", "match x:\n case ",
        "*", "**", "[", "]", "(", ")", "{", "}", ":", ",", "=", ":=", "+=", "+", "-", "@", ".",
        "\\", "\"\"\"", "'", "\"", "f'{", "b'", "rb'", "#", "\n", "\n    ", "\t", "\r", "\f",
        "if ", "else:", "for x in ", "while True:", "try:", "except:", "with ", "import ",
        "from . import ", "from .x import *", "global ", "nonlocal ", "del ", "return ", "raise ",
        "__first__", "__latest__", "__init__", "None", "True", "...", "1e999", "0x", "1_0", "0j",
        "<<<<<<< HEAD\n", "=======\n", ">>>>>>> x\n", "# -*- coding: utf-16 -*-\n",
        "# coding: rot13\n", "\N{BOM}", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "\x00", "\x1a",
        "%s" * 40, "' * 10 ** 9", "[0] * 10 ** 9", "9" * 5000, "(" * 250, "[" * 250, "-" * 900,
        "not " * 900, "a." * 900, "1+" * 3000, "x if y else " * 500,
    )
)  # fmt: skip


def real_files() -> list[bytes]:
    """Return the migrations of Django's contrib apps, by size."""
    import django.contrib

    folder = Path(django.contrib.__file__).parent
    files = sorted(folder.glob("*/migrations/*.py"))
    return sorted({path.read_bytes() for path in files}, key=len)


def is_python(data: bytes) -> bool:
    """Return whether the bytes parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _place(chance: random.Random, data: bytes) -> int:
    return chance.randint(0, len(data))


def _span(chance: random.Random, data: bytes) -> tuple[int, int]:
    start = _place(chance, data)
    return start, min(len(data), start + 2 ** chance.randint(0, 11))


def insert(chance: random.Random, data: bytes) -> bytes:
    """Put a fragment of Python somewhere."""
    place = _place(chance, data)
    return data[:place] + chance.choice(FRAGMENTS) + data[place:]


def replace(chance: random.Random, data: bytes) -> bytes:
    """Put a fragment of Python over something."""
    start, end = _span(chance, data)
    return data[:start] + chance.choice(FRAGMENTS) + data[end:]


def cut(chance: random.Random, data: bytes) -> bytes:
    """Take a stretch out."""
    start, end = _span(chance, data)
    return data[:start] + data[end:]


def end_early(chance: random.Random, data: bytes) -> bytes:
    """Stop in the middle, as an editor does that is killed."""
    return data[: _place(chance, data)]


def repeat(chance: random.Random, data: bytes) -> bytes:
    """Write a stretch many times."""
    start, end = _span(chance, data)
    return data[:start] + data[start:end] * chance.choice((2, 3, 50, 500)) + data[end:]


def flip(chance: random.Random, data: bytes) -> bytes:
    """Change single bytes."""
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 8) if data else 0):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def swap_lines(chance: random.Random, data: bytes) -> bytes:
    """Exchange two lines."""
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def nest(chance: random.Random, data: bytes) -> bytes:
    """Put a stretch deep into brackets."""
    start, end = _span(chance, data)
    depth = chance.choice((5, 60, 90, 150, 400, 5000))
    opening, closing = chance.choice(((b"(", b")"), (b"[", b"]"), (b"{0:", b"}"), (b"f(", b")")))
    return data[:start] + opening * depth + data[start:end] + closing * depth + data[end:]


def indent(chance: random.Random, data: bytes) -> bytes:
    """Put everything deep into blocks."""
    depth = chance.choice((1, 10, 50, 99, 120))
    head = b"".join(b" " * level + b"if x:\n" for level in range(depth))
    return head + b"".join(b" " * depth + line + b"\n" for line in data.split(b"\n"))


def assign_lists(chance: random.Random, data: bytes) -> bytes:
    """Write lists that grow out of one another."""
    lines = ["a0 = [0]"]
    for number in range(1, chance.choice((3, 20, 60))):
        make = chance.choice(("a{0} + a{0}", "[a{0}, a{0}]", "a{0} * 9", "[*a{0}, *a{0}]", "a{0}"))
        lines.append(f"a{number} = {make.format(number - 1)}")
    name = chance.choice(("operations", "dependencies", "replaces"))
    lines.append(f"Migration.{name} = a{len(lines) - 1}")
    return data + "\n".join(["", *lines, ""]).encode()


def recode(chance: random.Random, data: bytes) -> bytes:
    """Write the same text in another way."""
    text = data.decode("utf-8", "replace")
    return chance.choice(
        (
            text.encode("utf-16"),
            text.encode("utf-8-sig"),
            text.replace("\n", "\r\n").encode(),
            text.replace("\n", "\r").encode(),
            text.replace(" ", "\N{NO-BREAK SPACE}").encode(),
            b"# coding: latin-1\n" + text.encode("latin-1", "replace"),
            text.encode("utf-32"),
        )
    )


EXPRESSIONS = tuple(
    ast.parse(text, mode="eval").body
    for text in (
        "None", "True", "0", "-1", "1e400", "''", "'shop'", "'x' * 200", "b''", "...", "()", "[]",
        "{}", "{1, 2}", "[None]", "[[]]", "{'a': 1, **b}", "[*a]", "f(*a, **b)", "lambda: 0",
        "a if b else c", "a or b", "not a", "[x for x in a]", "{x: y for x, y in a}",
        "f'{a!r:>9}'", "(a := 1)",
        "a.b.c", "a[0]", "a[1:]", "a + b", "a % b", "'%s' % a", "'{}'.format(a)", "str(a)",
        "('shop', '0001_fuzzed')", "('shop', '__first__')", "('', '')", "'Product'", "'price'",
        "migrations.AddField('Product', 'price', models.IntegerField())",
        "migrations.RemoveField('Product', 'price')", "migrations.DeleteModel('Product')",
        "migrations.RenameField('Product', 'price', 'cost')",
        "migrations.RenameModel('Product', 'Thing')", "migrations.RunSQL('', state_operations=[])",
        "migrations.AlterField('Product', 'price', models.TextField(unique=True, default=str))",
        "migrations.AlterUniqueTogether('Product', {('price', 'name')})",
        "migrations.AddIndex('Product', models.Index(fields=['price'], name='i'))",
        "migrations.AddConstraint('Product', models.CheckConstraint(check=a, name='c'))",
        "migrations.RunPython(forwards, reverse_code=None)",
        "migrations.SeparateDatabaseAndState(database_operations=[], state_operations=[])",
        "migrations.swappable_dependency(settings.AUTH_USER_MODEL)",
        "models.ForeignKey('self', models.CASCADE, to_field=None)",
        "models.ManyToManyField('shop.Product', through='shop.Thing')",
    )
)  # fmt: skip


READ = {ast.Load, type(None)}
"""Contexts of expressions that others can stand in for."""

FAILURES = (
    SyntaxError, ValueError, TypeError, AttributeError, IndexError, RecursionError, MemoryError,
)  # fmt: skip
"""What taking a tree apart may raise where it makes no sense any more."""


def _holes(tree: ast.AST) -> Iterator[tuple[Any, Any, ast.expr]]:
    """Yield every place that an expression stands in: its holder, the key there, and itself."""
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and isinstance(
                getattr(value, "ctx", None), ast.Load | None
            ):
                yield node, name, value
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        yield value, index, item


def graft(chance: random.Random, data: bytes) -> bytes:
    """Put expressions in the places of others: what comes out is Python mostly."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        holes = list(_holes(tree))
        for _ in range(chance.randint(1, 4) if holes else 0):
            holder, key, old = chance.choice(holes)
            near = chance.choice(holes)[2]
            new = chance.choice((near, near, chance.choice(EXPRESSIONS), ast.List([old, near])))
            if isinstance(holder, list):
                holder[key : key + 1] = chance.choice(([new], [new], [old, new], []))
            else:
                setattr(holder, key, new)
        return ast.unparse(tree).encode("utf-8", "surrogatepass")
    except FAILURES:
        return data


HEADS = ("if a:", "for x in a:", "while a:", "try:", "with a:", "def f():", "")


def move_statements(chance: random.Random, data: bytes) -> bytes:
    """Put statements of the file under other statements of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        blocks = [
            block
            for node in ast.walk(tree)
            for name in ("body", "orelse")
            if isinstance(block := getattr(node, name, None), list) and block
        ]
        moved = chance.choice(chance.choice(blocks))
        block = chance.choice(blocks)
        head = chance.choice(
            ("if a:", "for x in a:", "while a:", "try:", "with a:", "def f():", "")
        )
        tail = "\nexcept E:\n pass" if head == "try:" else ""
        text = ast.unparse(moved)
        if head:
            text = f"{head}\n" + "\n".join(f" {line}" for line in text.split("\n")) + tail
        place = chance.randint(0, len(block))
        block[place:place] = ast.parse(text).body
        return ast.unparse(tree).encode("utf-8", "surrogatepass")
    except (
        SyntaxError,
        ValueError,
        TypeError,
        RecursionError,
        MemoryError,
        AttributeError,
        IndexError,
    ):
        return data


SPOILS: tuple[Spoil, ...] = (
    graft, graft, graft, graft, graft, move_statements, move_statements, move_statements,
    insert, replace, cut, end_early, repeat, flip, swap_lines, nest, indent, assign_lists, recode,
)  # fmt: skip


def spoilt(seed: int, data: bytes) -> bytes:
    """Return the file spoilt in one to four ways; the same seed spoils it the same way."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        data = chance.choice(SPOILS)(chance, data)[:MAX_BYTES]
    return data
