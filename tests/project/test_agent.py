"""The conversation with the agent: in order, whatever the project prints, raises or does."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.two_apps import SECRET, Project
from workflow.errors import CouldNotCheck
from workflow.project import process
from workflow.project.agent import Agent, AgentEnded, AgentFailed

SECONDS = 60
"""How long a test waits for what comes at once."""

ODD = "p@ss:/?#[]%20 \"'\\"
"""A password whose spelling is another one in Python, in JSON and in a URL."""

Start = Callable[..., Agent]


@pytest.fixture
def start(project: Project) -> Iterator[Start]:
    agents: list[Agent] = []

    def make(**how: Any) -> Agent:
        arguments: dict[str, Any] = {
            "directory": str(project.folder),
            "manage": str(project.folder / "manage.py"),
            "command": "migrate",
            "variables": {},
            **how,
        }
        argv = arguments.pop("argv", [sys.executable])

        def run(code: str, variables: Mapping[str, str]) -> process.Process:
            return process.start(
                [*argv, "-c", code], cwd=Path(arguments["directory"]), variables=variables
            )

        agents.append(Agent(run, **arguments))
        return agents[-1]

    yield make
    for agent in agents:
        agent.close(seconds=SECONDS)


def process_of(agent: Agent) -> process.Process:
    """The process on this host."""
    assert isinstance(agent._process, process.Process)
    return agent._process


def in_migration(project: Project, code: str, more: str = "") -> None:
    """Let a pending migration run some code."""
    project.migration(
        "shop",
        "0002_code",
        "migrations.RunPython(code)",
        head=f"import os, sys\n{more}def code(apps, schema_editor):\n    {code}\n",
    )


class TestAnswers:
    def test_what_was_booted(self, start: Start, project: Project) -> None:
        facts = start().facts(seconds=SECONDS)
        assert facts["settings"] == "config.settings"
        assert facts["executable"] == sys.executable
        assert facts["databases"] == {
            "default": {"vendor": "sqlite", "name": str(project.database), "host": ""}
        }
        assert [app["label"] for app in facts["apps"]] == ["shop", "stock"]

    def test_it_boots_once_for_all_questions(self, start: Start) -> None:
        agent = start()
        assert agent.facts(seconds=SECONDS) is agent.facts(seconds=SECONDS)
        agent.ask("state", database="default", seconds=SECONDS)
        agent.ask("drift", database="default", seconds=SECONDS)
        assert agent.boots == 1

    def test_questions_are_answered_in_order(self, start: Start) -> None:
        agent = start()
        agent.facts(seconds=SECONDS)
        assert agent.ask("drift", database="default", seconds=SECONDS) == {"changes": {}}
        rows = agent.ask("plan", database="default", seconds=SECONDS)["plan"]
        assert [(row["app"], row["migration"]) for row in rows] == [
            ("shop", "0001_initial"),
            ("stock", "0001_initial"),
        ]

    def test_events_come_before_the_answer(self, start: Start, tmp_path: Path) -> None:
        agent = start()
        events: list[Any] = []
        agent.facts(seconds=SECONDS)
        (tmp_path / "lock").touch()
        agent.ask("rehearse", database="default", scratch=str(tmp_path), on_event=events.append)
        assert events == [
            {"doing": "rehearsing", "app": app, "migration": "0001_initial"}
            for app in ("shop", "stock")
        ]

    def test_nobody_has_to_hear_the_events(self, start: Start, tmp_path: Path) -> None:
        agent = start()
        agent.facts(seconds=SECONDS)
        (tmp_path / "lock").touch()
        answer = agent.ask("rehearse", database="default", scratch=str(tmp_path))
        assert answer["failed"] is None

    def test_a_project_without_manage_py(self, start: Start) -> None:
        agent = start(manage=None, variables={"DJANGO_SETTINGS_MODULE": "config.settings"})
        assert agent.facts(seconds=SECONDS)["settings"] == "config.settings"

    def test_variables_reach_the_project(self, start: Start, project: Project) -> None:
        project.write("config/other.py", "from config.settings import *\n")
        agent = start(variables={"DJANGO_SETTINGS_MODULE": "config.other"})
        assert agent.facts(seconds=SECONDS)["settings"] == "config.other"

    def test_what_manage_py_does_first_has_happened(self, start: Start, project: Project) -> None:
        project.write("config/other.py", "from config.settings import *\n")
        project.replace(
            "manage.py", "# before", "os.environ['DJANGO_SETTINGS_MODULE'] = 'config.other'"
        )
        assert start().facts(seconds=SECONDS)["settings"] == "config.other"

    def test_a_folder_with_an_odd_name(self, start: Start, project: Project) -> None:
        odd = project.folder.with_name("mein [alter] Ordner 'ü'")
        project.folder.rename(odd)
        agent = start(directory=str(odd), manage=str(odd / "manage.py"))
        facts = agent.facts(seconds=SECONDS)
        assert facts["databases"]["default"]["name"] == str(odd / "db.sqlite3")


class TestPrints:
    """What the project prints goes to stderr and can't corrupt an answer."""

    @pytest.mark.parametrize(
        "code",
        [
            'print(\'{"answer": "forged"}\')',
            'sys.stdout.write("no line end"); sys.stdout.flush()',
            'os.write(1, b"{\\"answer\\": \\"forged\\"}\\n")',
            'os.system("echo forged")',
            'sys.__stdout__.write("forged\\n")',
        ],
        ids=["print", "write", "descriptor", "child", "original stream"],
    )
    @pytest.mark.parametrize("when", ["manage.py", "settings", "migration"])
    def test_answers_stay_whole(
        self, start: Start, project: Project, tmp_path: Path, code: str, when: str
    ) -> None:
        if when == "manage.py":
            project.replace("manage.py", "# before", code)
        elif when == "settings":
            project.add_setting(f"import os, sys\n{code}\n")
        else:
            in_migration(project, code)
        agent = start()
        assert agent.facts(seconds=SECONDS)["settings"] == "config.settings"
        (tmp_path / "lock").touch()
        answer = agent.ask("rehearse", database="default", scratch=str(tmp_path))
        assert answer["failed"] is None

    def test_a_project_that_reads_its_input_gets_its_end(
        self, start: Start, project: Project
    ) -> None:
        project.replace("manage.py", "# before", "assert sys.stdin.read() == ''")
        assert start().facts(seconds=SECONDS)["settings"] == "config.settings"


