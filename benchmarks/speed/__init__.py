"""How long things take and how much memory, side by side with another revision and with peers.

`python -m benchmarks.speed` runs it; docs/speed.md says what it measures.

- `__main__`: the command. Read it first, then `items`.
- `items`: what is measured, one function each; `quality`: what compares numbers rather than times.
- `simulated`: the counts that it is measured on.
- `versions`: revisions of this repository, each run from a checkout of its own.
- `processes`, `launch`: commands and workers as processes, with their time, memory and limits.
- `workers`: what runs inside a revision or a peer's environment; `peers`: these environments.
- `results`: rows and medians; `page`: tables and figures of docs/speed.md.
"""
