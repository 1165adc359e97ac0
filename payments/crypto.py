"""Gateway credentials are encrypted at rest; `rotate_gateway_keys` follows a change of SECRET_KEY."""

from functools import partial

from events.kernel.sealing import reseal, seal, unseal

_PURPOSE = "hansang.payments.credentials.v1"

encrypt = partial(seal, _PURPOSE)
decrypt = partial(unseal, _PURPOSE)
reencrypt = partial(reseal, _PURPOSE)
