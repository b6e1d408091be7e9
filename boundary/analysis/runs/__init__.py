"""Training runs: several runs of one method, chosen models, and several bases.

Read first `record`, what an analysis keeps of them; then `design`, which reads the columns `method`, `training_run` and
`selected`, and `analyse_runs`, which makes the record. Rows: `methods`, `chosen_models`, `base_arms`; `draws`,
`rows` and `more_data` are what these share.
"""
