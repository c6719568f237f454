"""Runs migrations through Django's executor, and notes what each of them did."""

import contextlib
import sys
import time

from _migration_workflow_agent.channel import describe_error
from _migration_workflow_agent.plan import keys, reversible


class MigrationFailedError(Exception):
    """A migration raised. The cause is the project's or the database's own exception.

    It may be one that would end Python, such as SystemExit.
    """

    def __init__(self, migration, operation, cause):
        super().__init__(str(cause))
        self.migration = migration
        self.operation = operation
        self.in_the_way = []

    def described(self):
        """Return the failure as plain data, with the place in the migration's own file."""
        path = sys.modules[type(self.migration).__module__].__file__
        return {
            "app": self.migration.app_label,
            "migration": self.migration.name,
            "operation": self.operation,
            "path": path,
            "line": _last_line_in(path, self.__cause__.__traceback__),
            "error": describe_error(self.__cause__),
            "in_the_way": self.in_the_way,
        }


class Watcher:
    """Sees what a migration does to a database: at its begin, at each statement, at its end.

    What it notes becomes part of the migration's row of evidence. The base sees nothing.
    """

    def plan(self, apps):
        """Take note that a plan begins; ``apps`` has the models of the state before it."""

    def begin(self, migration):
        """Take note that ``migration`` begins. No transaction is open yet."""

    def statement(self, execute, sql, params, many, context):
        """Let a statement through, as the wrappers of Django's connections do.

        Everything goes through here that migrations execute on the connection, so also what
        RunPython, RunSQL and the schema editor's deferred SQL do.
        """
        return execute(sql, params, many, context)

    @contextlib.contextmanager
    def listening(self, connection):
        """Hear every statement of a connection until the block ends."""
        with connection.execute_wrapper(self.statement):
            yield

    def end(self, migration):  # noqa: ARG002 - what those that see something take
        """Return what to add to the row of ``migration``, which is committed."""
        return {}


@contextlib.contextmanager
def around_commits(connection, run):
    """Let ``run`` do each commit of a connection in this block: it is given what commits."""
    commit = connection.commit
    connection.commit = lambda: run(commit)
    try:
        yield
    finally:
        del connection.commit


@contextlib.contextmanager
def unheard(connection):
    """Keep statements of our own from whoever listens to those of migrations."""
    wrappers, connection.execute_wrappers = connection.execute_wrappers, []
    try:
        yield
    finally:
        connection.execute_wrappers = wrappers


class Recorder:
    """Takes the executor's progress calls: times each migration and tells the host of it."""

    def __init__(self, channel, doing, watchers=()):
        self.channel = channel
        self.doing = doing
        self.watchers = watchers
        self.current = None
        self.rows = []
        self.statements = 0
        self._began = 0.0
        self._statements_before = 0

    def __call__(self, action, migration=None, fake=False):  # noqa: ARG002 - Django passes it
        """Take note of what the executor begins and ends."""
        if action in {"apply_start", "unapply_start"}:
            self._begin(migration)
        elif action in {"apply_success", "unapply_success"}:
            self._end(migration, "forward" if action == "apply_success" else "back")

    def _begin(self, migration):
        self.current = migration
        self.channel.event(doing=self.doing, app=migration.app_label, migration=migration.name)
        for watcher in self.watchers:
            watcher.begin(migration)
        self._statements_before = self.statements
        self._began = time.perf_counter()

    def _end(self, migration, direction):
        row = {
            "app": migration.app_label,
            "migration": migration.name,
            "direction": direction,
            "seconds": round(time.perf_counter() - self._began, 6),
            "statements": self.statements - self._statements_before,
            "reversible": reversible(migration),
        }
        for watcher in self.watchers:
            row.update(watcher.end(migration))
        self.rows.append(row)
        self.current = None

    def plan(self, apps):
        """Tell the watchers that a plan begins."""
        for watcher in self.watchers:
            watcher.plan(apps)

    @contextlib.contextmanager
    def listening(self, connection):
        """See every statement of a connection, as the watchers do, until the block ends."""
        with contextlib.ExitStack() as stack:
            for watcher in self.watchers:
                stack.enter_context(watcher.listening(connection))
            stack.enter_context(connection.execute_wrapper(self._count))
            yield

    def _count(self, execute, sql, params, many, context):
        self.statements += 1
        return execute(sql, params, many, context)


def migrate(connection, recorder, plan=None, executor_class=None, *, signals=False):
    """Run ``plan``, or all that is pending, with the signals that ``migrate`` sends.

    Where there is nothing to run, nothing is sent, unless ``signals`` says so.
    ``executor_class`` is what runs them, where that is not Django's own executor.

    Raises MigrationFailedError. What is rolled back then is up to the transaction around it.
    """
    from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
    from django.db.migrations.executor import MigrationExecutor

    executor = (executor_class or MigrationExecutor)(connection, recorder)
    if plan is None:
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan and not signals:
        return []
    state = executor._create_project_state(with_applied_migrations=True)
    signal = {"verbosity": 0, "interactive": False, "db": connection.alias, "plan": plan}
    state.apps.get_models()  # whoever hears the signal may go from any of them to any other
    with _failures_named(recorder), recorder.listening(connection):
        emit_pre_migrate_signal(apps=state.apps, **signal)
        recorder.plan(state.apps)
        state = executor.migrate(None, plan=plan, state=state.clone())
        state.clear_delayed_apps_cache()
        _reload_bases(state)
        emit_post_migrate_signal(apps=state.apps, **signal)
    return keys(migration for migration, _ in plan)


def _reload_bases(state):
    """Render models of apps without migrations again, now that all they relate to is there.

    ``migrate`` does the same before it sends ``post_migrate``.
    """
    from django.apps import apps
    from django.db.migrations.state import ModelState

    rendered = state.apps
    labels = [(model.app_label, model.name_lower) for model in rendered.real_models]
    with rendered.bulk_update():
        for label in labels:
            rendered.unregister_model(*label)
    rendered.render_multiple([ModelState.from_model(apps.get_model(*label)) for label in labels])


@contextlib.contextmanager
def _failures_named(recorder):
    try:
        yield
    except BaseException as error:
        if recorder.current is None or recorder.channel.is_interrupt(error):
            raise
        cause = _first_cause(error)
        operation = _operation_under_way(cause.__traceback__, recorder.current)
        raise MigrationFailedError(recorder.current, operation, cause) from cause


def _first_cause(error):
    """Return what broke a transaction, not that Django then found it broken."""
    from django.db.transaction import TransactionManagementError

    while isinstance(error, TransactionManagementError) and error.__context__ is not None:
        error = error.__context__
    return error


def _operation_under_way(trace, migration):
    """Return the index of the operation in whose frame the error arose, if there is one."""
    while trace is not None:
        operation = trace.tb_frame.f_locals.get("operation")
        for index, candidate in enumerate(migration.operations):
            if candidate is operation:
                return index
        trace = trace.tb_next
    return None


def _last_line_in(path, trace):
    """Return the line of a file that was at work when an error arose, if any was."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def forget_caches():
    """Drop what Django remembers of rows that may be of another database."""
    if "django.contrib.contenttypes.models" in sys.modules:
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()
