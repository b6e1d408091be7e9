"""The transformers scorer: a model in this process, on a processor or a GPU."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from boundary.errors import InputError
from boundary.sampling.models import cannot_load, load_config, quiet_transformers, reading_length, refuse_missing_folder
from boundary.sampling.scoring.attention import use_causal_attention
from boundary.sampling.scoring.forward import forward_pass
from boundary.sampling.scoring.records import Response, Score, ScoreResponses, ScorerSpec, ScoreTerms

# Responses, and tokens of them, that are held at once.
WINDOW, WINDOW_TOKENS = 4096, 1 << 24
DTYPES = ("float32", "bfloat16", "float16")


@contextmanager
def transformers_scorer(
    spec: ScorerSpec, *, batch_tokens: int = 0, device: str = "", dtype: str = "", attention: str = ""
) -> Iterator[ScoreResponses]:
    """Load a model with transformers.

    Parameters
    ----------
    spec
        The model.
    batch_tokens
        Tokens of a forward pass, padding included. Default: 32,768 on a GPU, 4,096 on a processor.
    device
        cpu, cuda, cuda:1, ...; `auto` spreads a large model over all GPUs. Default: a GPU where there is one.
    dtype
        Of the weights: float32, bfloat16 or float16. Default: as they were saved on a GPU, float32 on a processor.
    attention
        Name of the attention as transformers knows it. Default: the model's.
    """
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    config = spec.config or load_config(spec.model, spec.revision)
    model = _load_model(spec, config, device, scoring_dtype(config, dtype, device), attention)
    context = reading_length(model.config)
    ready = forward_pass(model, batch_tokens, spec.share_prompts)
    n_tokens = model.get_input_embeddings().weight.shape[0]

    def score(responses: Iterable[Response], terms: ScoreTerms) -> Iterator[Score]:
        # A model with fewer tokens than its tokenizer never ends a text with one that it lacks.
        terms = replace(terms, stop_ids=tuple(token for token in terms.stop_ids if token < n_tokens))
        for window in _windows(response for response in responses if fits(response, context)):
            for response in window:
                _refuse_unknown_tokens(response, n_tokens)
                if response.ending == "any" and not terms.stop_ids:
                    raise InputError(
                        f"Problem {response.problem_id}, sample {response.sample_index}: a stop token ended it, and "
                        "the model knows none of the run's. It was sampled with another vocabulary."
                    )
            yield from ready.score(window, terms)

    yield score


def _windows(responses: Iterator[Response]) -> Iterator[list[Response]]:
    """Some responses at a time, among which those of one prompt and of about one length are put together."""
    window: list[Response] = []
    n_tokens = 0
    for response in responses:
        window.append(response)
        n_tokens += response.length
        if len(window) >= WINDOW or n_tokens >= WINDOW_TOKENS:
            yield window
            window, n_tokens = [], 0
    if window:
        yield window


def fits(response: Response, context: int | None) -> bool:
    """Whether a model that reads so many tokens (None: not known) reads prompt and response in full."""
    return context is None or response.length <= context


def scoring_dtype(config: Any, dtype: str = "", device: str = "") -> str:
    """The dtype of the weights, by name, as this machine decides it.

    Parameters
    ----------
    config
        The model's configuration, which says how the weights were saved.

    Raises
    ------
    InputError
        For one that does not score well enough.
    """
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if not dtype:
        saved = getattr(config, "dtype", None)
        dtype = "float32" if device == "cpu" or saved is None else str(saved).removeprefix("torch.")
    if dtype not in DTYPES:
        raise InputError(
            f"'{dtype}' is no dtype to score with. Choose with --engine-option dtype=: {', '.join(DTYPES)}."
        )
    return dtype


def _load_model(spec: ScorerSpec, config: Any, device: str, dtype: str, attention: str) -> Any:
    transformers = quiet_transformers()
    refuse_missing_folder(spec.model)
    options: dict[str, Any] = {"dtype": dtype, "revision": spec.revision or "main", "config": config}
    if attention:
        options["attn_implementation"] = attention
    if device == "auto":
        options["device_map"] = "auto"
    reads = type(config) in transformers.MODEL_FOR_CAUSAL_LM_MAPPING
    kind = transformers.AutoModelForCausalLM if reads else transformers.AutoModelForImageTextToText
    try:
        model = kind.from_pretrained(spec.model, trust_remote_code=False, **options)
        model = model if device == "auto" else model.to(device)
    except Exception as error:  # the hub's client, the file formats and the device raise many kinds
        raise cannot_load(spec.model, error) from error
    model.eval()
    if not attention:
        use_causal_attention(model)
    return model


def _refuse_unknown_tokens(response: Response, n_tokens: int) -> None:
    ids = [*response.prompt, *(int(token) for token in response.tokens)]
    unknown = next((token for token in ids if not 0 <= token < n_tokens), None)
    if unknown is not None:
        raise InputError(
            f"Problem {response.problem_id}, sample {response.sample_index}: it has token {unknown}, and the model "
            f"knows {n_tokens:,} tokens. It was sampled with another vocabulary."
        )
