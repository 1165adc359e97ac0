"""The owner's back office: where the contexts are shown together, read-only."""
