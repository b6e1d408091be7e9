"""The framework of imports: pooling, runs, refusals, compression, broken lines. On math-eval, the simplest format."""

import gzip
import json

import numpy as np
import pytest
from click.testing import CliRunner

import boundary as bd
from boundary.cli.main import main
from boundary.data.importing.import_files import import_files
from boundary.data.readers.zstd import compress
from boundary.errors import InputError


def row(idx, scores, **more):
    texts = [f"said {idx} {i}" for i in range(len(scores))]
    return {"idx": idx, "question": f"q{idx}", "gt_cot": "", "gt": "1", "code": texts, "score": list(scores)} | more


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def counts_of(imported):
    table = imported.counts.table
    return dict(zip(table["problem_id"], zip(table["n_samples"], table["n_correct"], strict=True), strict=True))


def seeds(folder, *runs, bench="aime"):
    return [
        write(folder / f"m_{bench}_temp0.6_n{len(r[0])}_seed{s}" / f"test_p_-1_seed{s}_t0.6_s0_e-1.jsonl", text)
        for s, r in enumerate(runs)
        for text in [[row(i, scores, code=[f"{s} {i} {j}" for j in range(len(scores))]) for i, scores in enumerate(r)]]
    ]


def test_seeds_are_pooled_by_problem_and_keep_their_order(tmp_path):
    files = seeds(tmp_path, [[True, False], [False, False]], [[False, True], [True, True]])
    imported = import_files(files)
    assert counts_of(imported) == {"0": (4, 2), "1": (4, 2)}
    assert imported.settings["temperature"] == 0.6
    samples = imported.samples
    assert set(samples["model"]) == {"m"}
    assert set(samples["benchmark"]) == {"aime"}
    first = samples.loc[samples["problem_id"] == "0", ["run", "sample_index", "outcome"]]
    assert first.to_numpy().tolist() == [
        ["seed 0", 0, "correct"],
        ["seed 0", 1, "wrong"],
        ["seed 1", 0, "wrong"],
        ["seed 1", 1, "correct"],
    ]
    assert samples["text_hash"].nunique() == 8


def test_how_samples_ended(tmp_path):
    more = {"pred": ["1", "2", "", "", "3"], "finish_reason": ["length", "stop", "stop", "length", "stop"]}
    code = ["right", "wrong", "no answer", "cut", ""]
    path = write(tmp_path / "a.jsonl", [row(0, [True, False, False, False, False], code=code, **more)])
    imported = import_files(path, model="m")
    assert imported.samples["outcome"].tolist() == ["correct", "wrong", "no_answer", "truncated", "empty"]
    kinds = imported.counts.table[["n_correct", "n_no_answer", "n_truncated", "n_empty"]]
    assert kinds.to_numpy().tolist() == [[1, 1, 1, 1]]


def test_the_model_is_asked_for_where_no_file_says_it(tmp_path):
    path = write(tmp_path / "a.jsonl", [row(0, [True])])
    with pytest.raises(InputError, match="--model NAME"):
        import_files(path)
    counts = bd.read_counts(path, model="m", benchmark="b")
    assert counts.models == ("m",)
    assert counts.benchmarks == ("b",)


def test_one_name_for_two_models_is_refused(tmp_path):
    first_files = seeds(tmp_path / "x", [[True]])
    two = write(tmp_path / "other_aime_temp0.6_n1_seed1" / "a.jsonl", [row(0, [True])])
    assert set(import_files([*first_files, two]).counts.models) == {"m", "other"}
    with pytest.raises(InputError, match="more than one model"):
        import_files([*first_files, two], model="z")


def test_a_problem_twice_is_refused(tmp_path):
    path = write(tmp_path / "a.jsonl", [row(0, [True]), row(0, [True])])
    with pytest.raises(InputError, match=r"a\.jsonl', line 2: problem 0 of m on default appears twice"):
        import_files(path, model="m")


def test_one_seed_in_two_files_is_refused(tmp_path):
    (a,) = seeds(tmp_path / "a", [[True, False]])
    (b,) = seeds(tmp_path / "b", [[False, False]])
    with pytest.raises(InputError, match="seed 0 in"):
        import_files([a, b])


