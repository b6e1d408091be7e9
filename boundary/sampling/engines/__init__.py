"""Engines: what turns prompts, as token ids, into samples. One module each, and one line in `table.py`.

An engine is a function: it takes an `EngineSpec` and options of its own by keyword, loads what it needs, and gives a
`Generate`: requests in, completions out as they finish. A sample that could not be made is left out or comes back as
`error`; it is missing, never wrong.

Read first: spec.py (the records), table.py (ENGINES), opening.py (from a name to a loaded engine). Then an engine:
transformers.py (with prefixes.py) and vllm.py (with vllm_options.py) load weights, openai.py (with servers.py and
chat_answers.py) speaks to servers. local_workers.py (with worker_process.py) runs those that load weights in several
processes of this machine, ray.py runs any of them on a cluster; both hand out blocks.py.
"""
