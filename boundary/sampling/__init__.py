"""From a model and a benchmark to a run folder: problems, prompts, engines, the store, verifiers.

Read first: problems.py (the records `Problem`, `Completion`, `Verdict`), requests.py (`Run`: its options), run.py
(`sample`: from a `Run` to stored and judged samples) and verify.py (judging stored samples again). arms.py prepares
what run.py samples: models.py loads tokenizers, weights.py identifies weights, prompts.py and chat.py make prompts of
templates/, targets.py says how many samples each problem is to have, run_file.py reads a run from a file. dry_run.py
says what a run would do.

Rooms: benchmarks/ (where problems come from), engines/ (what samples), verifiers/ (which answers are correct),
judging/ (verifiers in worker processes), answers/ (the answer in a text), sandbox/ (programs of models), store/ (the
run folder).
"""
