"""The transformers engine: plain batches on a processor, continuous batching on a GPU, pictures in plain batches."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from itertools import islice
from typing import Any, Literal

from boundary.errors import InputError
from boundary.sampling.engines.prefixes import can_share, shared_prefixes
from boundary.sampling.engines.spec import EngineSpec, Generate, Request, Sampling, noise_seed, sample_names
from boundary.sampling.models import (
    cannot_load,
    load_config,
    load_tokenizer,
    quiet_transformers,
    reading_length,
    refuse_missing_folder,
)
from boundary.sampling.option_types import Positive
from boundary.sampling.problems import Completion

# Requests that wait inside the library: enough to keep any GPU busy, few enough to hold in memory.
IN_FLIGHT = 4096
READING, SEEING = "AutoModelForCausalLM", "AutoModelForImageTextToText"
Ids = Sequence[int]


@contextmanager
def transformers_engine(
    spec: EngineSpec,
    *,
    batch_size: Positive = 32,
    device: str = "",
    dtype: str = "",
    attention: str = "",
    continuous: bool | None = None,
    batching: Mapping[str, Any] | None = None,
    share_prefixes: bool = False,
    ready: Callable[[], None] = lambda: None,
) -> Iterator[Generate]:
    """Load a model with transformers.

    Parameters
    ----------
    spec
        The model and how it is sampled.
    batch_size
        Samples side by side in a plain batch.
    device
        cpu, cuda, cuda:1, ...; `auto` spreads a large model over all GPUs. Default: a GPU where there is one.
    dtype
        Of the weights: float32, bfloat16, ... Default: as they were saved on a GPU, float32 on a processor, where
        bfloat16 was six times slower.
    attention
        Name of the attention as transformers knows it; sdpa needs torch alone.
    continuous
        Whether to use continuous batching. Default: on a GPU.
    batching
        Fields of transformers' ContinuousBatchingConfig, such as max_memory_percent, the share of the GPU's free
        memory that its cache takes.
    share_prefixes
        In plain batches: whether samples of a prompt that agree so far are computed once. Good for answers of a few
        tokens; for long ones it only makes every step slower.
    ready
        Called when the model has been loaded.
    """
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    continuous = device != "cpu" if continuous is None else continuous
    refuse_missing_folder(spec.model)
    tokenizer = load_tokenizer(spec.tokenizer or spec.model, spec.revision, spec.trust_remote_code)
    # A model that sees need not load as one that reads, nor the other way round: each when it is first asked for.
    loaded = cache(partial(_load_model, spec, device, dtype, attention))
    processor = cache(partial(_load_processor, spec))

    def generate(requests: Sequence[Request]) -> Iterator[Completion]:
        plain = [request for request in requests if not request.images]
        if plain:
            model = loaded(_reading(spec))
            ready()
            if continuous:
                yield from _continuous(model, tokenizer, spec.sampling, plain, batching or {})
            else:
                yield from _batches(model, tokenizer, spec.sampling, plain, batch_size, share_prefixes)
        for request in requests:
            if request.images:
                yield from _sample_with_images(loaded(SEEING), processor(), spec.sampling, request, batch_size)

    yield generate


def _reading(spec: EngineSpec) -> str:
    """How a model loads for text alone; some models that see load in no other way."""
    transformers = quiet_transformers()
    config = load_config(spec.model, spec.revision, spec.trust_remote_code)
    sees = type(config) in transformers.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    return SEEING if sees and type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING else READING


def _load_model(spec: EngineSpec, device: str, dtype: str, attention: str, kind: str) -> Any:
    transformers = quiet_transformers()
    options: dict[str, Any] = {"dtype": dtype or ("float32" if device == "cpu" else "auto")}
    options |= {"revision": spec.revision or "main", "trust_remote_code": spec.trust_remote_code}
    if attention:
        options["attn_implementation"] = attention
    if device == "auto":
        options["device_map"] = "auto"
    try:
        model = getattr(transformers, kind).from_pretrained(spec.model, **options)
        model = model if device == "auto" else model.to(device)
    except Exception as error:  # the hub's client, the file formats and the device raise many kinds
        raise cannot_load(spec.model, error) from error
    # Whatever the model's own generation_config.json says (top_k, a penalty) would change what is sampled.
    model.generation_config = transformers.GenerationConfig()
    return model.eval()


def _generation_config(sampling: Sampling, pad: int, max_tokens: int) -> Any:
    import transformers

    config: dict[str, Any] = {"do_sample": sampling.temperature > 0, "num_beams": 1, "repetition_penalty": 1.0}
    if sampling.temperature > 0:
        config |= {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    return transformers.GenerationConfig(
        max_new_tokens=max_tokens, eos_token_id=list(sampling.stop_ids) or None, pad_token_id=pad, **config
    )


def _room(model: Any, sampling: Sampling, prompt: int) -> int:
    """New tokens that fit behind a prompt of so many tokens; each prompt's own, whatever is sampled beside it."""
    context = reading_length(model.config) or sampling.max_tokens + prompt
    if prompt >= context:
        raise InputError(f"A prompt has {prompt} tokens, and the model reads {context} at most. Leave its problem out.")
    return min(sampling.max_tokens, context - prompt)


