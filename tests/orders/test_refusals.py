"""What refuses a person speaks their language, also where a rule has no words of its own."""

import pytest
from django.utils import translation

from events.kernel.errors import Conflict, DomainError, Forbidden, NotFound
from events.kernel.ids import new_id
from tests.orders.conftest import Board


@pytest.mark.parametrize("kind", [DomainError, NotFound, Conflict, Forbidden])
@pytest.mark.parametrize("language", ["ko", "ja", "zh-hans"])
def test_a_refusal_without_words_of_its_own_is_translated(kind: type[DomainError], language: str) -> None:
    refusal = kind()
    with translation.override("en"):
        english = str(refusal.title)
    with translation.override(language):
        assert english and str(refusal.title) != english


def test_a_board_reads_in_its_language_that_something_is_gone(board: Board) -> None:
    answer = board.http.post(
        f"/api/v1/stores/{board.restaurant.store_id}/orders/{new_id()}/served/",
        format="json",
        headers={"Accept-Language": "ko"},
    )
    assert answer.status_code == 404 and answer.json()["title"] == "찾을 수 없어요"
