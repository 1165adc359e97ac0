"""The HTTP API of tabs and orders: one view per operation."""
