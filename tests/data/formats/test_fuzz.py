"""Every format's example, mutated: never a traceback, never a count that is wrong in silence.

Eight mutations an example and kind by default; BOUNDARY_FUZZ sets another number, `make test-mutations` makes 10,000
an example. `format_mutations` has the mutations.
"""

import os

import pytest
from format_mutations import KINDS, mutate_example, totals, wrong_verdict
from hypothesis import HealthCheck, given, settings, strategies as st

from boundary.data.formats import FORMATS
from boundary.data.importing.import_files import recognised_format

FEW, MANY = int(os.environ.get("BOUNDARY_FUZZ", "8")), 12_000
QUIET = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "derandomize": "BOUNDARY_FUZZ" not in os.environ,
}


def test_every_format_has_an_example(example_formats):
    assert set(FORMATS) == example_formats


def test_examples_are_recognised_as_what_they_are(example, format_name, write_example):
    path = write_example(example, example.content)
    assert recognised_format(path) == format_name
    samples, correct, _ = totals(path, "auto")
    assert 0 < correct < samples


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_mutations(kind, example, format_name, write_example):
    if kind is wrong_verdict and not example.verdicts:
        pytest.skip("the format holds counts")

    @settings(max_examples=FEW, **QUIET)
    @given(st.integers(0, 2**32 - 1))
    def mutate(seed):
        kind(example, format_name, write_example, seed)

    mutate()


@pytest.mark.slow
def test_many_mutations(example_name):
    assert mutate_example(example_name, MANY, 0)[3] == {}
