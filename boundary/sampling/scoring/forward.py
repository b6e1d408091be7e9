"""Responses through a transformers model: batches, prompts read once, hidden states, log-probabilities.

Rows are padded on the right, and no mask is needed for that: a token reads only what stands before it.
"""

import copy
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boundary.errors import InputError
from boundary.sampling.scoring.batches import Batch, plan_batches
from boundary.sampling.scoring.head import Head, find_head
from boundary.sampling.scoring.likelihood import ANY_STOP, TokenScores, token_scores
from boundary.sampling.scoring.records import Response, Score, ScoreTerms, score_of

# Tokens of a forward pass.
GPU_TOKENS, CPU_TOKENS = 1 << 15, 1 << 12
# A shared prompt is tried on so many tokens of prompt and response; how far log-probabilities may be apart, in nats.
PROBE_PROMPT, PROBE_RESPONSE = 9, 6
PROBE_NATS = {"float32": 1e-3}
ROUNDED_NATS = 0.3


@dataclass(frozen=True)
class ForwardPass:
    """A model that is ready to score; make one with `forward_pass`.

    Parameters
    ----------
    model
        A causal language model of transformers.
    head
        Its head, to be run on a few positions at a time; None where the whole model has to be run.
    batch_tokens
        Tokens of a forward pass.
    shares
        Whether a prompt is read once for several of its responses.
    cache_name
        What the model calls the keys and values of what it has read.
    """

    model: Any
    head: Head | None
    batch_tokens: int
    shares: bool
    cache_name: str

    def score(self, responses: Sequence[Response], terms: ScoreTerms) -> Iterator[Score]:
        """Scores of responses, batch by batch."""
        prompt: tuple[int, ...] = ()
        held = None
        for batch in plan_batches(responses, self.batch_tokens, self.shares):
            if batch.shared and batch.responses[0].prompt != prompt:
                prompt = batch.responses[0].prompt
                held = self._read(prompt)
            yield from self._score_batch(batch, held if batch.shared else None, terms)

    def _score_batch(self, batch: Batch, held: Any, terms: ScoreTerms) -> Iterator[Score]:
        """Scores of a batch; in two halves where it does not fit into the device's memory."""
        import torch

        try:
            with torch.inference_mode():
                scores = self._scores(batch.responses, held, terms)
        except torch.OutOfMemoryError as error:
            half = len(batch.responses) // 2
            if not half:
                raise _too_large(batch.responses[0]) from error
            torch.cuda.empty_cache()
        else:
            yield from scores
            return
        for part in (batch.responses[:half], batch.responses[half:]):
            yield from self._score_batch(Batch(part, batch.shared), held, terms)

    def _read(self, prompt: Sequence[int]) -> Any:
        """Keys and values of a prompt, all but its last token, which each response begins with."""
        import torch

        with torch.inference_mode():
            ids = torch.tensor([prompt[:-1]], device=self.model.device)
            output = self.model.base_model(input_ids=ids, use_cache=True)
        return getattr(output, self.cache_name)

    def _scores(self, responses: Sequence[Response], held: Any, terms: ScoreTerms) -> list[Score]:
        import torch

        rows = [_row(response, held is not None) for response in responses]
        longest = max(1, *(len(row) for row, _ in rows))
        ids = torch.zeros((len(rows), longest), dtype=torch.long)
        for number, (row, _) in enumerate(rows):
            ids[number, : len(row)] = torch.as_tensor(row)
        numbers = [number for number, (_, targets) in enumerate(rows) for _ in targets]
        places = [place for row, targets in rows for place in range(len(row) - len(targets), len(row))]
        targets = torch.tensor([target for _, targets in rows for target in targets], dtype=torch.long)
        scores = self._token_scores(ids.to(self.model.device), numbers, places, targets, held, terms)
        sizes = [len(targets) for _, targets in rows]
        parts = [_split(column, sizes) for column in scores]
        return [
            score_of(response, _sums(TokenScores(*(part[number] for part in parts)), terms))
            for number, response in enumerate(responses)
        ]

    def _token_scores(
        self, ids: Any, numbers: Sequence[int], places: Sequence[int], targets: Any, held: Any, terms: ScoreTerms
    ) -> TokenScores:
        """Log-probabilities of targets, each given row `numbers` of the ids up to and with `places`."""
        import torch

        if not len(targets):
            nothing = torch.zeros(0)
            return TokenScores(*(nothing for _ in range(1 if terms.tempering is None else 3)))
        read: dict[str, Any] = {"input_ids": ids, "use_cache": held is not None}
        if held is not None:
            read[self.cache_name] = _expanded(held, len(ids))
        if self.head is None:  # the whole model, at the positions that are wanted
            logits = self.model(**read).logits.float()
            return token_scores(lambda rows: rows, logits[numbers, places], targets, terms.stop_ids, terms.tempering)
        hidden = self.model.base_model(**read).last_hidden_state
        del read
        hidden = hidden[torch.tensor(numbers).to(hidden.device), torch.tensor(places).to(hidden.device)]
        return token_scores(self.head, hidden, targets, terms.stop_ids, terms.tempering)


