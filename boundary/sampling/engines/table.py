"""The engines that `--engine` can name: a module in this folder and a line here make a new one."""

from collections.abc import Mapping

from boundary.sampling.engines.spec import Engine

ENGINES: Mapping[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(
            "transformers",
            "transformers:transformers_engine",
            packages=("transformers", "torch"),
            sees_images=True,
            identifying_options=("dtype", "attention"),
        ),
        Engine(
            "vllm",
            "vllm:vllm_engine",
            packages=("vllm",),
            extra="vllm",
            facts="vllm:vllm_facts",
            identifying_options=("dtype", "quantization"),
            context_option="max_model_len",
        ),
        Engine(
            "openai",
            "openai:openai_engine",
            facts="servers:served_facts",
            weights_are_local=False,
            identifying_options=("served_model",),
            chats=True,
        ),
        Engine(
            "ray",
            "ray:ray_engine",
            packages=("ray",),
            extra="ray",
            identifying_options=("worker",),
            runs_workers=True,
        ),
    )
}
# Takes the place of one that is not named where the user names a server.
SERVER_ENGINE = next(engine.name for engine in ENGINES.values() if not engine.weights_are_local)
