"""Files of samples that other tools wrote, turned into counts.

Read first: `import_files`, which finds each file's format, reads it and puts the result together. Then:

- `collection`: the samples of all files, pooled by model, benchmark and problem. `pooled_tables`: as tables.
- `repeated_runs`, `repeated_lines`: one run filed twice, and lines that a resumed run wrote again.
- `uniform_verdicts`: verdicts that are all alike, often because the verifier did not run.
- `foreign_files`: what a file is that is of no known format, for messages.
"""
