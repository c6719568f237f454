"""The part of a history that lies between two migrations, each written as ``APP.NAME``."""

ZERO = "zero"
"""What Django's own ``migrate`` calls the state before the first migration."""


class NoSuchMigrationError(Exception):
    """A migration was asked for that the history has not, or has in another place."""


def up_to(executor, text):
    """Return the plan that takes a database up to a migration; ``None`` means to all leaf nodes.

    A name may be cut short where what is left names one migration, as for ``migrate``.
    """
    if text is None:
        return executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [] if text == ZERO else executor.migration_plan([find(executor.loader, text)])


def way_to(executor, until):
    """Return the plan from what is applied up to a migration. Raises NoSuchMigrationError."""
    plan = up_to(executor, until)
    if any(backwards for _, backwards in plan):
        raise NoSuchMigrationError(f"{until} is applied, and others after it: nothing leads back")
    return plan


def between(executor, since, until):
    """Return the plan from nothing to ``since``, after which ``until`` is still to come."""
    plan = up_to(executor, since)
    if until is not None:
        app, name = find(executor.loader, until)
        if any((one.app_label, one.name) == (app, name) for one, _ in plan):
            raise NoSuchMigrationError(f"{until} does not come after {since}")
    return plan


def previous(graph, key):
    """Return what ``migrate`` takes, with the app, to go back to before a migration."""
    parents = [one.key[1] for one in graph.node_map[key].parents if one.key[0] == key[0]]
    return max(parents, default=ZERO)


def find(loader, text):
    """Return the key of a migration. Raises NoSuchMigrationError."""
    from django.db.migrations.exceptions import AmbiguityError

    app, _, name = text.partition(".")
    try:
        migration = loader.get_migration_by_prefix(app, name)
    except AmbiguityError as error:
        raise NoSuchMigrationError(f"several migrations begin with {text}") from error
    except KeyError as error:
        raise NoSuchMigrationError(f"there is no migration {text}") from error
    key = (migration.app_label, migration.name)
    if key not in loader.graph.nodes:
        squashed = next(new for new, one in loader.replacements.items() if key in one.replaces)
        raise NoSuchMigrationError(f"{'.'.join(key)} is replaced by {'.'.join(squashed)}")
    return key
