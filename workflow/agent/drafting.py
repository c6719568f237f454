"""Drafts migrations as text. Nothing is written: the host does that, once it has checked."""

import datetime
import shutil
import subprocess

from _migration_workflow_agent.drift import detect
from _migration_workflow_agent.scratch import schema_connection
from _migration_workflow_agent.session import database_exists, migrations_directory
from django.db import models
from django.db.migrations.questioner import MigrationQuestioner


class NeedsAnswerError(Exception):
    """The autodetector has a question that only a person can answer."""

    def __init__(self, question):
        super().__init__(question["text"])
        self.question = question


class DeclinedError(Exception):
    """The person said no to what would have been drafted."""


class AskingQuestioner(MigrationQuestioner):
    """Answers Django's questions from what the host has collected; raises at the first other.

    An answer's key names the question, its model and its field, so that the same answer can
    be given on a command line.
    """

    def __init__(self, answers, **arguments):
        super().__init__(**arguments)
        self.answers = answers

    def ask_rename(self, model_name, old_name, new_name, field_instance):
        """Was a field renamed?"""
        kind = type(field_instance).__name__
        return self._yes_or_no(
            f"rename-field:{model_name}.{old_name}:{new_name}",
            f"Was {model_name}.{old_name} renamed to {model_name}.{new_name} (a {kind})?",
        )

    def ask_rename_model(self, old_model_state, new_model_state):
        """Was a model renamed?"""
        old = f"{old_model_state.app_label}.{old_model_state.name}"
        return self._yes_or_no(
            f"rename-model:{old}:{new_model_state.name}".lower(),
            f"Was the model {old} renamed to {new_model_state.name}?",
        )

    def ask_merge(self, app_label):
        """Do the branches of this app go together?"""
        return self._yes_or_no(f"merge:{app_label}", f"Merge the branches of {app_label}?")

    def ask_not_null_addition(self, field_name, model_name):
        """What do existing rows hold in a new field that may not be null?"""
        return self._default(
            field_name,
            model_name,
            f"{model_name}.{field_name} is new, may not be null and has no default. "
            "What shall the rows that exist hold? Answer with a Python value, such as '' or 0.",
        )

    def ask_not_null_alteration(self, field_name, model_name):
        """What do existing nulls become?"""
        return self._default(
            field_name,
            model_name,
            f"{model_name}.{field_name} may no longer be null. "
            "What shall the rows hold that are null now? Answer with a Python value, or with "
            "leave if you see to them yourself.",
        )

    def ask_auto_now_add_addition(self, field_name, model_name):
        """When were the existing rows added?"""
        return self._default(
            field_name,
            model_name,
            f"{model_name}.{field_name} is new and set when a row is added. "
            "What shall the rows that exist hold? Answer with a Python value, such as "
            "timezone.now().",
        )

    def ask_unique_callable_default_addition(self, field_name, model_name):
        """One call gives one value: every existing row gets the same one."""
        if not self._yes_or_no(
            f"same-default:{model_name}.{field_name}",
            f"{model_name}.{field_name} is unique and its default is a callable, which is called "
            "once: every row that exists would get the same value. Write it all the same?",
        ):
            raise DeclinedError(
                f"{model_name}.{field_name} needs three migrations: add it with null=True, "
                "fill it with RunPython, then make it unique"
            )

    def _yes_or_no(self, key, text):
        answer = str(self._answer(key, text, "yes-no")).strip().lower()
        if answer in {"y", "yes"}:
            return True
        if answer in {"n", "no"}:
            return False
        raise NeedsAnswerError(_question(key, text + " Answer yes or no.", "yes-no"))

    def _default(self, field_name, model_name, text):
        from django.utils import timezone

        key = f"default:{model_name}.{field_name}"
        code = str(self._answer(key, text, "python"))
        if code.strip() == "leave":
            return models.NOT_PROVIDED
        try:
            # What Django's own questioner does with the same answer, in the same scope.
            return eval(code, {}, {"datetime": datetime, "timezone": timezone})  # noqa: S307
        except Exception as error:
            text = f"{text} ({code!r} is not a Python value: {error})"
            raise NeedsAnswerError(_question(key, text, "python")) from error

    def _answer(self, key, text, kind):
        for given, value in self.answers.items():
            if given.lower() == key.lower():
                return value
        raise NeedsAnswerError(_question(key, text, kind))


