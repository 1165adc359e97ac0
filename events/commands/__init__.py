"""`manage.py events …`: one module per subcommand.

A module here becomes a subcommand by having NAME, HELP, EXAMPLES, `add_arguments(parser)` and
`run(options, console) -> exit code`.
"""

import pkgutil
from importlib import import_module
from typing import Any

_NO_SUBCOMMAND = {"console", "arguments", "acting"}


def subcommands() -> list[Any]:
    """The modules of all subcommands, by name."""
    names = [f"{__name__}.{info.name}" for info in pkgutil.iter_modules(__path__)]
    names = [name for name in names if name.rpartition(".")[2] not in _NO_SUBCOMMAND]
    found = [import_module(name) for name in names]
    return sorted(found, key=lambda module: module.NAME)
