"""Static files under names that carry their hash, also inside ES module imports."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFilesStorage(ManifestStaticFilesStorage):
    """Cache for ever: a changed file has another name."""

    support_js_module_import_aggregation = True
    manifest_strict = False
