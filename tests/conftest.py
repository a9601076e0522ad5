"""What all tests of Sopia share; the fixtures come from `core.testing.plugin`, as for every author of a plugin."""

from hypothesis import settings

# A deadline would make tests depend on how busy the machine is.
settings.register_profile("sopia", deadline=None, max_examples=60)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("sopia")
