"""BOUNDARY_TEST_SEED reaches the fixture and hypothesis."""

import os

import pytest


def test_hypothesis_starts_from_the_seed(seed, pytestconfig):
    if pytestconfig.getoption("--hypothesis-seed") != str(seed):
        pytest.skip("--hypothesis-seed was given")
    import hypothesis.core

    assert seed == int(os.environ.get("BOUNDARY_TEST_SEED", "0"))
    assert hypothesis.core.global_force_seed == seed
