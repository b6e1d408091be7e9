"""Readers of published sample formats, one module each.

To add a format, write a module with two functions and put it into FORMATS:

`recognises(path: Path, head: bytes) -> bool`
    Tell by content alone: `head` is the first 256 KiB, decompressed. `boundary.data.readers.streams` has `has_keys`,
    `is_list` and `is_object` for JSON; a binary format looks at its first bytes and then opens `path`. No two formats
    may claim one file; FALLBACK is asked last.
`read(source: Source, *, option=default) -> Iterator[Answers | Tally]`
    Read one file and yield `boundary.data.importing.records.Answers` (samples of a problem, in order) or `Tally`
    (counts alone).
    Options are keyword-only, with defaults; from the command line they come as text (`--option NAME=TEXT`).

What a reader should do:

- Read JSON Lines by `source.rows(Row)`, a JSON file by `source.document(Type)`: the types are `msgspec.Struct`s that
  name only the fields needed, so that long texts are passed over. Texts to be hashed are typed `msgspec.Raw`
  (`boundary.data.readers.raw_json`).
- Turn verdicts into outcomes by `verdict`, which refuses shares, sentinels and words. A sample that was not run is left
  out and noted, never taken for a wrong one.
- For a record that cannot be used call `source.broken(why, line)` and `continue`: it stops there, or counts where the
  user said --skip-bad. Where the file as a whole cannot be used: `raise source.error(why)`. Whatever the user should
  know before relying on the counts: `source.note(sentence)`.
- Say what the file or its name says of the sampling in `source.settings` (temperature, top_p, max_tokens,
  checkpoint_step, verifier, engine), and in `source.conditions` everything else that changes what is sampled or judged
  (few-shots, solver, user simulator, grader, ...): runs that differ in one of them are not pooled. What belongs to one
  record goes into `Answers.settings`, what it was given into `Answers.prompt`, a problem's facts into `Answers.facts`.
- Of a problem whose samples were all left out give `Answers` without outcomes, so that it is told.
- Leave `model` and `benchmark` None where the file does not say: the user is asked for the model.

The collection (`boundary.data.importing.collection`) pools files by model, benchmark and problem, makes runs of files
that share problems, and refuses what contradicts itself: a problem twice in a file (unless `whole=False`, for formats
with a record a sample), another `question` under one problem's name, other sampling settings, one seed in two files.
"""

from types import ModuleType

from boundary.data.formats import (
    bon_jailbreaking,
    evalperf,
    evalperf_brief,
    evalplus,
    human_eval,
    inspect_ai,
    large_language_monkeys,
    lighteval,
    livecodebench,
    livecodebench_board,
    lm_eval,
    math_eval,
    matharena,
    matrix,
    metr,
    opencompass,
    passk_inference,
    rlvr_audit,
    rows,
    scorio,
    tabulated,
    tau_bench,
    verifiers,
    verl,
)

FORMATS: dict[str, ModuleType] = {
    "bon-jailbreaking": bon_jailbreaking,
    "evalperf": evalperf,
    "evalperf-brief": evalperf_brief,
    "evalplus": evalplus,
    "human-eval": human_eval,
    "inspect-ai": inspect_ai,
    "large-language-monkeys": large_language_monkeys,
    "lighteval": lighteval,
    "livecodebench": livecodebench,
    "livecodebench-board": livecodebench_board,
    "lm-eval": lm_eval,
    "math-eval": math_eval,
    "matharena": matharena,
    "matrix": matrix,
    "metr": metr,
    "opencompass": opencompass,
    "passk-inference": passk_inference,
    "rlvr-audit": rlvr_audit,
    "rows": rows,
    "scorio": scorio,
    "tabulated": tabulated,
    "tau-bench": tau_bench,
    "verifiers": verifiers,
    "verl": verl,
}
# Taken only where no other format recognises a file.
FALLBACK = "rows"
