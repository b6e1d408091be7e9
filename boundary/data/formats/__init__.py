"""Formats of published samples: one module each, and one record in FORMATS.

Read first: `passk_inference`, the shortest, then `math_eval`. `parts` holds what is too long for a format's module.

To add a format, write a module with two functions, and add one `Format` to FORMATS below. The command
`boundary import`, its detection of formats and the table in docs/import.md (which a test checks) follow from it.

`recognises(path: Path, head: bytes) -> bool`
    Tell by content alone: `head` is the first 256 KiB, decompressed. `boundary.data.readers.streams` has `has_keys`,
    `is_list` and `is_object` for JSON; a binary format looks at its first bytes and then opens `path`. No two formats
    may claim one file; one that is marked as `fallback` is asked last.
`read(source: Source, *, option=default) -> Iterator[Answers | Tally]`
    Read one file and yield `boundary.data.records.Answers` (samples of a problem, in order) or `Tally` (counts alone).
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
- Of a problem whose samples were all left out give `Answers` without outcomes, so that the problem is reported.
- Leave `model` and `benchmark` None where the file does not say: the user is asked for the model.

The collection (`boundary.data.importing.collection`) pools files by model, benchmark and problem, makes runs of files
that share problems, and refuses what contradicts itself: a problem twice in a file (unless `whole=False`, for formats
with a record a sample), another `question` under one problem's name, other sampling settings, one seed in two files.
"""

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
from boundary.data.formats.format import Format

_FORMATS = (
    Format("bon-jailbreaking", bon_jailbreaking, "`*_text_t*_n*.jsonl`", "an attempt; n depends on the outcome"),
    Format("evalperf", evalperf, "results of EvalPerf", "a solution; speeds are not read"),
    Format(
        "evalperf-brief",
        evalperf_brief,
        "`*_evalperf_results.brief.json` as EvalPlus publishes",
        "counts only, from pass@1",
    ),
    Format(
        "evalplus",
        evalplus,
        "`*eval_results.json`",
        "a solution; correct where it passes the base and the plus tests",
        ("tests=base",),
    ),
    Format("human-eval", human_eval, "`*_results.jsonl`", "a completion"),
    Format(
        "inspect-ai",
        inspect_ai,
        "`.eval`, `.json` of inspect_ai",
        "an epoch of a sample",
        ("scorer=NAME", "scorer=NAME.KEY", "threshold=0.5", "reader=inspect_ai"),
    ),
    Format(
        "large-language-monkeys",
        large_language_monkeys,
        "a YAML file a problem; tables of `monkey_business` (JSON, Parquet)",
        "a completion",
    ),
    Format(
        "lighteval",
        lighteval,
        "`details_*.parquet`",
        "a document; with repeats counts only, from pass@1",
        ("metric=NAME",),
    ),
    Format("livecodebench", livecodebench, "`Scenario.*_eval_all.json`", "a program"),
    Format(
        "livecodebench-board",
        livecodebench_board,
        "`performances_*.json` of the leaderboard",
        "counts only, worked out from pass@1",
        ("n=20",),
    ),
    Format(
        "lm-eval",
        lm_eval,
        "`samples_{task}_{date}.jsonl`",
        "a document, after one filter",
        ("filter=NAME", "metric=NAME"),
    ),
    Format(
        "math-eval",
        math_eval,
        "`test_*_seed*.jsonl` of Qwen2.5-Math, SimpleRL, limit-of-RLVR",
        "a completion; seeds are runs",
    ),
    Format("matharena", matharena, "`outputs/{competition}/{solver}/{problem}.json` (`.zst`)", "an answer"),
    Format(
        "matrix",
        matrix,
        "CSV, TSV or `.npy` of 0 and 1: a problem a row, a sample a column",
        "a cell",
        ("rows=samples", "header=yes"),
    ),
    Format("metr", metr, "`runs.jsonl`", "a run, judged by `score_binarized`"),
    Format(
        "opencompass",
        opencompass,
        "`results/{model}/{dataset}.json` with details",
        "a prediction; copies of the dataset are samples of one problem",
    ),
    Format("passk-inference", passk_inference, "JSON Lines of `id`, `c`, `n`", "counts only"),
    Format("rlvr-audit", rlvr_audit, "`results.json` of limit-of-RLVR's reproduction", "counts only"),
    Format(
        "rows",
        rows,
        "JSON Lines, a JSON list, CSV, TSV, Parquet or Arrow of one's own: a sample a row, or a list of verdicts",
        "a row",
        ("columns=problem=FIELD", "id=FIELD", "correct=FIELD", "text=FIELD", "threshold=0.5"),
        fallback=True,
        readable=rows.is_readable,
    ),
    Format(
        "scorio",
        scorio,
        "`.npz` of arrays (models, problems, trials); its one-problem JSON",
        "a trial",
        ("models=A,B",),
    ),
    Format(
        "tabulated",
        tabulated,
        "Parquet tables of Schaeffer et al.: pass@k, or single outcomes",
        "an attempt, or counts only",
    ),
    Format("tau-bench", tau_bench, "results of tau-bench and tau2-bench", "a trial", ("errors=wrong",)),
    Format(
        "verifiers",
        verifiers,
        "`results.jsonl` of `vf-eval`, with `metadata.json` beside it",
        "a rollout",
        ("verdict=METRIC", "threshold=0.5", "errors=wrong", "problems=prompt"),
    ),
    Format(
        "verl",
        verl,
        "`{step}.jsonl` of validation or rollouts",
        "an output, or a session of several; problems are told apart by uid and input",
        ("threshold=0.5", "verdicts=acc", "outputs=3"),
    ),
)
FORMATS: dict[str, Format] = {format.name: format for format in _FORMATS}
