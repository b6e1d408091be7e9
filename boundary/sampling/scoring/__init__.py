"""Log-probabilities of stored responses under any model, each given the prompt that it was sampled from.

Read first: records.py (`Response`, `Score`), run.py (`score_run`: from a run folder to stored scores). responses.py
makes responses of a run folder; table.py lists the scorers: transformers.py loads a model, ray.py runs it on a cluster.
forward.py takes responses through a model: batches.py puts them together, head.py runs its head on a few positions at a
time, likelihood.py turns logits into log-probabilities, attention.py keeps attention fast behind a shared prompt.
store.py writes; `boundary.data.runs.scores` reads.
"""
