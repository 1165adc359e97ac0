"""Reads for screens; never writes. Shapes are those of the API (orders/serializers.py)."""
