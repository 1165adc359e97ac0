"""Menus in the back office: draft, photos, sold out, preview and publishing."""

from menus.admin.items import ItemAdmin
from menus.admin.menus import MenuAdmin, MenuVersionAdmin
from menus.admin.photos import PhotoAdmin

__all__ = ["ItemAdmin", "MenuAdmin", "MenuVersionAdmin", "PhotoAdmin"]
