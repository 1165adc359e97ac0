"""How dates and times look where Django's own form of them is not what people write."""
