"""Django's PostgreSQL backend, asked less often whether a busy connection still lives."""
