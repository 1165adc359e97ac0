"""Tickets on paper: what a kitchen must cook, on its printer (docs/printing.md)."""