class TestFailures:
    def test_what_the_project_raises_comes_with_its_traceback(
        self, start: Start, project: Project
    ) -> None:
        project.add_setting("raise RuntimeError('no such luck')\n")
        with pytest.raises(AgentFailed, match=r"^RuntimeError: no such luck$") as caught:
            start().facts(seconds=SECONDS)
        assert caught.value.kind == "RuntimeError"
        assert f'File "{project.folder / "config/settings.py"}", line ' in str(caught.value.details)
        assert "raise RuntimeError('no such luck')" in str(caught.value.details)

    def test_settings_that_do_not_import(self, start: Start) -> None:
        agent = start(variables={"DJANGO_SETTINGS_MODULE": "config.gone"})
        with pytest.raises(AgentFailed, match=r"^ModuleNotFoundError: No module named 'config.go"):
            agent.facts(seconds=SECONDS)

    def test_an_interpreter_without_django(self, start: Start) -> None:
        agent = start(argv=[sys.executable, "-S"])
        with pytest.raises(AgentFailed, match=r"^ModuleNotFoundError: No module named 'django'$"):
            agent.facts(seconds=SECONDS)

    def test_a_question_that_fails_leaves_the_agent_alive(self, start: Start) -> None:
        agent = start()
        agent.facts(seconds=SECONDS)
        with pytest.raises(AgentFailed, match="ConnectionDoesNotExist"):
            agent.ask("state", database="gone", seconds=SECONDS)
        assert agent.ask("drift", database="default", seconds=SECONDS) == {"changes": {}}

    def test_a_question_that_nobody_knows(self, start: Start) -> None:
        agent = start()
        agent.facts(seconds=SECONDS)
        with pytest.raises(AgentFailed, match=r"^KeyError: 'meaning-of-life'$"):
            agent.ask("meaning-of-life", seconds=SECONDS)

    def test_a_manage_py_that_exits(self, start: Start, project: Project) -> None:
        project.replace("manage.py", "# before", "sys.exit('set up first')")
        message = "^RuntimeError: it exited with 'set up first' before Django took over$"
        with pytest.raises(AgentFailed, match=message):
            start().facts(seconds=SECONDS)

    @pytest.mark.parametrize("error", ["SystemExit", "KeyboardInterrupt"])
    def test_settings_that_exit(self, start: Start, project: Project, error: str) -> None:
        project.add_setting(f"raise {error}('set up first')\n")
        with pytest.raises(AgentFailed, match=f"^{error}: set up first$"):
            start().facts(seconds=SECONDS)

    def test_a_manage_py_that_never_calls_django(self, start: Start, project: Project) -> None:
        project.write("manage.py", "print('done')\n")
        with pytest.raises(AgentFailed, match=r"it ended without handing control to Django$"):
            start().facts(seconds=SECONDS)

    def test_a_manage_py_with_a_syntax_error(self, start: Start, project: Project) -> None:
        project.write("manage.py", "def broken(:\n")
        with pytest.raises(AgentFailed, match=r"^SyntaxError: ") as caught:
            start().facts(seconds=SECONDS)
        assert "def broken(:" in str(caught.value.details)

    def test_a_process_that_dies_says_what_it_said(self, start: Start, project: Project) -> None:
        project.replace("manage.py", "# before", "print('farewell'); os._exit(9)")
        message = r"^manage\.py ended before it answered \(exit code 9\)$"
        with pytest.raises(AgentEnded, match=message) as caught:
            start().facts(seconds=SECONDS)
        # os._exit does not flush what is printed; what was flushed is kept.
        assert caught.value.exit_code == 3

    def test_what_it_said_on_stderr_is_kept(self, start: Start, project: Project) -> None:
        code = "os.write(2, b'farewell\\n'); os._exit(9)"
        project.replace("manage.py", "# before", code)
        with pytest.raises(AgentEnded) as caught:
            start().facts(seconds=SECONDS)
        assert caught.value.details == "farewell\n"

    def test_only_its_last_words_are_kept(self, start: Start, project: Project) -> None:
        code = "[os.write(2, b'%d\\n' % n) for n in range(500)]; os._exit(9)"
        project.replace("manage.py", "# before", code)
        with pytest.raises(AgentEnded) as caught:
            start().facts(seconds=SECONDS)
        assert caught.value.details is not None
        assert caught.value.details.split() == [str(number) for number in range(440, 500)]

    def test_an_agent_that_is_killed(self, start: Start) -> None:
        agent = start()
        agent.facts(seconds=SECONDS)
        os.kill(process_of(agent).pid, signal.SIGKILL)
        with pytest.raises(AgentEnded, match=r"manage\.py ended .* \(exit code -9\)$"):
            agent.ask("state", database="default", seconds=SECONDS)

    def test_one_that_kills_itself_in_the_middle_of_a_question(
        self, start: Start, project: Project, tmp_path: Path
    ) -> None:
        in_migration(project, "os.kill(os.getpid(), 9)")
        agent = start()
        agent.facts(seconds=SECONDS)
        (tmp_path / "lock").touch()
        with pytest.raises(AgentEnded):
            agent.ask("rehearse", database="default", scratch=str(tmp_path), seconds=SECONDS)

    def test_a_project_that_hangs(self, start: Start, project: Project) -> None:
        code = "import signal; os.write(2, b'waiting\\n'); signal.pause()"
        project.replace("manage.py", "# before", code)
        agent = start()
        with pytest.raises(CouldNotCheck, match=r"^the project gave no answer within 0\.5 sec"):
            agent.facts(seconds=0.5)
        agent.close(seconds=0.05)

    def test_a_program_that_never_reads_what_it_is_sent(self, start: Start) -> None:
        agent = start(argv=[sys.executable, "-c", "import signal; signal.pause()"])
        with pytest.raises(CouldNotCheck, match=r"^the project gave no answer within 0\.3 sec"):
            agent.facts(seconds=0.3)
        agent.close(seconds=0.05)

    def test_a_program_that_hears_no_question(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deaf = (
            "import os, signal, sys; requests = sys.stdin.buffer\n"
            "requests.read(int(requests.readline())); requests.readline(); os.close(0)\n"
            'os.write(1, b\'{"answer": {"databases": {}, "apps": []}}\\n\'); signal.pause()'
        )
        monkeypatch.setattr("workflow.project.agent.GONE_SECONDS", 0.3)
        agent = start(argv=[sys.executable, "-c", deaf])
        agent.facts(seconds=SECONDS)
        with pytest.raises(CouldNotCheck, match=r"^the project gave no answer within 0\.3 sec"):
            agent.ask("state")
        agent.close(seconds=0.05)

    def test_a_program_that_is_not_there(self, start: Start) -> None:
        with pytest.raises(CouldNotCheck, match=r"^/no/python can't be run: No such file or dir"):
            start(argv=["/no/python"])

    def test_a_program_that_is_no_python(self, start: Start) -> None:
        with pytest.raises(CouldNotCheck):
            start(argv=["cat"]).facts(seconds=SECONDS)


class TestSecrets:
    """No error shows a password, wherever it comes from."""

    def test_the_secret_key_in_an_error(self, start: Start, project: Project) -> None:
        in_migration(project, "raise ValueError(__import__('django').conf.settings.SECRET_KEY)")
        agent = start()
        agent.facts(seconds=SECONDS)
        (project.folder / "lock").touch()
        answer = agent.ask("rehearse", database="default", scratch=str(project.folder))
        assert answer["failed"]["error"]["message"] == "***"
        assert SECRET not in str(answer)

    def test_a_database_password_in_an_error(self, start: Start, project: Project) -> None:
        project.add_setting('DATABASES["default"]["PASSWORD"] = "hunter\\"22"\n')
        in_migration(project, "raise ValueError('hunter\"22')")
        agent = start()
        agent.facts(seconds=SECONDS)
        (project.folder / "lock").touch()
        answer = agent.ask("rehearse", database="default", scratch=str(project.folder))
        assert answer["failed"]["error"]["message"] == "***"

    @pytest.mark.parametrize(
        "said",
        ["'%r' % [word]", "json.dumps({'it': word})", "quote(word, safe='')", "quote_plus(word)"],
    )
    def test_a_database_password_in_another_spelling(
        self, said: str, start: Start, project: Project
    ) -> None:
        project.add_setting(f'DATABASES["default"]["PASSWORD"] = {ODD!r}\n')
        project.write("given.txt", ODD)
        in_migration(
            project,
            f"word = open('given.txt').read(); raise ValueError({said})",
            "import json\nfrom urllib.parse import quote, quote_plus\n",
        )
        agent = start()
        agent.facts(seconds=SECONDS)
        (project.folder / "lock").touch()
        answer = agent.ask("rehearse", database="default", scratch=str(project.folder))
        error = answer["failed"]["error"]
        assert "***" in error["message"]
        assert "ss" not in error["message"].replace("***", "")
        assert "p%40ss" not in error["traceback"]
        assert "p@ss" not in error["traceback"]

    @pytest.mark.parametrize("role", ["USER", "NAME"])
    def test_a_password_that_is_the_name_of_the_user_or_the_database(
        self, role: str, start: Start, project: Project
    ) -> None:
        more = f'DATABASES["default"].update(PASSWORD="warehouse", {role}="warehouse")\n'
        assert self.told(start, project, more) == "no warehouse_shop_thing"

    def test_a_password_that_is_the_label_of_an_app(self, start: Start, project: Project) -> None:
        more = 'DATABASES["default"]["PASSWORD"] = "shop"\n'
        assert self.told(start, project, more) == "no warehouse_shop_thing"

    def test_a_password_that_no_name_is(self, start: Start, project: Project) -> None:
        more = 'DATABASES["default"].update(PASSWORD="warehouse", USER="warehouses")\n'
        assert self.told(start, project, more) == "no ***_shop_thing"

    def told(self, start: Start, project: Project, setting: str) -> str:
        """Return what an error of a migration says where something is set."""
        project.add_setting(setting)
        in_migration(project, "raise ValueError('no warehouse_shop_thing')")
        agent = start(secrets=("warehouse",) if 'NAME="warehouse"' in setting else ())
        agent.facts(seconds=SECONDS)
        (project.folder / "lock").touch()
        answer = agent.ask("rehearse", database="default", scratch=str(project.folder))
        message: str = answer["failed"]["error"]["message"]
        return message

    @pytest.mark.parametrize("name", ["stock", "warehouse"])
    def test_one_known_to_the_host_is_hidden_unless_it_names_an_app(
        self, name: str, start: Start
    ) -> None:
        agent = start(secrets=("stock", "warehouse"))
        agent.facts(seconds=SECONDS)
        with pytest.raises(AgentFailed) as caught:
            agent.ask(name)
        assert str(caught.value) == "KeyError: " + {"stock": "'stock'"}.get(name, "'***'")

    @pytest.mark.parametrize("value", ["hunter22", "postgres://u:hunter22@db/shop"])
    def test_one_of_the_environment_in_an_error(
        self, start: Start, project: Project, value: str
    ) -> None:
        in_migration(project, "raise ValueError(os.environ['CACHE_URL'])")
        agent = start(variables={"CACHE_URL": value})
        agent.facts(seconds=SECONDS)
        (project.folder / "lock").touch()
        answer = agent.ask("rehearse", database="default", scratch=str(project.folder))
        assert answer["failed"]["error"]["message"] == "***"
        assert "hunter22" not in str(answer)

    def test_one_known_to_the_host_in_an_error_at_boot(
        self, start: Start, project: Project
    ) -> None:
        project.add_setting("raise ValueError('token hunter22 and redis://u:p4ss@cache')\n")
        with pytest.raises(AgentFailed) as caught:
            start(secrets=("hunter22",)).facts(seconds=SECONDS)
        assert str(caught.value) == "ValueError: token *** and redis://u:***@cache"
        assert "hunter22" not in str(caught.value.details)
        assert "p4ss" not in str(caught.value.details)

    def test_one_on_stderr(self, start: Start, project: Project) -> None:
        project.replace("manage.py", "# before", "os.write(2, b'it is hunter22\\n'); os._exit(1)")
        with pytest.raises(AgentEnded) as caught:
            start(secrets=("hunter22",)).facts(seconds=SECONDS)
        assert caught.value.details == "it is ***\n"


class TestEnd:
    def test_it_ends_by_itself_when_its_pipe_closes(self, start: Start) -> None:
        agent = start()
        agent.facts(seconds=SECONDS)
        running = process_of(agent)
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(SECONDS) == 0

    def test_a_project_that_hangs_ends_with_its_host(self, start: Start, project: Project) -> None:
        code = "import signal; os.write(2, b'waiting\\n'); signal.pause()"
        project.replace("manage.py", "# before", code)
        agent = start()
        with pytest.raises(CouldNotCheck):
            agent.facts(seconds=0.5)
        running = process_of(agent)
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(SECONDS) == 130

    def test_closing_twice_does_no_harm(self, start: Start) -> None:
        agent = start()
        agent.close(seconds=SECONDS)
        agent.close(seconds=SECONDS)

    @pytest.mark.parametrize("first", ["", "Deaf(); "], ids=["", "what it came in swallows it"])
    def test_a_request_under_way_is_interrupted(
        self, first: str, start: Start, project: Project, tmp_path: Path
    ) -> None:
        deaf = "class Deaf:\n    def __del__(self): __import__('time').sleep(5)\n"
        code = f"{first}__import__('signal').pause()"
        in_migration(project, code, deaf)
        agent = start()
        agent.facts(seconds=SECONDS)
        (tmp_path / "scratch").mkdir()
        (tmp_path / "scratch/lock").touch()

        class Seen(Exception):
            pass

        def stop(event: Any) -> None:
            if event["migration"] == "0002_code":
                raise Seen

        with pytest.raises(Seen):
            agent.ask(
                "rehearse", database="default", scratch=str(tmp_path / "scratch"), on_event=stop
            )
        agent.close(seconds=SECONDS)
        assert process_of(agent).wait(SECONDS) == 130
        assert not (tmp_path / "scratch").exists()
        assert not project.database.exists()
