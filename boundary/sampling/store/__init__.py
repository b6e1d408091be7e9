"""The run folder as it is written: samples and verdicts, shard by shard, so that a stop at any moment loses little.

Read first: arm.py (`open_store`, `Store`: the samples of a model on a benchmark), manifests.py (what those samples are,
agreed from call to call). recording.py stores and judges completions as they come in; status.py says how far a run
is; files.py writes files whole or not at all; locks.py lets one process write a part. `boundary.data.runs` reads the
folder.
"""
