"""A scoring run: the responses of every arm of a run folder, scored under one model; what is stored is not repeated."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from msgspec import Meta

from boundary.data.runs.folder import SAMPLES, arms_of, model_name, sample_index, shards
from boundary.data.runs.scores import PER_TOKEN, REFERENCE_SCORED, SAMPLES_SCORED, TEMPERED
from boundary.errors import InputError
from boundary.sampling.models import (
    ModelCodeError,
    load_config,
    load_tokenizer,
    reading_length,
    tokenizer_hash,
    vocabulary_hash,
    weights_revision,
)
from boundary.sampling.scoring.likelihood import Tempering
from boundary.sampling.scoring.records import Response, Score, ScoreResponses, ScorerSpec, ScoreTerms
from boundary.sampling.scoring.responses import ScoredArm, scored_arm
from boundary.sampling.scoring.store import open_scores
from boundary.sampling.scoring.table import open_scorer, scorer_version
from boundary.sampling.scoring.transformers import fits, scoring_dtype
from boundary.sampling.store.recording import batches
from boundary.sampling.weights import Notice

# About how many characters of JSON a score takes, and each token's log-probability in it.
SCORE_SIZE, TOKEN_SIZE = 300, 12
# Beyond it every token is as likely as any other, and what a manifest says is no temperature.
HIGHEST_TEMPERATURE = 1e6
# Settings beside temperature and top-p that change the distribution that was sampled from.
OTHER_CUTS = (
    "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "logit_bias", "bad_words",
    "allowed_token_ids", "min_tokens", "structured_outputs", "guided_decoding", "logits_processors",
)  # fmt: skip


@dataclass(frozen=True)
class Scoring:
    """What is to be scored, and under which model: the options of `boundary score`.

    Parameters
    ----------
    folder
        A run folder, or an arm of it.
    model
        The model that scores: an id on the hub or a folder, also as ID@REVISION or LABEL=ID.
    revision, tokenizer
        Of the model, where they differ from the default.
    engine, engine_options
        What computes (one of SCORERS), and its own options.
    reference
        Score the benchmarks' reference answers in place of the samples.
    per_token
        Keep the log-probability of each token, too.
    as_sampled
        Score at the temperature and top-p of sampling, too.
    share_prompts
        Read the prompt of several responses once, where that pays.
    shard
        (i, N): only every N-th problem from the i-th on.
    template
        The template of a run of an older version, where it was a file.
    sampled_tokenizer
        Where the tokenizer of the model that was sampled is, for a run of an older version.
    """

    folder: Path
    model: str
    revision: str | None = None
    tokenizer: str | None = None
    engine: str = "transformers"
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    reference: bool = False
    per_token: bool = False
    as_sampled: bool = False
    share_prompts: bool = True
    shard: tuple[Annotated[int, Meta(ge=0)], Annotated[int, Meta(ge=1)]] = (0, 1)
    template: str | None = None
    sampled_tokenizer: str | None = None

    @property
    def kind(self) -> str:
        """What is scored: samples or reference."""
        return REFERENCE_SCORED if self.reference else SAMPLES_SCORED

    @property
    def extras(self) -> set[str]:
        """What each score is to have beside the log-probability."""
        return {name for name, included in ((PER_TOKEN, self.per_token), (TEMPERED, self.as_sampled)) if included}


@dataclass(frozen=True)
class ScoringSnapshot:
    """Progress of an arm: `done` of `total` responses; `tokens` of this call, in `seconds`."""

    model: str
    benchmark: str
    scorer: str
    done: int
    total: int
    new: int
    tokens: int
    seconds: float


@dataclass(frozen=True)
class ScoredArmResult:
    """Result of one call for an arm.

    Parameters
    ----------
    folder, model, benchmark
        The arm.
    scorer
        The model that scores, as it is called in tables.
    total, new
        Responses, and those scored by this call.
    tokens, seconds
        Of this call.
    mean_logp
        Log-probability of a token in the mean of this call's responses that are not empty; None without any.
    truncated, empty
        Such responses of this call.
    retokenised, same_count
        Responses whose tokens were made anew from the text, and those of them with the recorded number of tokens.
    same_vocabulary
        Whether the model reads the tokens as they were sampled; otherwise bits per byte can be compared, and nothing
        per token.
    too_long
        Responses that are longer than the model reads; they are not scored.
    not_tempered
        Why responses were not scored as they were sampled, though that was asked for; empty otherwise.
    """

    folder: Path
    model: str
    benchmark: str
    scorer: str
    total: int
    new: int
    tokens: int
    seconds: float
    mean_logp: float | None
    truncated: int
    empty: int
    retokenised: int
    same_count: int
    same_vocabulary: bool
    too_long: int
    not_tempered: str = ""


@dataclass
class _Tally:
    """What came in of an arm."""

    new: int = 0
    tokens: int = 0
    sum_logp: float = 0.0
    full_tokens: int = 0
    truncated: int = 0
    empty: int = 0
    retokenised: int = 0
    same_count: int = 0
    too_long: int = 0

    def add(self, score: Score) -> None:
        self.new += 1
        self.tokens += score.n_tokens
        self.truncated += score.truncated
        self.empty += score.empty
        self.retokenised += score.retokenised
        self.same_count += bool(score.same_count)
        if not score.empty:
            self.sum_logp += score.sum_logp
            self.full_tokens += score.n_tokens


@contextmanager
def _plain_code_errors() -> Iterator[None]:
    """Models with code of their own: scoring has no option that lets it run."""
    try:
        yield
    except ModelCodeError as error:
        remedy = "which is never run for scoring. Score with a model that transformers itself can load."
        raise ModelCodeError(error.model, remedy) from error


@_plain_code_errors()
def score_run(
    scoring: Scoring,
    progress: Callable[[ScoringSnapshot], None] | None = None,
    notice: Notice = lambda text: None,
) -> list[ScoredArmResult]:
    """Score the responses of a run folder under a model; what is scored already is not scored again.

    Parameters
    ----------
    scoring
        What is to be scored.
    progress
        Called at the beginning of an arm, and as scores come in.
    notice
        Called with a sentence where something else takes long.

    Returns
    -------
    What was done for every arm, in order. The scores are read with `boundary.data.runs.scores.scores_table`.

    Raises
    ------
    InputError
        For anything that cannot be had or does not fit what is stored; before any scoring where it can be known.
    """
    label, _, name = scoring.model.rpartition("=")
    weights, _, revision = name.partition("@")
    revision = revision or scoring.revision or ""
    options = dict(scoring.engine_options)
    spec = ScorerSpec(scoring.engine, weights, revision or None, scoring.share_prompts, options)
    version = scorer_version(spec.engine)
    notice("Reading samples, prompts and tokenizers")
    tokenizer = load_tokenizer(scoring.tokenizer or weights, None if scoring.tokenizer else revision or None)
    arms = [
        scored_arm(folder, tokenizer, scoring.template, scoring.sampled_tokenizer)
        for folder in arms_of([scoring.folder])
    ]
    inner = options.get("worker_options") or options
    if not isinstance(inner, Mapping):
        raise InputError("worker_options is no mapping. Give it as --engine-option 'worker_options={\"dtype\": ...}'.")
    config = load_config(weights, revision or None)
    dtype = _dtype(spec, config, str(inner.get("dtype") or ""), str(inner.get("device") or ""))
    settings = {"dtype": dtype} | {key: inner[key] for key in ("attention",) if key in inner}
    spec = replace(_with_dtype(spec, dtype), config=config)
    identity = {
        "model": name,
        "label": label or None,
        "revision": weights_revision(weights, revision or None, notice=notice, config=config),
        "tokenizer_hash": tokenizer_hash(tokenizer),
        "vocabulary_hash": vocabulary_hash(tokenizer),
        "engine": spec.engine,
        "engine_version": version,
        "settings": settings,
    }
    context = reading_length(config)
    with ExitStack() as stack:
        loaded: list[ScoreResponses] = []

        def score(responses: Iterator[Response], terms: ScoreTerms) -> Generator[Score, None, None]:
            if not loaded:
                notice(f"Loading {label or name}")
                loaded.append(stack.enter_context(open_scorer(spec)))
            yield from loaded[0](responses, terms)

        return [_score_arm(scoring, arm, identity, context, score, progress) for arm in arms]


def _dtype(spec: ScorerSpec, config: Any, dtype: str, device: str) -> str:
    """The dtype of the weights, as it is decided where they are loaded: a cluster's workers may have GPUs."""
    if spec.engine != "ray" or dtype:
        return scoring_dtype(config, dtype, device)
    from boundary.sampling.scoring.ray import worker_dtype

    return worker_dtype(spec, device)


