"""Samples and verdicts on disk."""