def forward_pass(model: Any, batch_tokens: int = 0, share_prompts: bool = True) -> ForwardPass:
    """What scores responses under a loaded model.

    Parameters
    ----------
    model
        A causal language model of transformers, in evaluation mode.
    batch_tokens
        Tokens of a forward pass, padding included; 0 for the default of the device.
    share_prompts
        Whether a prompt is read once for several of its responses. A model whose cache does not allow it is found out
        by a trial, and reads its prompts every time.
    """
    parameters = inspect.signature(type(model).forward).parameters
    name = "cache" if "cache" in parameters else "past_key_values"  # before transformers 5.24
    batch_tokens = batch_tokens or (CPU_TOKENS if model.device.type == "cpu" else GPU_TOKENS)
    ready = ForwardPass(model, find_head(model), batch_tokens, share_prompts, name)
    if share_prompts and not _shares_well(ready):
        return ForwardPass(model, ready.head, batch_tokens, False, name)
    return ready


def _shares_well(ready: ForwardPass) -> bool:
    """Whether a prompt that is read once gives the log-probabilities that it gives when it is read every time."""
    import torch

    generator = torch.Generator().manual_seed(1)
    n_tokens = ready.model.get_input_embeddings().weight.shape[0]
    ids = torch.randint(n_tokens, (PROBE_PROMPT + 2 * PROBE_RESPONSE,), generator=generator).tolist()
    prompt, tokens = tuple(ids[:PROBE_PROMPT]), (ids[PROBE_PROMPT:-PROBE_RESPONSE], ids[-PROBE_RESPONSE:-1])
    probe = [Response("", number, 0, prompt, part) for number, part in enumerate(tokens)]
    try:
        with torch.inference_mode():
            held = ready._read(prompt)
            columns = [ready._scores(probe, cache, ScoreTerms(per_token=True)) for cache in (held, None)]
    except torch.OutOfMemoryError:
        raise
    except Exception:  # a cache that cannot be expanded can raise anything
        return False
    shared, plain = (torch.tensor([logp for score in scores for logp in score.token_logp or ()]) for scores in columns)
    dtype = str(ready.model.dtype).removeprefix("torch.")
    return bool((shared - plain).abs().max() <= PROBE_NATS.get(dtype, ROUNDED_NATS))


def _row(response: Response, shared: bool) -> tuple[Sequence[int], Sequence[int]]:
    """What a model reads of a response, and the tokens that its last positions predict."""
    tokens = [int(token) for token in response.tokens]
    targets = tokens + [ANY_STOP] * (response.ending == "any")
    prompt = response.prompt[-1:] if shared else response.prompt
    return [*prompt, *tokens[: len(targets) - 1]] if targets else [], targets


def _expanded(held: Any, n_rows: int) -> Any:
    """A prompt's cache for so many rows; the one that is held stays as it is."""
    cache = copy.deepcopy(held)
    cache.batch_repeat_interleave(n_rows)
    return cache


def _split(column: Any, sizes: Sequence[int]) -> Sequence[Any]:
    parts: Sequence[Any] = column.double().split(list(sizes)) if column is not None else [None] * len(sizes)
    return parts


def _sums(scores: TokenScores, terms: ScoreTerms) -> Mapping[str, Any]:
    """What is kept of the log-probabilities of a response's tokens, summed in double precision."""
    import torch

    sums: dict[str, Any] = {"sum_logp": float(scores.plain.sum())}
    if terms.per_token:
        sums["token_logp"] = tuple(round(value, 6) for value in scores.plain.tolist())
    if scores.tempered is not None:
        inside = torch.isfinite(scores.nucleus)
        sums["sum_tempered"] = float(scores.tempered.sum())
        sums["sum_nucleus"] = float(scores.nucleus[inside].sum())
        sums["n_outside"] = int((~inside).sum())
    return sums


def _too_large(response: Response) -> InputError:
    return InputError(
        f"The GPU's memory does not hold the model and a response of {response.length:,} tokens (problem "
        f"{response.problem_id}). What is scored stays. Use --engine-option device=auto to spread the model over all "
        "GPUs, or a GPU with more memory."
    )
