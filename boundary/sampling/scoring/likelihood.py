"""Log-probabilities of tokens from hidden states: log-softmax in float32, a few positions at a time."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from boundary.sampling.scoring.head import Head

# In place of a token's id: whichever of the stop tokens ended it.
ANY_STOP = -1
# Logits that are held at once, on a GPU and on a processor, where few enough stay in its cache.
GPU_LOGITS, CPU_LOGITS = 1 << 27, 1 << 22
# Tokens that a nucleus is first looked for in; where they do not hold its share, all are sorted.
NUCLEUS = 256


class Tempering(NamedTuple):
    """How samples were drawn: the temperature (above 0), and the share of the probability sampled from, in (0, 1]."""

    temperature: float
    top_p: float


class TokenScores(NamedTuple):
    """Log-probabilities of some tokens, one each: float32 tensors, on a processor.

    Parameters
    ----------
    plain
        Untempered.
    tempered
        At the temperature of sampling, without top-p; None where that was not asked for.
    nucleus
        At the temperature and top-p of sampling; -inf for a token that these would not have drawn.
    """

    plain: Any
    tempered: Any = None
    nucleus: Any = None


def token_scores(
    head: Head,
    hidden: Any,
    targets: Any,
    stop_ids: tuple[int, ...] = (),
    tempering: Tempering | None = None,
    n_logits: int | None = None,
) -> TokenScores:
    """Log-probabilities of tokens, each given the hidden state before it.

    Parameters
    ----------
    head
        From hidden states to float32 logits.
    hidden
        [position, dimension].
    targets
        [position]: token ids, or ANY_STOP for the event that any of the stop tokens comes.
    stop_ids
        What ANY_STOP stands for.
    tempering
        Where the tokens are to be scored as they were sampled, too.
    n_logits
        Logits held at once. Default: by the device.
    """
    import torch

    n_logits = n_logits or (CPU_LOGITS if hidden.device.type == "cpu" else GPU_LOGITS)
    stops = torch.tensor(stop_ids, dtype=torch.long)
    parts: list[list[Any]] = []
    start, rows = 0, 16  # the first chunk is small: it says how long a row is
    while start < len(hidden):
        logits = head(hidden[start : start + rows])
        chunk = targets[start : start + rows].to(logits.device)
        scores = [_target_scores(logits, chunk, stops)]
        if tempering is not None:
            scores += _as_sampled(logits, chunk, stops, tempering)
        parts.append([score.float() for score in scores])
        start, rows = start + len(chunk), max(16, n_logits // logits.shape[-1])
    return TokenScores(*(torch.cat(column).cpu() for column in zip(*parts, strict=True)))


def _target_scores(logits: Any, targets: Any, stops: Any) -> Any:
    return _logits_of(logits, targets, stops) - _log_sum(logits)


def _logits_of(logits: Any, targets: Any, stops: Any) -> Any:
    """The logit of each target; for ANY_STOP, that of the stop tokens together."""
    values = logits.gather(1, targets.clamp(min=0)[:, None])[:, 0]
    ends = (targets == ANY_STOP).nonzero()[:, 0]
    if len(ends):
        values[ends] = logits[ends][:, stops.to(logits.device)].logsumexp(-1)
    return values


def _as_sampled(logits: Any, targets: Any, stops: Any, tempering: Tempering) -> list[Any]:
    """Log-probabilities at a temperature, and at a temperature and top-p."""
    import torch

    logits = logits / tempering.temperature
    total = _log_sum(logits)
    tempered = _logits_of(logits, targets, stops) - total
    if tempering.top_p >= 1:
        return [tempered, tempered]
    threshold, log_share = _nucleus(logits, total, tempering.top_p)
    ends = targets == ANY_STOP
    inside = logits.gather(1, targets.clamp(min=0)[:, None])[:, 0] >= threshold
    nucleus = torch.where(inside, tempered - log_share, -torch.inf)
    if ends.any():  # those of the stop tokens that are inside
        stop_logits = logits[ends][:, stops.to(logits.device)]
        stop_logits = stop_logits.masked_fill(stop_logits < threshold[ends, None], -torch.inf)
        nucleus[ends] = stop_logits.logsumexp(-1) - total[ends] - log_share[ends]
    return [tempered, nucleus]


def _nucleus(logits: Any, total: Any, top_p: float) -> tuple[Any, Any]:
    """The lowest logit in the nucleus of each row, and the logarithm of the probability that the nucleus holds.

    A token is in it where those that are likelier hold less than top_p together. Of tokens that are exactly as likely
    as the last one, samplers take some; here all of them are in it.
    """
    few = min(NUCLEUS, logits.shape[-1])
    ordered = logits.topk(few).values
    held = (ordered - total[:, None]).exp().cumsum(-1)
    if few < logits.shape[-1] and bool((held[:, -1] < top_p).any()):
        ordered = logits.sort(descending=True).values
        held = (ordered - total[:, None]).exp().cumsum(-1)
    last = (held < top_p).sum(-1, keepdim=True).clamp(max=ordered.shape[-1] - 1)
    return ordered.gather(1, last)[:, 0], held.gather(1, last)[:, 0].log()


def _log_sum(logits: Any) -> Any:
    """The logarithm of each row's sum of exponentials."""
    return _log_sum_on(logits.device.type)(logits)


@cache
def _log_sum_on(device: str) -> Callable[[Any], Any]:
    """A log-sum-exp for a device; on a GPU compiled, which reads the logits once in place of three times."""
    import torch

    def plain(logits: Any) -> Any:
        return logits.logsumexp(-1)

    if device != "cuda":
        return plain
    compiled: Callable[[Any], Any] = torch.compile(plain, dynamic=True)
    try:
        logits = torch.linspace(-9, 9, 3 * 4099, device=device).view(3, 4099)
        if bool((compiled(logits) - plain(logits)).abs().max() < 1e-4):
            return compiled
    except Exception:  # no compiler on this machine
        pass
    return plain
