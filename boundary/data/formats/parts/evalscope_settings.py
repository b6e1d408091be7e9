"""How EvalScope took and judged samples: `configs/task_config_*.yaml` of a run, beside its folder `reviews`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.rewards import mapping
from boundary.data.readers.streams import Source
from boundary.data.readers.yaml_fields import yaml_fields

REVIEWS, CONFIGURATIONS = "reviews", "configs/task_config_*.yaml"
LARGEST = 1 << 20
# Parts of the configuration that change what is sampled or judged.
FIELDS = (
    *(
        "generation_config",
        "model_args",
        "dataset_args",
        "chat_template",
        "eval_type",
        "eval_backend",
        "judge_strategy",
    ),
    *("judge_model_args", "agent_config", "system_prompt"),
)
# Within them what changes no sample: how requests are sent, and which of equal random numbers are drawn.
INDIFFERENT = (
    *("seed", "n", "timeout", "stream", "retries", "retry_interval", "batch_size", "device_map", "max_connections"),
    *("api_key", "api_url", "subset_list", "dataset_id", "local_path", "review_timeout", "shuffle"),
)
SETTINGS = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens", "max_new_tokens": "max_tokens"}


def read_settings(source: Source) -> None:
    """Put what the run's configuration says of a file of reviews into the settings and conditions of the source."""
    folders = source.path.resolve()
    run = next((folder.parent for folder in folders.parents if folder.name == REVIEWS), None)
    paths = [] if run is None else sorted(path for path in run.glob(CONFIGURATIONS) if path.is_file())
    if not paths:
        return
    configurations = [_configuration(path, source.plain_name) for path in paths]
    if any(other != configurations[0] for other in configurations) or configurations[0] is None:
        reason = "cannot be read" if None in configurations else "differ"
        source.note(
            f"'{run}': its configurations (configs/task_config_*.yaml) {reason}, so that runs of other settings are "
            "not told apart."
        )
        return
    configuration = configurations[0]
    generation = mapping(configuration.pop("generation_config", None))
    for name, value in list(generation.items()):
        if name in SETTINGS and isinstance(value, int | float) and not isinstance(value, bool):
            source.settings[SETTINGS[name]] = generation.pop(name)
    source.conditions |= configuration | ({"generation_config": generation} if generation else {})


def _configuration(path: Path, file_name: str) -> dict[str, Any] | None:
    """What of a configuration tells runs apart; None where it cannot be read."""
    import yaml

    if path.stat().st_size > LARGEST:
        return None
    try:
        with path.open("rb") as file:
            fields = yaml_fields(file, FIELDS, nested=True)
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None
    if fields is None:
        return None
    data_sets = mapping(fields.pop("dataset_args", None))
    # Reviews are named {benchmark}_{subset}.
    fitting = [name for name in data_sets if file_name.startswith(f"{name}_")]
    if fitting:
        fields["dataset_args"] = data_sets[max(fitting, key=len)]
    return {name: _relevant(value) for name, value in fields.items() if value not in (None, {}, [])}


def _relevant(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _relevant(part) for name, part in value.items() if name not in INDIFFERENT and part is not None}
