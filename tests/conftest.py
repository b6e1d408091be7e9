"""Settings of every test."""

from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("boundary", deadline=None)
settings.load_profile("boundary")
