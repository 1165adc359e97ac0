"""Handlers for the chaos run only: they leave a trace of every effect, and misbehave when told to."""
