"""Cash and card terminal: the staff are the gateway."""
