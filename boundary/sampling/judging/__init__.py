"""Judging samples with a verifier: what is asked once, and the worker processes that answer.

Read first: judge.py (`judging`, `judge`: from samples to verdicts). pool.py keeps worker processes and kills those that
take too long; worker.py is what runs in each of them; evaluation.py keeps the scorers of others from running answers as
code.
"""
