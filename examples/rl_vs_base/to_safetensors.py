"""Turn the GGUF file of SmolLM2 into a folder that transformers loads: `python to_safetensors.py FILE.gguf OUT`."""

import sys
from pathlib import Path
from typing import Any


def convert(source: Path, out: str) -> None:
    """Weights as float32, and the tokenizer."""
    import transformers

    options: dict[str, Any] = {"gguf_file": source.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(source.parent), **options)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(source.parent), quantization_config=transformers.GgufConfig(dequantize=True), dtype="float32", **options
    )
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), sys.argv[2])
