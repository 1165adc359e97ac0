from django.apps import AppConfig


class SandboxWalletConfig(AppConfig):
    """The bank behind the sandbox wallet: a party of its own, with tables of its own."""

    name = "payments.gateways.sandbox.wallet"
    label = "sandbox_wallet"
