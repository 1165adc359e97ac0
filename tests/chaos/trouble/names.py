"""Names that the run shares with the handlers: importing them subscribes nobody to anything."""

MOODY, WITNESS = "notifications.trouble_moody", "payments.trouble_witness"
APPRENTICE, JOURNEYMAN = "notifications.trouble_apprentice", "notifications.trouble_journeyman"
STEPS = 2
SLOW_SECONDS = 2.0
MOODS = ("hang", "raise", "kill", "slow", "give_up")
EFFECTS = """
CREATE TABLE IF NOT EXISTS trouble_effect (
  id bigserial PRIMARY KEY, handler text, event_id uuid, stream text, seq bigint)
"""