def _with_dtype(spec: ScorerSpec, dtype: str) -> ScorerSpec:
    """The spec with the dtype written out, so that every worker loads the same."""
    options = dict(spec.options)
    if spec.engine == "ray":
        options["worker_options"] = dict(options.get("worker_options") or {}) | {"dtype": dtype}
    else:
        options["dtype"] = dtype
    return ScorerSpec(spec.engine, spec.model, spec.revision, spec.share_prompts, options)


def _score_arm(
    scoring: Scoring,
    arm: ScoredArm,
    identity: Mapping[str, Any],
    context: int | None,
    score: Callable[[Iterator[Response], ScoreTerms], Generator[Score, None, None]],
    progress: Callable[[ScoringSnapshot], None] | None,
) -> ScoredArmResult:
    begun, tally = time.monotonic(), _Tally()
    terms, not_tempered = _terms(scoring, arm)
    extras = scoring.extras - ({TEMPERED} if not_tempered else set())
    names = (model_name(arm.manifest), str(arm.manifest["benchmark"]), model_name(identity))
    with open_scores(
        arm.folder, {**identity, "same_vocabulary": arm.same_vocabulary}, scoring.kind, scoring.shard
    ) as store:
        part = {p.problem_id for place, p in enumerate(arm.problems) if place % scoring.shard[1] == scoring.shard[0]}
        index = _index(scoring, arm)
        index = index[index["problem_id"].isin(part)]
        missing = {
            (str(name), int(number), int(text))
            for name, number, text in index.itertuples(index=False, name=None)
            if not store.holds(str(name), int(number), int(text), extras)
        }
        total, before = len(index), len(index) - len(missing)

        def report() -> None:
            if progress:
                seconds = time.monotonic() - begun
                progress(ScoringSnapshot(*names, before + tally.new, total, tally.new, tally.tokens, seconds))

        report()
        if missing:
            waiting = _waiting(scoring, arm, missing, context, tally)
            # Closed at once where something goes wrong here: a file of samples is open behind them.
            with closing(waiting), closing(score(waiting, terms)) as scores:
                for batch in batches(_tallied(scores, tally, report), _size):
                    store.append(batch)
        report()
    return ScoredArmResult(
        arm.folder, *names, total, tally.new, tally.tokens, time.monotonic() - begun,
        tally.sum_logp / tally.full_tokens if tally.full_tokens else None,
        tally.truncated, tally.empty, tally.retokenised, tally.same_count, arm.same_vocabulary, tally.too_long,
        not_tempered,
    )  # fmt: skip


