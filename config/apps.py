"""The composition root as an app: shared templates, static files and commands."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
