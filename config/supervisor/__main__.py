"""`python -m config.supervisor`: the same as `manage.py up`, without the second that Django takes to load."""

import argparse
import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.environment import env_int, env_text
from config.supervisor.folders import CannotStart
from config.supervisor.run import Run

ROOT = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-demo", action="store_true", help="start with an empty database")


def start(*, no_demo: bool) -> None:
    """Runs until a signal ends it. Raises CannotStart or ImproperlyConfigured with the reason."""
    Run(
        root=ROOT,
        data=Path(env_text("DATA_DIR", str(ROOT / ".data"))).resolve(),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=env_int("PORT", 8000),
        with_demo=not no_demo,
    ).run()


def main() -> None:
    parser = argparse.ArgumentParser(prog="up", description="Starts everything on this machine.")
    add_arguments(parser)
    try:
        start(no_demo=parser.parse_args().no_demo)
    except (CannotStart, ImproperlyConfigured) as reason:
        sys.exit(f"\n{reason}\n")


if __name__ == "__main__":
    main()
