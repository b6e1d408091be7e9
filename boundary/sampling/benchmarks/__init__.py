"""Benchmarks: where problems come from. A table in presets.toml, or a file of problems, makes a new one.

Read first: presets.toml (the benchmarks that have names, with the fields of a preset explained), presets.py (the record
`Benchmark`, and what a name means), loading.py (`load_problems`). Then where problems come from: hub.py (sets on the
Hugging Face hub), files.py (JSON Lines, CSV, Parquet), generated.py (reasoning-gym). code_tests.py brings the tests of
programming problems into one form.
"""
