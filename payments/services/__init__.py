"""Use cases of payments, one module each. Locks are always taken in the order bill, payment, refund."""
