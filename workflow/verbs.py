"""Every verb with its options, once. The console script and the Invoke tasks are made from it."""

from __future__ import annotations

from typing import NamedTuple

COMMAND = "migration-workflow"
"""The name of the console script."""

FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit", "markdown")


MIGRATION = "APP.NAME"
"""What an option takes that names a migration. On the command line it may be two words."""

SHELLS = ("bash", "zsh", "fish")
"""The shells that can be taught to complete the command line."""


class Option(NamedTuple):
    """One option. A ``value`` of ``None`` makes it a switch."""

    name: str
    help: str
    value: str | None = None
    choices: tuple[str, ...] = ()
    many: bool = False

    @property
    def parameter(self) -> str:
        """Its name as a Python parameter."""
        return self.name.replace("-", "_")


APP = Option(
    "app",
    "App label; may be repeated; all of the project's own apps when left out.",
    "APP",
    many=True,
)

CODE = Option("code", "Code of a finding; all of them are listed when left out.", "CODE")

AGAINST = Option(
    "against",
    "Branch that others work from: what it has must not change, and a merge with it must be "
    "sound (default: the main branch, as it was left).",
    "REF",
)

BASELINE = Option(
    "baseline",
    "Accept all that can be accepted of what is found, as rows of the baseline.",
)

PROJECT = Option("project", "Folder of the project (default: found from here upwards).", "DIR")

COMMON = (
    PROJECT,
    Option("database", "Alias of the database (default: default).", "ALIAS"),
    Option("format", "How the report is written.", "FORMAT", FORMATS),
    Option("output", "Write the report to this file instead of standard output.", "FILE"),
    Option("strict", "Let warnings refuse, too."),
    Option("dry-run", "Print what would be changed, and change nothing."),
    Option("verbose", "Show facts, details and tracebacks."),
)
"""What every flow takes."""


class Verb(NamedTuple):
    """One verb: an Invoke task, a Make target and a subcommand of the console script."""

    name: str
    help: str
    options: tuple[Option, ...] = ()
    operand: Option | None = None
    """What may follow it without a flag. Invoke knows no words that may be left out: there many
    of them are a flag, and one must be given."""
    common: tuple[Option, ...] = COMMON

    @property
    def flags(self) -> tuple[Option, ...]:
        """Every option that is spelled with its name."""
        return (*self.options, *self.common)

    @property
    def everything(self) -> tuple[Option, ...]:
        """What follows it without a flag, and its flags."""
        return (*([self.operand] if self.operand else []), *self.flags)


TO = Option("to", "End with this migration (default: the last of every app).", MIGRATION)

YES = Option("yes", "Do it without asking.")

VERBS = (
    Verb(
        "setup",
        "Write what the repository lacks of this workflow, and make this machine ready.",
        (
            Option("check", "Say what is missing, and write nothing."),
            Option("undo", "Take back what setup wrote, and nothing that was changed since."),
            Option(
                "completion",
                "Teach a shell of this user to complete the command line.",
                "SHELL",
                SHELLS,
            ),
            YES,
        ),
    ),
    Verb("dev", "Start the development containers, and prove that they run the code on disk."),
    Verb("enforce-dev-environment", "Check that this is the development environment it should be."),
    Verb(
        "pre-check",
        "Show what is applied, pending, conflicting, missing and recently changed.",
    ),
    Verb(
        "makemigrations",
        "Draft migrations from the models, check them, and only then write them.",
        (
            Option("name", "Name of the migration, without its number.", "NAME"),
            Option("empty", "Draft an empty migration, to be filled in by hand."),
            Option("merge", "Join the leaf nodes of apps that have several."),
            Option(
                "answer",
                "Answer one of Django's questions beforehand, as KEY=VALUE; may be repeated.",
                "KEY=VALUE",
                many=True,
            ),
        ),
        operand=APP,
    ),
    Verb(
        "validate-migration-dependencies",
        "Check the migration files as they are: no Django, no database, no container.",
        (AGAINST, BASELINE),
    ),
    Verb(
        "check-migrations",
        "Check that models, migrations and recorded history agree.",
        (BASELINE,),
    ),
    Verb(
        "validate-migrations",
        "Check everything that can be checked without a change.",
        (AGAINST, BASELINE),
    ),
    Verb(
        "rehearse",
        "Run what is pending on a scratch database, with all evidence, and change nothing.",
        (
            Option(
                "from",
                "Begin after this migration, or with the first (zero), on an empty database.",
                MIGRATION,
            ),
            TO,
        ),
    ),
    Verb(
        "migrate-safe",
        "Check, rehearse on a copy, apply, verify; on failure put the database back.",
        (
            TO,
            Option("plan", "Print what would be applied, and change nothing, as --dry-run does."),
            Option(
                "fake",
                "Record this migration as applied, and do not run it; --reason says why.",
                MIGRATION,
            ),
            Option("reason", "Why it is not run, for the journal.", "TEXT"),
            Option(
                "production",
                "Migrate a database that looks like production: its name, spelled out.",
                "NAME",
            ),
            Option(
                "wait",
                "How long another migrator is waited for; 0 leaves at once (default: 600).",
                "SECONDS",
            ),
        ),
    ),
    Verb(
        "test-migrations-clean",
        "Build an empty database, go back, go forward again, and compare the schemas.",
        (BASELINE,),
    ),
    Verb("setup-pre-commit", "Install git's hooks with pre-commit or prek."),
    Verb(
        "lock",
        "Write migrations.lock anew, so that git conflicts where two branches add to one app.",
    ),
    Verb(
        "recover",
        "Put a database back that a killed run left half changed; drop what outlived its run.",
        (YES,),
    ),
    Verb(
        "graph",
        "Print the graph of the migration files as a flowchart in Mermaid.",
        operand=APP,
        common=(PROJECT,),
    ),
    Verb(
        "explain",
        "Show the page of a finding's code: the problem, why it bites, what to do instead.",
        operand=CODE,
        common=(),
    ),
)
