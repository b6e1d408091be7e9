"""What narrows the interval of a method, or of the last checkpoint, most per token: `boundary.plan_training`.

Read first `record`, the plan; then `plan`, which makes it. `levers` searches along each kind of more data; `of_runs`
and `of_checkpoints` say how wide the interval would be, and `costs` what that costs.
"""
