"""Models by name: their tokenizer, what identifies their weights, and plain words where they cannot be had."""

import hashlib
import json
from pathlib import Path
from typing import Any

from boundary.errors import InputError
from boundary.sampling.packages import package_version
from boundary.sampling.weights import Notice, folder_fingerprint


def load_tokenizer(name: str, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """A transformers tokenizer.

    Parameters
    ----------
    trust_remote_code
        Whether code that comes with it may run here. Transformers asks on a terminal where this is left open.

    Raises
    ------
    InputError
        If transformers is not installed, or the tokenizer cannot be had; the message says why.
    """
    transformers = quiet_transformers()
    refuse_missing_folder(name)
    try:
        return transformers.AutoTokenizer.from_pretrained(
            name, revision=revision or "main", trust_remote_code=trust_remote_code
        )
    except Exception as error:  # the hub's client and the file formats raise many kinds
        raise cannot_load(name, error) from error


def load_config(name: str, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """A transformers configuration; the weights are not loaded.

    Raises
    ------
    InputError
        If the model cannot be had.
    """
    transformers = quiet_transformers()
    refuse_missing_folder(name)
    try:
        return transformers.AutoConfig.from_pretrained(
            name, revision=revision or "main", trust_remote_code=trust_remote_code
        )
    except Exception as error:
        raise cannot_load(name, error) from error


def reading_length(config: Any) -> int | None:
    """Tokens that a model reads at most, by its configuration; None where that says nothing."""
    longest = getattr(config.get_text_config(), "max_position_embeddings", None)
    return int(longest) if longest else None


def context_length(name: str, revision: str | None = None, trust_remote_code: bool = False) -> int | None:
    """Tokens that a model reads at most, prompt and sample together.

    Raises
    ------
    InputError
        If the model cannot be had.
    """
    return reading_length(load_config(name, revision, trust_remote_code))


def weights_revision(
    name: str,
    revision: str | None = None,
    trust_remote_code: bool = False,
    notice: Notice = lambda text: None,
    config: Any = None,
) -> str:
    """What identifies weights: the commit on the hub, or a fingerprint of a folder's files.

    Parameters
    ----------
    config
        The model's configuration, where it has been loaded.

    Raises
    ------
    InputError
        If the model cannot be had.
    """
    refuse_missing_folder(name)
    if Path(name).is_dir():
        return folder_fingerprint(Path(name), notice)
    config = config or load_config(name, revision, trust_remote_code)
    return str(getattr(config, "_commit_hash", None) or revision or "main")


def tokenizer_hash(tokenizer: Any) -> str:
    """Fingerprint of a tokenizer: vocabulary, merges, special tokens and chat template."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    parts = [
        backend.to_str() if backend is not None else sorted(tokenizer.get_vocab().items()),
        tokenizer.bos_token,
        tokenizer.eos_token,
        tokenizer.chat_template,
    ]
    return "sha256:" + hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def vocabulary_hash(tokenizer: Any) -> str:
    """Fingerprint of what each token id stands for: two tokenizers that share it read the same ids alike.

    Unlike `tokenizer_hash` it passes over the chat template and over which token is called the end of a text, in which
    a base model and the model trained from it differ.
    """
    words = sorted((number, word) for word, number in tokenizer.get_vocab().items())
    return "sha256:" + hashlib.sha256(json.dumps(words).encode()).hexdigest()


def quiet_transformers() -> Any:
    """The package transformers, without its own bars and remarks, which would run through ours.

    Raises
    ------
    InputError
        If it is not installed.
    """
    package_version("transformers")
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


def refuse_missing_folder(name: str) -> None:
    """Say plainly that a folder is not there, rather than look for it on the hub.

    Raises
    ------
    InputError
        If the name is a path and nothing is there, or names a file.
    """
    path = Path(name)
    if path.is_file():
        raise InputError(f"'{name}' is a file. Name the folder that holds config.json and the weights.")
    if path.is_dir() and not (path / "config.json").is_file() and not (path / "tokenizer_config.json").is_file():
        raise InputError(f"'{name}' holds no model: it has no config.json.")
    if not path.is_dir() and (name.startswith((".", "/", "~")) or name.count("/") > 1):
        raise InputError(f"No folder '{name}'. Name a model's folder, or its id on the hub as in Qwen/Qwen2.5-7B.")


class ModelCodeError(InputError):
    """A model or a tokenizer comes with code of its own, which was not allowed to run.

    Parameters
    ----------
    model
        Its name.
    remedy
        What the user can do.
    """

    def __init__(self, model: str, remedy: str) -> None:
        super().__init__(f"The model '{model}' comes with code of its own, {remedy}")
        self.model, self.remedy = model, remedy

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """How it goes from one process to another."""
        return type(self), (self.model, self.remedy)


def cannot_load(name: str, error: BaseException) -> InputError:
    """The plain message for what the hub's client or transformers raised about a model."""
    kinds = {kind.__name__ for cause in _chain(error) for kind in type(cause).__mro__}
    text = " ".join(str(error).split())
    if "trust_remote_code" in text:
        return ModelCodeError(
            name,
            "which boundary does not run unless you say so. Read that code; where you trust it, add "
            "--trust-remote-code. It then runs with all that you may do on this machine.",
        )
    if "GatedRepoError" in kinds or "gated repo" in text:
        return InputError(
            f"The model '{name}' is gated: ask for access on its page at huggingface.co, log in with hf auth login, "
            "and start again."
        )
    if "RevisionNotFoundError" in kinds or "is not a valid git identifier" in text:
        return InputError(f"The model '{name}' has no such revision. Check --revision.")
    if "RepositoryNotFoundError" in kinds or "is not a local folder and is not a valid model identifier" in text:
        return InputError(
            f"There is no model '{name}' on huggingface.co that you may see. Check the id; for a private one, "
            "log in with hf auth login."
        )
    unreachable = {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectionError", "ConnectError", "TimeoutError"}
    if kinds & unreachable or "couldn't connect" in text.lower() or "We couldn't" in text:
        return InputError(
            f"The model '{name}' is not on this machine, and huggingface.co cannot be reached. Check the network, or "
            "name a folder that holds the model."
        )
    return InputError(f"Cannot load the model '{name}': {text[:300]}")


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return chain
