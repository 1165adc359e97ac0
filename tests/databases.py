"""Which databases a run of the suite uses: one for all, or with `SPLIT=1` one per context."""

import os
import re

CONTEXTS = ("stores", "menus", "orders", "payments", "notifications")


def is_split_run() -> bool:
    return os.environ.get("SPLIT", "") not in ("", "0")


def beside(url: str, suffix: str) -> str:
    """The URL of another database on the same server: `…/name` -> `…/name_suffix`."""
    return re.sub(r"^(\w+://[^/]*/[^?]*)", rf"\1_{suffix}", url)


def urls_beside(url: str) -> dict[str, str]:
    """A database for every context, named after this one."""
    return {f"{context.upper()}_DATABASE_URL": beside(url, context) for context in CONTEXTS}


def all_urls(env: dict[str, str]) -> list[str]:
    """Every database of these processes, the common one first."""
    own = [env[f"{context.upper()}_DATABASE_URL"] for context in CONTEXTS if _has_own(env, context)]
    return list(dict.fromkeys([env["DATABASE_URL"], *own]))


def databases_of(query: str, env: dict[str, str]) -> list[str]:
    """Where a query over one context's tables is to be asked; over the queue's own tables: everywhere."""
    prefixes = set(
        re.findall(r"\b(stores|menus|orders|payments|notifications|sandbox_wallet|events)_\w", query)
    )
    contexts = {"payments" if name == "sandbox_wallet" else name for name in prefixes} - {"events"}
    if not contexts and "events" in prefixes:
        return all_urls(env)
    places = {env.get(f"{context.upper()}_DATABASE_URL") or env["DATABASE_URL"] for context in contexts}
    assert len(places) < 2, f"no database has all of these tables: {sorted(prefixes)}"
    return list(places) or [env["DATABASE_URL"]]


def _has_own(env: dict[str, str], context: str) -> bool:
    return bool(env.get(f"{context.upper()}_DATABASE_URL"))
