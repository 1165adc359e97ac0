"""Gateways: adapters that translate, and nothing else. They write no rows and take no locks."""
