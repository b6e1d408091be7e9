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
- What must be known from file to file (ids, agents) goes into `source.shared`; names of files are matched by
  `source.plain_name`, which has no `.gz` or `.zst`.
- Of a problem whose samples were all left out give `Answers` without outcomes, so that the problem is reported.
- Leave `model` and `benchmark` None where the file does not say: the user is asked for the model.

The collection (`boundary.data.importing.collection`) pools files by model, benchmark and problem, makes runs of files
that share problems, and refuses what contradicts itself: a problem twice in a file (unless `whole=False`, for formats
with a record a sample), another `question` under one problem's name, other sampling settings, one seed in two files.
"""

from boundary.data.formats import (
    bigcodebench,
    bon_jailbreaking,
    evalperf,
    evalperf_brief,
    evalplus,
    evalscope,
    helm,
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
    nemo_gym,
    nemo_rl,
    nemo_skills,
    open_r1,
    openai_evals,
    opencompass,
    passk_inference,
    rlvr_audit,
    rows,
    scorio,
    skythought,
    swe_bench,
    tabulated,
    tau_bench,
    terminal_bench,
    trl,
    verifiers,
    verifiers_traces,
    verl,
    verl_generation,
)
from boundary.data.formats.format import Format

_FORMATS = (
    Format("bigcodebench", bigcodebench, "`*_eval_results.json` of BigCodeBench", "a solution"),
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
    Format(
        "evalscope",
        evalscope,
        "`reviews/{model}/{benchmark}_{subset}.jsonl`",
        "a review; those of a group are samples of one problem",
        ("metric=NAME", "threshold=0.5"),
    ),
    Format(
        "helm",
        helm,
        "`per_instance_stats.json`",
        "an instance; of several outputs the first",
        ("metric=NAME",),
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
        "nemo-gym",
        nemo_gym,
        "rollouts of NeMo-Gym (JSON Lines)",
        "a rollout; those of `*_failures.jsonl` are left out",
        ("threshold=0.5",),
    ),
    Format(
        "nemo-rl",
        nemo_rl,
        "`val_data_step{N}.jsonl` of NeMo-RL",
        "a conversation; a step is a checkpoint",
        ("threshold=0.5",),
    ),
    Format(
        "nemo-skills",
        nemo_skills,
        "`eval-results/{benchmark}/output-rs{seed}.jsonl`",
        "a generation; seeds are runs",
        ("verdict=judge", "tests=base"),
    ),
    Format(
        "open-r1",
        open_r1,
        "tables of OpenR1-Math (Parquet, Arrow, JSON Lines)",
        "a generation",
        ("verdict=llama",),
    ),
    Format(
        "openai-evals",
        openai_evals,
        "logs of `oaieval` (JSON Lines)",
        "an event with a verdict",
        ("events=match", "threshold=0.5"),
    ),
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
        "JSON Lines, JSON, CSV, TSV, Parquet or Arrow of one's own: a sample a row, or all samples of a problem",
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
        "skythought",
        skythought,
        "`results.json` of SkyThought, with `summary.json` beside it",
        "a response",
        ("temperature=0.7",),
    ),
    Format(
        "swe-bench",
        swe_bench,
        "`{model}.{run_id}.json`, and `report.json` of instances",
        "an instance; runs are samples",
    ),
    Format(
        "tabulated",
        tabulated,
        "Parquet tables of Schaeffer et al.: pass@k, or single outcomes",
        "an attempt, or counts only",
    ),
    Format("tau-bench", tau_bench, "results of tau-bench and tau2-bench", "a trial", ("errors=wrong",)),
    Format(
        "terminal-bench",
        terminal_bench,
        "`results.json` of a run; `result.json` of a trial of Harbor",
        "a trial",
        ("threshold=0.5", "errors=wrong"),
    ),
    Format(
        "trl",
        trl,
        "`completions_{step}.parquet` of TRL and open-r1",
        "a completion; a step is a checkpoint",
        ("reward=NAME", "threshold=0.5"),
    ),
    Format(
        "verifiers",
        verifiers,
        "`results.jsonl` of `vf-eval`, with `metadata.json` beside it",
        "a rollout",
        ("verdict=METRIC", "threshold=0.5", "errors=wrong", "problems=prompt"),
    ),
    Format(
        "verifiers-traces",
        verifiers_traces,
        "`traces.jsonl` of verifiers 0.4; `train_rollouts.jsonl` of prime-rl",
        "a trace",
        ("agent=NAME", "verdict=NAME", "threshold=0.5", "errors=wrong"),
    ),
    Format(
        "verl",
        verl,
        "`{step}.jsonl` of validation or rollouts",
        "an output, or a session of several; problems are told apart by uid and input",
        ("threshold=0.5", "verdicts=acc", "outputs=3"),
    ),
    Format(
        "verl-generation",
        verl_generation,
        "Parquet of `main_generation` with verdicts beside (rllm, Skywork)",
        "a response",
        ("verdicts=NAME", "threshold=0.5"),
    ),
)
FORMATS: dict[str, Format] = {format.name: format for format in _FORMATS}
