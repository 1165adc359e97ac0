"""What the files for production say is what the code does, and each service knows only its own secrets."""

import re
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from config.management.commands.start import Command
from config.supervisor.fleet import worker_command

ROOT = Path(__file__).resolve().parents[2]


def _services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found["services"]


def _roles() -> set[str]:
    parser = Command().create_parser("manage.py", "start")
    return {role for each in parser._actions if each.dest == "role" for role in each.choices or ()}


def test_only_our_own_processes_get_every_secret() -> None:
    strangers = {name: each for name, each in _services().items() if each["image"] != "hansang"}
    assert strangers.keys() == {"proxy", "postgres", "valkey"}
    assert [name for name, each in strangers.items() if "env_file" in each] == []
    asked = re.findall(r"\{\$(\w+)\}", (ROOT / "docs" / "deploy" / "Caddyfile").read_text(encoding="utf-8"))
    assert set(strangers["proxy"]["environment"]) == set(asked)


def test_every_process_is_deployed_under_its_own_name() -> None:
    commands = [each["command"] for each in _services().values() if "manage.py" in each.get("command", ())]
    assert {words[-1] for words in commands if words[-2] == "start"} == _roles()
    said = re.search(r"manage.py start ([\w|]+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert said and set(said[1].split("|")) == _roles()


def test_workers_of_different_queues_on_one_machine_have_different_names() -> None:
    lines = re.findall(
        r"start worker --queues (\S+)", (ROOT / "docs" / "splitting.md").read_text(encoding="utf-8")
    )
    commands = [worker_command(), *map(worker_command, lines)]
    names = [words[words.index("-n") + 1] for words in commands]
    assert names[0] == "worker@%h" and len(set(names)) == len(names) == 3


def test_every_setting_is_explained() -> None:
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"env_\w+\(\s*\"(\w+)\"", source))
    read |= {f"{context.upper()}_DATABASE_URL" for context in settings.CONTEXTS}
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split("\n## Settings\n")[1]
    cells = re.findall(r"^\| (`[^|]+) \|", page.split("\n## ")[0], re.MULTILINE)
    # HOST is for those who start the processes; no setting of Django's knows it.
    assert read | {"HOST"} == {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