def test_a_run_under_two_names_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    rows = [row(i, rng.random(8) < 0.5) for i in range(20)]
    rows = [r | {"score": [bool(s) for s in r["score"]]} for r in rows]
    a, b = write(tmp_path / "a.jsonl", rows), write(tmp_path / "b.jsonl", rows)
    with pytest.raises(InputError, match="the same texts one by one: one run twice"):
        import_files([a, b], model="m")
    rows = [r | {"code": None} for r in rows]
    a, b = (write(path, [r | {"note": "code"} for r in rows]) for path in (a, b))
    with pytest.raises(InputError, match="the same verdicts one by one: one run twice"):
        import_files([a, b], "math-eval", model="m")
    rows[0]["score"][0] = not rows[0]["score"][0]
    counts = import_files([a, write(b, rows)], "math-eval", model="m").counts
    assert counts.table["n_samples"].eq(16).all()


def test_agreement_that_chance_can_bring_about_is_no_copy(tmp_path):
    files = [write(tmp_path / f"{s}.jsonl", [row(0, [True, False], code=[f"{s}", f"{s}."])]) for s in "ab"]
    assert counts_of(import_files(files, model="m")) == {"0": (4, 2)}


def test_repeated_texts_are_told(tmp_path):
    path = write(tmp_path / "a.jsonl", [row(i, [True] * 4, code=["same"] * 4) for i in range(3)])
    assert any("9 of 12 samples repeat" in note for note in import_files(path, model="m").notes)


def test_a_name_without_end_is_refused(tmp_path):
    path = write(tmp_path / "a.jsonl", [row("9" * 5_000, [True])])
    with pytest.raises(InputError, match=r"line 1: a problem_id of 5000 characters is no name \(9{20}\.\.\.\)"):
        import_files(path, model="m")


def test_two_benchmarks_numbered_alike_are_told_apart(tmp_path):
    a = write(tmp_path / "a.jsonl", [row(0, [True])])
    b = write(tmp_path / "b.jsonl", [row(0, [True], question="another")])
    with pytest.raises(InputError, match="asks something else"):
        import_files([a, b], model="m")


def test_two_temperatures_are_not_pooled(tmp_path):
    (a,) = seeds(tmp_path, [[True]])
    b = write(tmp_path / "m_aime_temp1.0_n1_seed1" / "a.jsonl", [row(0, [True])])
    with pytest.raises(InputError, match=r"temperature 1\.0, where it had 0\.6"):
        import_files([a, b])


@pytest.mark.parametrize("pack", [gzip.compress, compress], ids=["gz", "zst"])
def test_compressed_files_are_read_as_they_are(tmp_path, pack):
    plain = write(tmp_path / "a.jsonl", [row(i, [True, False]) for i in range(50)])
    packed = tmp_path / "a.jsonl.packed"
    packed.write_bytes(pack(plain.read_bytes()[:700]) + pack(plain.read_bytes()[700:]))
    assert counts_of(import_files(packed, model="m")) == counts_of(import_files(plain, model="m"))
    packed.write_bytes(pack(plain.read_bytes())[:-20])
    with pytest.raises(InputError, match="cut short or damaged"):
        import_files(packed, model="m")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"idx": 5', "not JSON"),
        ('{"idx": 5}', "no field 'score'"),
        (json.dumps(row(5, [True]) | {"score": [0.5]}), "'0.5' is not a verdict"),
        (json.dumps(row(5, [True]) | {"score": [-1]}), "'-1' is not a verdict"),
        (json.dumps(row(5, [True, True]) | {"code": ["a"]}), "2 scores, but 1 of code"),
        ('{"note": ' + "[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_line_is_named_or_counted(tmp_path, line, why):
    path = write(tmp_path / "a.jsonl", [row(0, [True]), row(1, [False])])
    path.write_text(path.read_text() + "\n" + line + "\n")
    with pytest.raises(InputError, match=r"a\.jsonl', line 4: ") as error:
        import_files(path, model="m")
    assert why in str(error.value)
    imported = import_files(path, model="m", skip_bad=True)
    assert imported.skipped == 1
    assert counts_of(imported) == {"0": (1, 1), "1": (1, 0)}
    assert "1 broken record was left out" in " ".join(imported.notes)


def test_json_as_python_writes_it_is_read(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row(0, [True], pred_score=float("nan"), note="\ud800")) + "\n")
    assert counts_of(import_files(path, model="m")) == {"0": (1, 1)}


