"""The temperature at which two entropies are equal."""

import numpy as np

from boundary.stats.breadth import matched_temperature

TEMPERATURES = [0.6, 0.8, 1.2]


def test_the_crossing_lies_on_the_line_between_two_temperatures():
    entropies = np.array([[0.1], [0.3], [0.7]])
    crossing = matched_temperature(TEMPERATURES, entropies, np.array([0.4]))
    np.testing.assert_allclose(crossing.temperature, [0.9])
    np.testing.assert_allclose(crossing.weights[:, 0], [0, 0.75, 0.25])


def test_a_level_that_is_not_reached_is_beyond_the_temperatures():
    entropies = np.array([[0.1, 0.5], [0.3, 0.6], [0.7, 0.7]])
    crossing = matched_temperature(TEMPERATURES, entropies, np.array([0.8, 0.4]))
    assert crossing.temperature.tolist() == [np.inf, 0]
    assert (crossing.weights == 0).all()


def test_of_several_crossings_the_first_counts():
    entropies = np.array([[0.1], [0.5], [0.2]])
    assert 0.6 < matched_temperature(TEMPERATURES, entropies, np.array([0.3])).temperature[0] < 0.8


def test_equal_entropies_at_a_temperature_are_met_there():
    entropies = np.array([[0.1], [0.3], [0.3]])
    assert matched_temperature(TEMPERATURES, entropies, np.array([0.3])).temperature[0] == 0.8
