"""Korean says the half of the day first: 오전 11:08, not 11:08 오전."""

DATETIME_FORMAT = "Y년 n월 j일 A g:i"
