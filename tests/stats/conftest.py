"""Fixtures for the tests of the mathematics, whose shapes and types are checked at every call (see pyproject.toml)."""

from collections.abc import Iterator

import jaxtyping
import pytest


@pytest.fixture
def unchecked_types() -> Iterator[None]:
    """For tests of what a function says to arguments that its annotations do not allow."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
