"""Our browser modules can be named by their content."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def _imports() -> dict[Path, set[Path]]:
    folders = [ROOT / name / "static" for name in (*settings.CONTEXTS, "config")]
    modules = [path for folder in folders for path in folder.rglob("*.js")]
    # An address beside the file, or, across apps, one below a folder that all of them share when served.
    served = {path.relative_to(next(f for f in folders if f in path.parents)): path for path in modules}
    found: dict[Path, set[Path]] = {}
    for name, path in served.items():
        targets = {Path(*_flat(name.parent / address)) for address in _IMPORT.findall(path.read_text())}
        found[name] = {target for target in targets if target in served}
    return found


def _flat(path: Path) -> list[str]:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return parts


def test_no_module_imports_itself_in_a_circle() -> None:
    """A name carries the hash of the content, which holds the names of what it imports."""
    left = _imports()
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    assert sorted(map(str, left)) == [], "collectstatic cannot name these, so nothing starts"
