"""The orders in which a head is reached: from an empty database, and by who has what main has."""

from _migration_workflow_agent.plan import keys, reversible


class Orders:
    """The migrations of a plan in both orders.

    ``plan`` is the order in which ``migrate`` runs all of them on an empty database. ``before``
    and ``new`` are what the main branch has, installed apps included, and what the project adds
    to that, each in the same order. Of a project without a main branch everything is new.
    """

    def __init__(self, own, main):
        from django.db.migrations.loader import MigrationLoader

        self._graph = MigrationLoader(None, ignore_no_migrations=True).graph
        self._own = own
        self.plan = _in_order(self._graph)
        self.new = [one for one in self.plan if _is_added(one, own, main)]
        self._added = set(map(_key, self.new))
        self.before = [one for one in self.plan if _key(one) not in self._added]
        self.differ = (
            main is not None
            and [*self.before, *self.new] != self.plan
            and not any(
                parent in self._added for one in self.before for parent in self._parents(one)
            )
        )

    def places(self, known, room):
        """Return after how many migrations of the plan the database is worth keeping.

        At the head, before the first that is new (it may be edited again), and after each app of
        the project, where its next migration will come in. ``known`` is how many there are whose
        outcome can be told beforehand, and ``room`` how many may be kept: they are spread evenly.
        """
        ends = {one.app_label: number for number, one in enumerate(self.plan, 1)}
        inner = {end for label, end in ends.items() if label in self._own}
        if self.before and self.new:
            inner.add(self.plan.index(self.new[0]))
        wanted = sorted(number for number in inner if 0 < number < known)
        spread = max(room - 2, 1)
        if len(wanted) > spread:
            wanted = [wanted[number * len(wanted) // spread] for number in range(spread)]
        return {*wanted, known, len(self.plan)}

    def way_back(self):
        """Return the plan that unapplies what is new, and what stays of that, as keys.

        First what can't be undone, then what the rest depends on. Installed apps stay: whether
        theirs lead back is not the project's to mend. (With Django 6.1 those of Wagtail lead back,
        but not forward again.)
        """
        way, staying, stopped, held = [], set(), [], []
        for migration in reversed(self.plan):
            key = _key(migration)
            if key in self._added and key not in staying:
                if reversible(migration):
                    way.append((migration, True))
                    continue
                stopped.append(migration)
            elif key in self._added:
                held.append(migration)
            staying.update(self._parents(migration))
        return way, keys(stopped), keys(held)

    def _parents(self, migration):
        return [parent.key for parent in self._graph.node_map[_key(migration)].parents]


def _in_order(graph):
    order = {}
    for leaf in graph.leaf_nodes():
        order.update(dict.fromkeys(graph.forwards_plan(leaf)))
    return [graph.nodes[key] for key in order]


def _is_added(migration, own, main):
    """Say whether a migration is the project's, and ``main`` has neither it nor what it replaces.

    ``main`` is ``None`` where there is no main branch.
    """
    keep = {tuple(key) for key in main or ()}
    names = {_key(migration), *map(tuple, migration.replaces)}
    return migration.app_label in own and not keep & names


def _key(migration):
    return migration.app_label, migration.name