def _batches(
    model: Any, tokenizer: Any, sampling: Sampling, requests: Sequence[Request], size: int, share: bool
) -> Iterator[Completion]:
    """Plain generation, prompts padded on the left; a batch holds samples of one limit on their new tokens."""
    waiting: dict[int, list[tuple[Request, int]]] = {}
    for request in requests:
        room = _room(model, sampling, len(request.prompt))
        for sample_index in request.sample_indices:
            batch = waiting.setdefault(room, [])
            batch.append((request, sample_index))
            if len(batch) == size:
                yield from _batch(model, tokenizer, sampling, waiting.pop(room), room, share)
    for room, batch in waiting.items():
        yield from _batch(model, tokenizer, sampling, batch, room, share)


def _batch(
    model: Any, tokenizer: Any, sampling: Sampling, batch: Sequence[tuple[Request, int]], room: int, share: bool
) -> Iterator[Completion]:
    import torch

    prompts = list(dict.fromkeys(request.prompt for request, _ in batch))
    longest = max(map(len, prompts))
    pad = sampling.stop_ids[0] if sampling.stop_ids else 0
    ids = torch.full((len(prompts), longest), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    ids, mask = ids.to(model.device), mask.to(model.device)
    rows = torch.tensor([prompts.index(request.prompt) for request, _ in batch], device=model.device)
    torch.manual_seed(
        noise_seed(sampling.seed, [(request.arm, request.problem_id, sample_index) for request, sample_index in batch])
    )
    with torch.inference_mode():
        if share and can_share(model):
            token_rows = shared_prefixes(model, ids, mask, rows, sampling, room)
        else:
            config = _generation_config(sampling, pad, room)
            begun = _read_once(model, ids, mask, rows) if len(prompts) < len(batch) else {}
            out = model.generate(input_ids=ids[rows], attention_mask=mask[rows], generation_config=config, **begun)
            token_rows = out[:, longest:].tolist()
    for (request, sample_index), tokens in zip(batch, token_rows, strict=True):
        yield _completion(tokenizer, sampling, request.problem_id, sample_index, tokens)


def _read_once(model: Any, ids: Any, mask: Any, rows: Any) -> dict[str, Any]:
    """Read each prompt once for all samples of it; all but its last token, which generation begins with."""
    import transformers

    if ids.shape[1] < 2:
        return {}
    positions = (mask.cumsum(1) - 1).masked_fill(mask == 0, 1)  # as generation counts them
    read = {"input_ids": ids[:, :-1], "attention_mask": mask[:, :-1], "position_ids": positions[:, :-1]}
    held = transformers.DynamicCache(config=model.config)
    if {type(layer).__name__ for layer in held.layers} != {
        "DynamicLayer"
    }:  # windows, states: leave these to the library
        return {}
    model(**read, cache=held, use_cache=True, logits_to_keep=1)
    held.batch_select_indices(rows)
    return {"cache": held}


def _completion(tokenizer: Any, sampling: Sampling, problem_id: str, sample_index: int, tokens: Ids) -> Completion:
    """What was generated up to the first stop token."""
    end = next((number for number, token in enumerate(tokens) if token in sampling.stop_ids), None)
    kept = list(tokens if end is None else tokens[:end])
    text = tokenizer.decode(kept, skip_special_tokens=True)
    finish: Literal["stop", "length"] = "length" if end is None else "stop"
    generated = tuple(tokens if end is None else tokens[: end + 1])
    return Completion(problem_id, sample_index, text, finish, len(generated), generated)


def _continuous(
    model: Any, tokenizer: Any, sampling: Sampling, requests: Sequence[Request], fields: Mapping[str, Any]
) -> Iterator[Completion]:
    """Continuous batching; each sample comes out when it ends."""
    import transformers

    rooms = {request.prompt: _room(model, sampling, len(request.prompt)) for request in requests}
    config = _generation_config(sampling, sampling.stop_ids[0] if sampling.stop_ids else 0, max(rooms.values()))
    batching = transformers.ContinuousBatchingConfig(
        seed=noise_seed(sampling.seed, sample_names(requests)),
        drop_unsupported_processors=False,  # without it, top_p could be left out in silence
        **fields,
    )
    with model.continuous_batching_context_manager(
        generation_config=config, continuous_batching_config=batching
    ) as manager:
        try:
            yield from _collect(manager, tokenizer, sampling, requests, rooms)
        except BaseException:
            manager.stop(hard_stop=True, timeout=30)  # leaving the block would wait for every sample
            raise


def _collect(
    manager: Any, tokenizer: Any, sampling: Sampling, requests: Sequence[Request], rooms: Mapping[tuple[int, ...], int]
) -> Iterator[Completion]:
    rows = ((request, sample_index) for request in requests for sample_index in request.sample_indices)
    waiting: dict[str, tuple[str, int]] = {}
    number = 0
    while True:
        for request, sample_index in islice(rows, IN_FLIGHT - len(waiting)):
            name, number = f"sample-{number}", number + 1
            waiting[name] = (request.problem_id, sample_index)
            manager.add_request(
                list(request.prompt),
                request_id=name,
                max_new_tokens=rooms[request.prompt],
                eos_token_id=list(sampling.stop_ids),
            )
        if not waiting:
            return
        result = manager.get_result(timeout=1)
        if result is None and not manager.is_running():
            fatal = manager.background_thread_status.fatal_error
            raise InputError(
                f"The engine stopped with {len(waiting)} samples in flight ({fatal}). What is stored stays; the same "
                "command goes on. Where memory was short, try --engine-option 'batching={\"max_memory_percent\": 0.7}'."
            )
        if result is not None and result.is_finished() and result.request_id in waiting:
            problem_id, sample_index = waiting.pop(result.request_id)
            if result.error is None:
                yield _completion(tokenizer, sampling, problem_id, sample_index, result.generated_tokens)
            else:
                yield Completion(problem_id, sample_index, str(result.error), "error", 0)


def _load_processor(spec: EngineSpec) -> Any:
    transformers = quiet_transformers()
    try:
        return transformers.AutoProcessor.from_pretrained(
            spec.model, revision=spec.revision or "main", trust_remote_code=spec.trust_remote_code
        )
    except Exception as error:
        raise cannot_load(spec.model, error) from error


def _sample_with_images(
    model: Any, processor: Any, sampling: Sampling, request: Request, size: int
) -> Iterator[Completion]:
    """Samples of a problem with pictures, side by side."""
    import torch

    images = [_image(image, request.problem_id) for image in request.images]
    try:
        # The text has its BOS; a processor would put another one before it.
        inputs = processor(text=[request.text], images=images, return_tensors="pt", add_special_tokens=False)
    except ValueError as error:
        raise InputError(
            f"Problem {request.problem_id}: its prompt has no place for the image ({error}). "
            "Choose a template that goes into the model's chat template, such as --template vision-boxed."
        ) from error
    inputs = inputs.to(model.device)
    begun = inputs["input_ids"].shape[1]
    pad = sampling.stop_ids[0] if sampling.stop_ids else 0
    context = reading_length(model.config)
    if context and begun >= context:  # with its pictures, which are counted only here
        reason = f"problem {request.problem_id} has {begun} tokens with its pictures; the model reads {context} at most"
        yield from (
            Completion(request.problem_id, sample_index, reason, "error", 0) for sample_index in request.sample_indices
        )
        return
    config = _generation_config(sampling, pad, _room(model, sampling, begun))
    for start in range(0, len(request.sample_indices), size):
        sample_indices = request.sample_indices[start : start + size]
        torch.manual_seed(noise_seed(sampling.seed, request.arm, request.problem_id, sample_indices))
        config.num_return_sequences = len(sample_indices) if config.do_sample else 1
        with torch.inference_mode():
            out = model.generate(**inputs, generation_config=config)
        for sample_index, row in zip(
            sample_indices, out[:, begun:].expand(len(sample_indices), -1).tolist(), strict=True
        ):
            yield _completion(processor.tokenizer, sampling, request.problem_id, sample_index, row)


def _image(data: bytes, problem_id: str) -> Any:
    from PIL import Image

    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise InputError(
            f"Problem {problem_id}: its image cannot be read ({error}). Mend the file, or leave the problem out."
        ) from error
