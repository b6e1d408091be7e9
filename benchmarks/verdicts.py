"""Runs `boundary analyze` on four published sets and writes what it says: python -m benchmarks.verdicts [--docs FILE]

The sets that are not shipped are read from the folder named by BOUNDARY_PUBLISHED.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.calibration.truths import PYTHIA
from boundary.analysis.analyze import analyze
from boundary.analysis.estimates.table import estimates_frame
from boundary.analysis.result import Analysis
from boundary.analysis.text.ranking import panel_sentences
from boundary.stats.sampler.compilation import keep_compiled

PUBLISHED = PYTHIA.parent.parent
# Of an interrupted run, in the output folder; models are ranked twice, and most of the fits are the same.
FITS = "fits"
RELEASE = "2024-04-17"
INSTRUCT = {
    "DSCoder-1.3b-Base": "DSCoder-1.3b-Ins",
    "DSCoder-6.7b-Base": "DSCoder-6.7b-Ins",
    "DSCoder-33b-Base": "DSCoder-33b-Ins",
    "CodeLlama-7b-Base": "Cllama-7b-Ins",
    "CodeLlama-13b-Base": "Cllama-13b-Ins",
    "CodeLlama-34b-Base": "Cllama-34b-Ins",
    "CodeQwen15-7B": "CodeQwen15-7B-Chat",
}
NOTES = {
    "deepscaler": "DeepSeek-R1-Distill-Qwen-1.5B against DeepScaleR-1.5B on four mathematics benchmarks, n = 128. This "
    "set is shipped.",
    "math500": "Qwen2.5-7B against its SimpleRL-Zoo checkpoint on MATH500, n = 128: an independent rerun of the "
    "paper's comparison (github cc1107yss/limit-of-rlvr-qwen7b-math500-reproduction). One run, one pair; verifier "
    "timeouts (3 s) count as wrong.",
    "gsm8k": "An SFT model and five checkpoints of its PPO run on 30 GSM8K problems, n = 8 (github "
    "UnitedSnakes/rlvr_behavior_probe_runpod). The checkpoints share one sample of the SFT model, and a change of the "
    "answer extractor alone moved 5 and 7 of 240 verdicts of two models.",
    "livecodebench": "LiveCodeBench code generation, release of 2024-04-17, 400 problems, n = 10 at temperature 0.2 "
    "(github LiveCodeBench/livecodebench.github.io, CC BY-SA 4.0). Instruction tuning, not RL; at that temperature "
    "samples are much alike, and k = 10 says little about the boundary. n is inferred from the published percentages.",
}


def leaderboard() -> pd.DataFrame:
    table = pd.read_csv(PUBLISHED / "livecodebench-leaderboard" / "counts.csv.gz")
    return table.loc[(table["benchmark"] == "LCB-codegen") & (table["release"] == RELEASE)]


def verdict_lines(analysis: Analysis) -> list[str]:
    lines = [f"- **{verdict.benchmark}**: {verdict.text}" for verdict in analysis.verdicts]
    flagged = analysis.problems.loc[analysis.problems["flag"] != ""] if len(analysis.problems) else analysis.problems
    if len(flagged):
        counts = flagged["flag"].value_counts()
        parts = [f"{count} problem{'s' * (count != 1)} flagged `{name}`" for name, count in counts.items()]
        lines.append(f"- To look at twice: {', '.join(parts)}.")
        odd = flagged.loc[flagged["flag"] == "check grading"].head(5)
        for row in odd.to_dict(orient="records"):
            lines.append(
                f"  - {row['benchmark']} {row['problem_id']}: base {row['reference_n_correct']:.0f} of "
                f"{row['reference_n_samples']:.0f}, {row['model']} {row['n_correct']:.0f} of {row['n_samples']:.0f}"
            )
    worst = analysis.diagnostics.sort_values("max_r_hat").iloc[-1]
    passed = "every fit passed" if analysis.ok else "NOT EVERY FIT PASSED"
    lines.append(
        f"- Diagnostics: {passed}; largest R-hat {worst['max_r_hat']:.4f}, fewest effective draws "
        f"{analysis.diagnostics['min_ess'].min():.0f}."
    )
    return lines


def section(title: str, command: str, note: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", note, "", "```", command, "```", "", *lines, ""]


def report_section(title: str, command: str, note: str, counts: Any, output: Path, **options: Any) -> list[str]:
    started = time.time()
    analysis = analyze(counts, **options, keep_fits=output / FITS)
    analysis.write(output / title.split(" ")[0])
    print(f"{title}: {time.time() - started:.0f} s", flush=True)
    return section(title, command, note, verdict_lines(analysis))


def pairs_and_ranking(output: Path) -> list[str]:
    board = leaderboard()
    ten = board.loc[board["n_samples"] == 10]
    rows, sentences = [], []
    for base, instruct in INSTRUCT.items():
        analysis = analyze(ten, base=base, rl=instruct, keep_fits=output / FITS)
        rows += analysis.estimates.to_dict(orient="records")
        sentences += [f"- {verdict.text}" for verdict in analysis.verdicts]
    sentences += ["", *panel_sentences(estimates_frame(rows)), ""]
    started = time.time()
    ranked = analyze(board, rank=True, keep_fits=output / FITS)
    print(f"45 models ranked: {time.time() - started:.0f} s", flush=True)
    deeper = analyze(ten, rank=True, keep_fits=output / FITS)
    ranked.write(output / "livecodebench-45")
    deeper.write(output / "livecodebench-43")
    lines = [
        "Base against instruct, each pair by itself:",
        "",
        *sentences,
        "All 45 models, two of which have n = 1:",
        "",
        *verdict_lines(ranked),
    ]
    lines += ["", "The 43 with n = 10:", "", *verdict_lines(deeper)]
    command = "boundary analyze codegen.csv --base DSCoder-33b-Base --rl DSCoder-33b-Ins -o report\n"
    return section(
        "livecodebench-leaderboard",
        command + "boundary analyze codegen.csv --rank -o report",
        NOTES["livecodebench"],
        lines,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("verdict-reports"))
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    keep_compiled(str(options.output / "compiled"))
    lines = [
        "# Four verdicts",
        "",
        "What `boundary analyze` says of four published sets, seed 0, made by `python -m benchmarks.verdicts`.",
        "",
    ]
    lines += report_section(
        "deepscaler-1.5b",
        "boundary analyze deepscaler-1.5b -o report",
        NOTES["deepscaler"],
        "deepscaler-1.5b",
        options.output,
    )
    math = PUBLISHED / "rlvr-math500-qwen7b" / "counts.csv"
    command = "boundary analyze counts.csv --base Qwen2.5-7B -o report"
    lines += report_section("rlvr-math500-qwen7b", command, NOTES["math500"], math, options.output, base="Qwen2.5-7B")
    gsm = PUBLISHED / "rlvr-gsm8k30-trajectory" / "counts.csv"
    command = "boundary analyze counts.csv --base qwen2.5-1.5b-SFT -o report"
    lines += report_section(
        "rlvr-gsm8k30-trajectory", command, NOTES["gsm8k"], gsm, options.output, base="qwen2.5-1.5b-SFT"
    )
    lines += pairs_and_ranking(options.output)
    text = "\n".join(lines)
    if options.docs:
        options.docs.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
