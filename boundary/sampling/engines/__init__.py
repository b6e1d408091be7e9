"""Engines: what turns prompts, as token ids, into samples. One module each, and one line in `table.py`.

An engine is a function: it takes an `EngineSpec` and options of its own by keyword, loads what it needs, and gives a
`Generate`: requests in, completions out as they finish. A sample that could not be made is left out or comes back as
`error`; it is missing, never wrong.

Read first: spec.py (the records), table.py (ENGINES), opening.py (from a name to a loaded engine). Then an engine:
transformers.py (with prefixes.py) and vllm.py load weights, openai.py (with servers.py) speaks to servers, ray.py runs
any of them on a cluster.
"""
