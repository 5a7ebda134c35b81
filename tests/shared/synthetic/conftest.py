"""Fixtures of the synthetic tests."""

from tests.puppets import puppet_video  # noqa: F401 - a fixture
