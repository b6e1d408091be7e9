"""Finding the answer in a text.

Read first: extraction.py (`extract`: the marked answer, or else what a verifier falls back on), turns.py (where the
model's own turn ends). Then: expressions.py (the last mathematical expression), references.py (reference answers, one
or several), code_blocks.py with whole_program.py (the program in a text). How an answer is read as a number, and which
answers are written alike, is in `boundary.data.answers`.
"""
