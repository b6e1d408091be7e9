"""How samples were taken and judged: temperature, prompt, verifier, engine and the like.

- `columns`: the settings of one model on one benchmark as columns of a counts table, and read back from one. Start
  here: SETTINGS lists every setting that has a column.
- `pooling`: files of one model and benchmark are pooled only where their settings and prompts agree.
"""
