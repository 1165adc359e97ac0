"""What stores add to a story: words for their events."""

from django.utils.translation import gettext_lazy

from events.timeline import Words, words

words(
    {
        "store.changed": Words("settings", gettext_lazy("The store's settings were changed")),
        "staff.changed": Words("group", gettext_lazy("The staff were changed")),
        "table.changed": Words("table_restaurant", gettext_lazy("A table was added or changed")),
        "table.retired": Words("delete", gettext_lazy("A table was removed")),
    }
)
