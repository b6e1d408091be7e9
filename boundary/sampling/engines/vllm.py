"""The vllm engine: vLLM in this process, each sample out when it ends."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Literal

from boundary.errors import InputError
from boundary.sampling.engines.opening import local_facts, own_options
from boundary.sampling.engines.spec import (
    EngineFacts,
    EngineSpec,
    Generate,
    Request,
    Sampling,
    noise_seed,
    sample_names,
)
from boundary.sampling.engines.vllm_options import split_options
from boundary.sampling.models import cannot_load, load_config, refuse_missing_folder
from boundary.sampling.option_types import Positive, Share
from boundary.sampling.problems import Completion

# Requests that wait inside the engine: enough to keep any GPU busy, few enough to hold in memory.
IN_FLIGHT = 4096


@contextmanager
def vllm_engine(
    spec: EngineSpec,
    *,
    tensor_parallel_size: Positive = 1,
    gpu_memory_utilization: Share | None = None,
    max_model_len: Positive | None = None,
    dtype: str = "auto",
    quantization: str | None = None,
    enforce_eager: bool | None = None,
    seeded: bool | None = None,
    ready: Callable[[], None] = lambda: None,
    **further_options: Any,
) -> Iterator[Generate]:
    """Load a model with vLLM.

    Parameters
    ----------
    spec
        The model and how it is sampled.
    tensor_parallel_size
        GPUs that share the model.
    gpu_memory_utilization, max_model_len, dtype, quantization, enforce_eager
        As vLLM's EngineArgs have them.
    seeded
        Whether every sample has a seed of its own. Default: on a GPU; the engine for processors dies of it, so there
        all noise comes from the engine's seed, which is made from what is missing.
    ready
        Called when the model has been loaded.
    further_options
        Fields of vLLM's EngineArgs and SamplingParams, by name (see `vllm_options`).
    """
    import vllm
    from vllm.platforms import current_platform

    refuse_missing_folder(spec.model)
    held: list[Any] = []
    engine_options, sampling_options = split_options(further_options, vllm)
    options = {
        "tensor_parallel_size": tensor_parallel_size,
        "gpu_memory_utilization": gpu_memory_utilization,
        "max_model_len": max_model_len,
        "quantization": quantization,
        "enforce_eager": enforce_eager,
        **engine_options,
    }
    arguments = _checked(vllm.EngineArgs)(
        model=spec.model,
        revision=spec.revision,
        tokenizer=spec.tokenizer or spec.model,
        trust_remote_code=spec.trust_remote_code,
        dtype=dtype,
        generation_config="vllm",  # not the model's own, which would add top_k or a penalty
        disable_log_stats=True,
        **{name: value for name, value in options.items() if value is not None},
    )
    seeded = not current_platform.is_cpu() if seeded is None else seeded
    load_config(spec.model, spec.revision, spec.trust_remote_code)  # says plainly what is wrong, which vLLM does not

    def generate(requests: Sequence[Request]) -> Iterator[Completion]:
        if not held:
            arguments.seed = noise_seed(spec.sampling.seed, sample_names(requests))
            held.append(_start(vllm, spec, arguments))
        ready()
        yield from _collect(vllm, held[0], spec.sampling, requests, seeded, sampling_options)

    try:
        yield generate
    finally:
        for engine in held:
            engine.engine_core.shutdown()


def vllm_facts(spec: EngineSpec) -> EngineFacts:
    """Version and context, once it is clear that vLLM has the options that are passed through to it.

    Raises
    ------
    InputError
        If vLLM is missing or has no such option, or the model cannot be had.
    """
    facts = local_facts(spec)
    further_options = {name: value for name, value in spec.options.items() if name not in own_options(vllm_engine)}
    if further_options:
        import vllm

        split_options(further_options, vllm)
    return facts


def _start(vllm: Any, spec: EngineSpec, arguments: Any) -> Any:
    try:
        return vllm.LLMEngine.from_engine_args(arguments)
    except Exception as error:  # whatever its processes raise, the model cannot be had
        raise cannot_load(spec.model, error) from error


def _parameters(
    vllm: Any, sampling: Sampling, request: Request, sample_index: int, seeded: bool, further_options: Mapping[str, Any]
) -> Any:
    from vllm.sampling_params import RequestOutputKind

    # What a model's files would otherwise choose, unless the user does.
    defaults: dict[str, Any] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    return _checked(vllm.SamplingParams)(
        **(defaults | dict(further_options)),
        n=1,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        stop_token_ids=list(sampling.stop_ids),
        ignore_eos=False,
        seed=noise_seed(sampling.seed, request.arm, request.problem_id, sample_index) if seeded else None,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _checked(kind: Callable[..., Any]) -> Callable[..., Any]:
    """One of vLLM's records; values that it refuses are said plainly."""

    def make(**fields: Any) -> Any:
        try:
            return kind(**fields)
        except (TypeError, ValueError, AssertionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"vLLM refuses an option ({reason}). Check the values of --engine-option.") from error

    return make


def _collect(
    vllm: Any,
    engine: Any,
    sampling: Sampling,
    requests: Sequence[Request],
    seeded: bool,
    further_options: Mapping[str, Any],
) -> Iterator[Completion]:
    rows = ((request, sample_index) for request in requests for sample_index in request.sample_indices)
    waiting: dict[str, tuple[str, int]] = {}
    number = 0
    try:
        while True:
            for request, sample_index in islice(rows, IN_FLIGHT - len(waiting)):
                name, number = f"{request.problem_id}-{sample_index}-{number}", number + 1
                prompt = {"prompt_token_ids": list(request.prompt)}
                parameters = _parameters(vllm, sampling, request, sample_index, seeded, further_options)
                try:
                    engine.add_request(name, prompt, parameters)
                except ValueError as error:  # its context can be shorter than the model's
                    yield Completion(request.problem_id, sample_index, " ".join(str(error).split())[:200], "error", 0)
                    continue
                waiting[name] = (request.problem_id, sample_index)
            if not waiting:
                return
            for output in _step(engine, len(waiting)):
                if output.finished and output.request_id in waiting:
                    yield _completion(*waiting.pop(output.request_id), output.outputs[0])
    finally:
        if waiting:  # stopped early: nothing of it may come out in a later call
            engine.abort_request(list(waiting))


def _step(engine: Any, n_waiting: int) -> Any:
    try:
        return engine.step()
    except Exception as error:  # EngineDeadError and whatever killed it
        raise InputError(
            f"vLLM stopped with {n_waiting} samples in flight ({' '.join(str(error).split())[:200]}). "
            "What is stored stays; the same command goes on."
        ) from error


def _completion(problem_id: str, sample_index: int, output: Any) -> Completion:
    if output.finish_reason not in ("stop", "length"):
        return Completion(problem_id, sample_index, "", "error", 0)
    finish: Literal["stop", "length"] = output.finish_reason
    tokens = tuple(output.token_ids)
    return Completion(problem_id, sample_index, output.text, finish, len(tokens), tokens)
