"""What is freed is given back, and nothing happens where it cannot be."""

import numpy as np

from boundary import memory


def test_freed_memory_is_given_back(monkeypatch):
    monkeypatch.setattr(memory, "MUCH", 0)
    if memory._malloc_trim() is None:
        return
    parts = [np.ones(10_000) for _ in range(3000)]  # too small for a piece of their own
    held = memory._resident()
    del parts
    memory.release_memory()
    assert memory._resident() < held - 100e6


def test_another_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "_malloc_trim", lambda: None)
    memory.release_memory()