def test_a_folder_is_read_whole(tmp_path):
    seeds(tmp_path, [[True, False]], [[False, True]])
    (tmp_path / "notes.txt").write_text("hello")
    imported = import_files(tmp_path)
    assert counts_of(imported) == {"0": (4, 2)}
    assert any("1 file of no known format was left out: '" in note for note in imported.notes)


@pytest.mark.parametrize(
    ("name", "why"),
    [("math-evil", "Did you mean 'math-eval'"), ("auto", "of no known format")],
)
def test_unknown_formats(tmp_path, name, why):
    path = tmp_path / "a.txt"
    path.write_text("hello")
    with pytest.raises(InputError, match=why):
        import_files(path, name, model="m")


def test_unknown_options_and_missing_files(tmp_path):
    path = write(tmp_path / "a.jsonl", [row(0, [True])])
    with pytest.raises(InputError, match="has no option 'threshold'"):
        import_files(path, model="m", threshold=1)
    with pytest.raises(InputError, match="No file"):
        import_files(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="named twice"):
        import_files([path, path], model="m")


def test_the_command_writes_counts_and_samples(tmp_path):
    files = seeds(tmp_path / "in", [[True, False], [False, False]], [[False, True], [True, True]])
    out, kept = tmp_path / "out" / "counts.csv", tmp_path / "out" / "samples.parquet"
    result = CliRunner().invoke(main, ["import", "auto", *map(str, files), "-o", str(out), "--samples", str(kept)])
    assert result.exit_code == 0, result.output
    assert "m on aime: 2 problems, 4 samples each, 4 of 8 correct" in result.output
    counts = bd.load_counts(out)
    assert counts.table["temperature"].astype(float).eq(0.6).all()
    from boundary.analysis.checks.exchangeability import check_samples

    assert check_samples(kept)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--option", "threshold"], "not of the form NAME=TEXT"),
        (["--option", "model=x"], "no option of a format"),
        (["--option", "threshold=1"], "has no option 'threshold'"),
        (["--audits", "a.csv"], "no verdicts checked anew"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, words, why):
    path = write(tmp_path / "a.jsonl", [row(0, [True])])
    out = tmp_path / "c.csv"
    result = CliRunner().invoke(main, ["import", "math-eval", str(path), "--model", "m", "-o", str(out), *words])
    assert result.exit_code == 2
    assert why in result.output
    assert not out.exists()


def test_files_whose_names_differ_in_more_than_a_number_are_noted_among_others(tmp_path):
    for model in ("base", "rl"):
        for seed in range(2):
            rows = [{"problem_id": f"p{i}", "correct": (i + seed + len(model)) % 3 == 0} for i in range(9)]
            write(tmp_path / f"{model}_seed{seed}.jsonl", rows)
    notes = " ".join(import_files(tmp_path, model="m").notes)
    assert f"m is pooled from '{tmp_path}/base_seed0.jsonl', '{tmp_path}/rl_seed0.jsonl', ..." in notes


@pytest.mark.parametrize("name", ["all", " all "])
def test_the_option_is_blamed_for_a_reserved_benchmark(tmp_path, name):
    path = write(tmp_path / "a.jsonl", [{"problem_id": "p", "correct": True}])
    with pytest.raises(InputError, match=r"^--benchmark all: "):
        import_files(path, model="m", benchmark=name)
    write(path, [{"problem_id": "p", "benchmark": "all", "correct": True}])
    with pytest.raises(InputError, match=r"line 1: the benchmark 'all' is reserved"):
        import_files(path, model="m")


def test_a_note_on_one_thing_is_in_the_singular(tmp_path):
    write(tmp_path / "a.jsonl", [{"problem_id": "p", "correct": True}, {"problem_id": "p", "correct": "?"}])
    (tmp_path / "b.md").write_text("# results\n")
    arguments = ["import", "rows", str(tmp_path), "--model", "m", "--skip-bad", "--columns", "correct=correct"]
    (tmp_path / "b.md").rename(tmp_path / "b.bin")
    result = CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "counts.csv")])
    assert "m on default: 1 problem, 1 sample each, 1 of 1 correct" in result.output
    assert "1 broken record was left out; the first: " in result.output
    assert "1 file of no known format was left out: '" in result.output
