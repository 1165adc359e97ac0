"""What menus add to a story: words for their events."""

from django.utils.translation import gettext_lazy

from events.timeline import Words, words

words(
    {
        "menu.published": Words("menu_book", gettext_lazy("The menu was published")),
        "item.sold_out": Words("remove_shopping_cart", gettext_lazy("Something on the menu sold out")),
        "item.restocked": Words("shopping_cart", gettext_lazy("Something on the menu is back in stock")),
        "photo.uploaded": Words("add_photo_alternate", gettext_lazy("A photo was uploaded")),
    }
)
