"""Benchmarks: presets on the hub, files of problems, problems made by reasoning-gym."""