def _index(scoring: Scoring, arm: ScoredArm) -> pd.DataFrame:
    """The responses of an arm: problem, index, hash of the text."""
    if scoring.reference:
        return pd.DataFrame(arm.reference_keys(), columns=["problem_id", "sample_index", "text_hash"])
    if not shards(arm.folder / SAMPLES):
        raise InputError(f"'{arm.folder}' holds no samples yet. Sample with: boundary sample")
    return sample_index(arm.folder)[["problem_id", "sample_index", "text_hash"]]


def _waiting(
    scoring: Scoring, arm: ScoredArm, missing: set[tuple[Any, ...]], context: int | None, tally: _Tally
) -> Generator[Response, None, None]:
    """The responses that are to be scored; those that are too long are only counted."""
    responses = arm.references() if scoring.reference else arm.samples(lambda *key: key in missing)
    for response in responses:
        if scoring.reference and (response.problem_id, 0, response.text_hash) not in missing:
            continue
        if fits(response, context):
            yield response
        else:
            tally.too_long += 1


def _terms(scoring: Scoring, arm: ScoredArm) -> tuple[ScoreTerms, str]:
    """What is asked of an arm's responses, and why they cannot be scored as they were sampled, if so."""
    settings = arm.manifest.get("settings", {})
    temperature, top_p = settings.get("temperature"), settings.get("top_p", 1.0)
    tempering, reason = None, ""
    if scoring.as_sampled:
        if scoring.reference:
            reason = "reference answers were not sampled"
        elif not isinstance(temperature, int | float) or not isinstance(top_p, int | float):
            reason = "the run does not say at which temperature it was sampled"
        elif not 0 <= temperature <= HIGHEST_TEMPERATURE or not 0 < top_p <= 1:  # neither is true of nan
            reason = "the run names no temperature and top-p that can be sampled at"
        elif cuts := [name for name in OTHER_CUTS if name in settings]:
            reason = f"the run was sampled with {', '.join(cuts)}, which scoring does not follow"
        elif temperature <= 0:
            reason = "at temperature 0 the likeliest token has all the probability"
        else:
            tempering = Tempering(float(temperature), float(top_p))
    return ScoreTerms(arm.stop_ids, tempering, scoring.per_token), reason


def _tallied(scores: Iterator[Score], tally: _Tally, report: Callable[[], None]) -> Iterator[Score]:
    for score in scores:
        if not all(map(math.isfinite, (score.sum_logp, score.sum_tempered or 0.0, score.sum_nucleus or 0.0))):
            raise InputError(
                f"Problem {score.problem_id}, sample {score.sample_index}: its log-probability is no finite number. "
                "Score with --engine-option dtype=float32, or without --as-sampled where the run's temperature is tiny."
            )
        tally.add(score)
        report()
        yield score


def _size(score: Score) -> int:
    return SCORE_SIZE + TOKEN_SIZE * len(score.token_logp or ())


__all__ = ["ScoredArmResult", "Scoring", "ScoringSnapshot", "score_run"]
