"""Refusals of outgoing webhooks."""

from django.utils.translation import gettext_lazy as _

from events.kernel.errors import Conflict, DomainError, NotFound


class AddressUnknown(NotFound):
    code = "unknown-webhook-address"
    title = _("This address is not there any more.")


class AddressRefused(DomainError):
    code = "webhook-address-refused"
    title = _("This address cannot be used")


class AddressWrongState(Conflict):
    code = "wrong-state"
    title = _("The address is already so.")


class SecretLost(Conflict):
    """SECRET_KEY changed and the old one was not kept: what was sealed with it is closed for good."""

    code = "webhook-secret-lost"
    title = _("The secret of this address can no longer be read. Make a new one and give it to the receiver.")


class TestFailed(DomainError):
    """The address did not take the test event; the detail is its answer."""

    __test__ = False  # not a test class, whatever its name
    code = "webhook-test-failed"
    title = _("The test event was not taken")
