"""Finding the answer in a text, and reading it.

Read first: extraction.py (`extract`: the marked answer, or else what a verifier falls back on), turns.py (where the
model's own turn ends). Then: expressions.py (the last mathematical expression), quantities.py with units.py (a text as
a number and its unit), notation.py (answers written alike, and as math-verify reads them), references.py (reference
answers, one or several), code_blocks.py with whole_program.py (the program in a text).
"""
