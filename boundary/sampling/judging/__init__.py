"""Judging samples with a verifier: each question is asked once, and answered in worker processes.

Read first: judge.py (`judging`, `judge`: from samples to verdicts). pool.py keeps worker processes and kills those that
take too long; worker.py is what runs in each of them.
"""
