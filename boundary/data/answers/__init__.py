"""Answers as texts: read as numbers with units, written alike, and the form in which two answers are one answer.

Read first: normal_form.py (`normal_form`: which answers are one answer; `answer_type`). Then: quantities.py with
units.py (a text as a number and its unit) and notation.py (answers written alike, and as math-verify reads them), which
the verifiers compare answers with too.
"""
