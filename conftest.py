"""Fixtures of all tests, the benchmarks' too."""

pytest_plugins = ("tests.support.fixtures",)