def _question(key, text, kind):
    return {"key": key, "text": text, "kind": kind}


def draft(  # noqa: PLR0913, PLR0917 - the words of the command line
    session, database, labels, answers, name=None, empty=False, merge=False
):
    """Return drafted migrations, or the first question that has no answer yet.

    Changes in apps outside the project's tree come back as ``foreign``: they are never
    drafted, because their files are not the project's to write.
    """
    questioner = AskingQuestioner(answers, specified_apps=labels, dry_run=False)
    try:
        if merge:
            changes = _merges(session, database, labels, questioner, name)
        elif empty:
            changes = _empty(session, database, labels, name)
        else:
            changes = _changes(session, database, labels, questioner, name)
    except NeedsAnswerError as error:
        return {"question": error.question}
    except DeclinedError as error:
        return {"question": None, "declined": str(error)}
    own = session.own_labels()
    drafts = _in_order([item for label in changes if label in own for item in changes[label]])
    return {
        "question": None,
        "drafts": _described(session, database, drafts),
        "foreign": {
            label: [op.describe() for item in items for op in item.operations]
            for label, items in changes.items()
            if label not in own
        },
    }


def _changes(session, alias, labels, questioner, name):
    _, changes = detect(
        session,
        alias,
        questioner,
        trim_to_apps=set(labels) or None,
        convert_apps=set(labels) or None,
        migration_name=name,
    )
    return changes


def _empty(session, alias, labels, name):
    from django.db.migrations import Migration

    detector, _ = detect(session, alias, MigrationQuestioner())
    return detector.arrange_for_graph(
        changes={label: [Migration("custom", label)] for label in labels},
        graph=session.loader(alias).graph,
        migration_name=name,
    )


def _merges(session, alias, labels, questioner, name):
    """Join the leaf nodes of each conflicting app by a migration that depends on all of them."""
    from django.db.migrations import Migration

    loader = session.loader(alias)
    conflicts = loader.detect_conflicts()
    merges = {}
    for label in sorted(labels or conflicts):
        leaves = sorted(conflicts.get(label, ()))
        if len(leaves) < 2 or not questioner.ask_merge(label):
            continue
        numbers = [int(leaf[:4]) for leaf in leaves if leaf[:4].isdigit()]
        number = max(numbers, default=len(leaves)) + 1
        merge = Migration(f"{number:04d}_{name or 'merge_' + '_'.join(leaves)}"[:100], label)
        merge.dependencies = [(label, leaf) for leaf in leaves]
        merges[label] = [merge]
    return merges


def _in_order(migrations):
    """Sort drafts so that each comes after those it depends on, and any prefix is a history."""
    waiting = {(item.app_label, item.name): item for item in migrations}
    ordered = []
    while waiting:
        free = [
            key
            for key, item in waiting.items()
            if not any(tuple(dependency) in waiting for dependency in item.dependencies)
        ]
        ordered += [waiting.pop(key) for key in free or list(waiting)]
    return ordered


def _described(session, alias, drafts):
    state = session.project_state(alias)
    # An app that gets its first migration stops being one that has models but no history.
    state.real_apps = set(state.real_apps) - {migration.app_label for migration in drafts}
    return [_describe(migration, state, alias) for migration in drafts]


def _describe(migration, state, alias):
    """Return a draft as data; ``state`` moves on past it."""
    from django.apps import apps
    from django.db.migrations.writer import MigrationWriter

    writer = MigrationWriter(migration)
    return {
        "app": migration.app_label,
        "name": migration.name,
        "directory": migrations_directory(apps.get_app_config(migration.app_label)),
        "filename": writer.filename,
        "text": _formatted(writer.as_string()),
        "operations": [operation.describe() for operation in migration.operations],
        "sql": _sql(migration, state, alias),
    }


def _sql(migration, state, alias):
    with schema_connection(alias, exists=database_exists(alias)) as connection:
        with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            migration.apply(state, editor, collect_sql=True)
        return [str(statement) for statement in editor.collected_sql]


def _formatted(text):
    """Format with Black where the project has it, as ``makemigrations`` does."""
    black = shutil.which("black")
    if black is None:
        return text
    done = subprocess.run(
        [black, "--fast", "--quiet", "-"],
        input=text.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.stdout.decode() if done.returncode == 0 else text
