"""The few things every context needs and none of them owns: ids, databases, errors, money, texts, hints."""
