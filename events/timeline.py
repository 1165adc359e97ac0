"""The story of a tab, told by every context that knows a part of it; nobody reads another's tables.

A context's `timeline.py` is imported at start: it gives its own events their words (`words`), says where its
rows are shown (`rows`), adds what no event tells (`contributes`) and, if it knows, which other stories belong
to one (`relates`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Text = str | Promise
PAGE = 300  # moments on one page: a long evening at a table fits, a phone still scrolls it


@dataclass(frozen=True)
class Moment:
    """One line of a story. `tone`: "", "good", "bad" or "quiet"; `about`: kind of row -> its id."""

    at: datetime
    icon: str
    text: Text
    small: str = ""
    tone: str = ""
    link: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    payload: Any = None
    store_id: UUID | None = None


@dataclass(frozen=True)
class Question:
    """What is asked: stories by their correlation ids, in these stores.

    A provider answers its first `limit` moments after `since` (None: from the beginning).
    """

    correlation_ids: frozenset[UUID]
    store_ids: tuple[UUID, ...]
    language: str
    since: datetime | None = None
    limit: int = PAGE + 1

    def after(self, field_name: str) -> dict[str, Any]:
        """The filter for a query by this time column."""
        return {f"{field_name}__gt": self.since} if self.since else {}


class Words(NamedTuple):
    """How an event type is told to an owner."""

    icon: str
    text: Text
    tone: str = ""


class Page(NamedTuple):
    """The moments in the order of time; `next_after` is where the next page begins, None on the last."""

    moments: list[Moment]
    next_after: datetime | None


Provider = Callable[[Question], Iterable[Moment]]
Relation = Callable[[UUID, tuple[UUID, ...]], Iterable[UUID]]

_providers: list[Provider] = []
_relations: list[Relation] = []
_words: dict[str, Words] = {}
_reasons: dict[str, Text] = {}
_rows: dict[str, str] = {}


def contributes(provider: Provider) -> Provider:
    """Registers what a context adds to stories; it reads its own tables only."""
    _providers.append(provider)
    return provider


def relates(relation: Relation) -> Relation:
    """Registers `(correlation_id, store_ids) -> correlation ids` of stories that belong to this one."""
    _relations.append(relation)
    return relation


def words(by_topic: Mapping[str, Words]) -> None:
    """Registers the words of a context's events by their topics."""
    _words.update(by_topic)


def words_of(topic: str) -> Words:
    """The words of a topic; an unknown one is shown by its name."""
    return _words.get(topic) or Words("bolt", topic)


def reasons(by_code: Mapping[str, Text]) -> None:
    """Registers the words of reasons that a context keeps as codes."""
    _reasons.update(by_code)


def reason_in_words(reason: str, code: str = "") -> str:
    """What a person typed; a code, there or beside it, in words, and nothing for one without words."""
    return str(_reasons.get(reason, reason) or _reasons.get(code, ""))


def rows(**admin_names: str) -> None:
    """Registers where rows are shown: kind -> "<app>_<model>" of the admin."""
    _rows.update(admin_names)


def row_link(name: str, pk: Any) -> str:
    """The admin page of a row of "<app>_<model>"; empty when there is none."""
    try:
        return reverse(f"admin:{name}_change", args=[pk])
    except NoReverseMatch:
        return ""


def story_address(correlation_id: UUID, **only: Any) -> str:
    """The page of a story; `order=` or `payment=` leave out what belongs to others of the same tab."""
    query = urlencode({kind: key for kind, key in only.items() if key})
    return reverse("admin:story", args=[correlation_id]) + (f"?{query}" if query else "")


def links_of(moment: Moment) -> list[tuple[str, str]]:
    """[(kind, address)] of the rows that a moment is about."""
    found = [(kind, row_link(_rows[kind], key)) for kind, key in moment.about.items() if kind in _rows]
    return [(kind, url) for kind, url in found if url and url != moment.link]


def about(payload: Any) -> dict[str, str]:
    """The rows that an event's or notification's payload names: {"order": id, …}."""
    if not isinstance(payload, dict):
        return {}
    return {kind: str(payload[f"{kind}_id"]) for kind in _rows if payload.get(f"{kind}_id")}


def tell(question: Question, only: Mapping[str, str] | None = None) -> Page:
    """The next page of a story. `only` {"order": id} leaves out what belongs to other orders."""
    ids = set(question.correlation_ids)
    for relation in _relations:
        for correlation_id in question.correlation_ids:
            ids |= set(relation(correlation_id, question.store_ids))
    asked = replace(question, correlation_ids=frozenset(ids))
    found = [moment for provider in _providers for moment in provider(asked)]
    found.sort(key=lambda moment: moment.at)
    shown, next_after = _cut(found, question.limit - 1)
    return Page([moment for moment in shown if _belongs(moment, only or {})], next_after)


def _cut(found: list[Moment], size: int) -> tuple[list[Moment], datetime | None]:
    """The first `size` moments, ending between two times so that the next page loses none."""
    if len(found) <= size:
        return found, None
    border = found[size].at
    shown = [moment for moment in found[:size] if moment.at < border] or found[:size]
    return shown, shown[-1].at


def _belongs(moment: Moment, only: Mapping[str, str]) -> bool:
    return all(moment.about.get(kind, key) == key for kind, key in only.items())
