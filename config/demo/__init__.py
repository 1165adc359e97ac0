"""The demo restaurant: a Korean bunsik place and a small pub, so that isolation between stores is visible."""
