"""For all tests: no test is timed, and every run draws the same examples, so that a slow machine or a lucky draw decides nothing."""

from hypothesis import HealthCheck, settings

settings.register_profile("bottega", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bottega")
