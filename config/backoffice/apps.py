"""The admin app with our own site."""

from django.contrib.admin.apps import AdminConfig


class BackOfficeConfig(AdminConfig):
    default_site = "config.backoffice.site.BackOfficeSite"
