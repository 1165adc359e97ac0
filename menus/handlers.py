"""What menus do when others, or they themselves, tell something."""

from events.base import Envelope
from events.registry import subscribe
from menus import services
from menus.events import PhotoUploaded
from stores.events import StoreChanged


@subscribe(StoreChanged, name="menus.save_store_snapshot")
def save_store_snapshot(event: StoreChanged, envelope: Envelope) -> None:
    """A new store gets an empty menu; its languages and currency shape the menu's forms."""
    services.save_store(store_id=event.store_id, version_number=event.version_number, snapshot=event.snapshot)


@subscribe(PhotoUploaded, name="menus.encode_photo", external=True, lease_seconds=60, max_attempts=3)
def encode_photo(event: PhotoUploaded, envelope: Envelope) -> None:
    """Re-encodes an upload; it takes up to seconds, so no transaction waits for it."""
    services.encode_photo(photo_id=event.photo_id)
