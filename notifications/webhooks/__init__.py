"""Outgoing webhooks: what happens in a store, told to addresses of its owner (docs/webhooks.md)."""
