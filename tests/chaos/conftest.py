"""Only the chaos run's own stack is used here: what is broken must not be another test's surprise."""
