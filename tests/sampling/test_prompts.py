"""Prompts: every template in full view, one BOS at most, the same stop ids for both arms."""

import json

import pytest

from boundary.errors import InputError
from boundary.sampling.problems import Problem
from boundary.sampling.prompts import (
    CHAT,
    FOLDER,
    PLACE,
    PLAIN,
    chat_messages,
    load_template,
    prompt_ids,
    prompt_text,
    stop_ids,
    template_names,
)

PROBLEM = Problem("p", "What is {x} + \\frac{1}{2}?", "1")
SPECIAL = ["<s>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHATML = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer(eos="<|endoftext|>", adds_bos=True, bos="<s>", chat=CHATML):
    """A real tokenizer of a word a token, made here."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors

    words = ["[UNK]", "</s>", *SPECIAL, "What", "is", "user", "assistant"]
    core = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    if adds_bos:
        core.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", words.index("<s>"))]
        )
    tokenizer_of_words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=bos, eos_token=eos, unk_token="[UNK]"
    )
    tokenizer_of_words.chat_template = chat
    return tokenizer_of_words


@pytest.mark.parametrize("name", template_names())
def test_every_template_holds_its_problem_once_and_only_that_is_replaced(name):
    template = load_template(name)
    assert template.text.count(PLACE) == 1
    assert template.chat == (FOLDER / f"{name}{CHAT}").is_file() != (FOLDER / f"{name}{PLAIN}").is_file()
    assert template.hash.startswith("sha256:")
    [message] = chat_messages(template, PROBLEM)
    assert PROBLEM.prompt in message["content"]


def test_the_template_of_the_paper_is_written_out():
    assert prompt_text(None, load_template("qwen-boxed"), PROBLEM) == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWhat is {x} + \\frac{1}{2}?\n"
        "Please reason step by step, and put your final answer within \\boxed{}.<|im_end|>\n<|im_start|>assistant\n"
    )


def test_hashes_tell_templates_apart():
    assert len({load_template(name).hash for name in template_names()}) == len(template_names())


@pytest.mark.parametrize("adds_bos", [True, False])
@pytest.mark.parametrize("name", ["qwen-boxed", "raw", "chat", "simple", "twice"])
def test_there_is_one_bos_at_most(tmp_path, name, adds_bos):
    if name == "twice":
        (tmp_path / "twice.txt").write_text("<s><s>{problem}")
        name = str(tmp_path / "twice.txt")
    words = tokenizer(adds_bos=adds_bos)
    ids = prompt_ids(words, load_template(name), PROBLEM)
    bos = words.bos_token_id
    writes_bos = load_template(name).chat or "twice" in name
    assert ids.count(bos) == int(adds_bos or writes_bos)
    assert (ids[0] == bos) == (adds_bos or writes_bos)
    assert all(isinstance(token, int) for token in ids)


def test_a_tokenizer_without_bos_gets_none():
    words = tokenizer(adds_bos=False, bos=None, chat=CHATML.replace("{{ bos_token }}", ""))
    assert prompt_ids(words, load_template("raw"), Problem("p", "What is")) == [6, 7]


def test_base_and_trained_model_stop_at_the_same_ids():
    base, trained = tokenizer(eos="<|endoftext|>"), tokenizer(eos="<|im_end|>")
    assert stop_ids(base, [trained]) == stop_ids(trained, [base]) == stop_ids(base) == (3, 5)
    # </s> is a word of this vocabulary, not a special token, so it stops only an arm that calls it its end.
    assert stop_ids(base, [tokenizer(eos="</s>")]) == (1, 3, 5)


def test_a_model_without_chat_template_is_said_plainly():
    with pytest.raises(InputError, match="needs the model's chat template"):
        prompt_ids(tokenizer(chat=None), load_template("chat"), PROBLEM)


def test_messages_and_images_go_into_the_chat():
    turns = ({"role": "user", "content": "hi"},)
    assert chat_messages(load_template("chat"), Problem("p", "x", messages=turns)) == list(turns)
    [turn] = chat_messages(load_template("vision-boxed"), Problem("p", "How many?", images=(b"png",)))
    assert [part["type"] for part in turn["content"]] == ["image", "text"]


def test_worked_examples_come_before_the_problem(tmp_path):
    path = tmp_path / "shots.jsonl"
    path.write_text("".join(json.dumps({"problem": f"{a} * 2 =", "answer": 2 * a}) + "\n" for a in (3, 4)))
    template = load_template(f"few-shot:{path}")
    assert prompt_text(None, template, Problem("p", "5 * 2 =", "10")) == (
        "Question: 3 * 2 =\nAnswer: 6\n\nQuestion: 4 * 2 =\nAnswer: 8\n\nQuestion: 5 * 2 =\nAnswer:"
    )


def test_wrong_templates_are_said_plainly(tmp_path):
    (tmp_path / "empty.txt").write_text("nothing")
    for name, message in (
        ("qwen-box", "Did you mean 'qwen-boxed'"),
        (str(tmp_path / "empty.txt"), "has no {problem}"),
        (str(tmp_path / "missing.txt"), "Cannot read the template"),
        ("few-shot:missing.jsonl", "No file 'missing.jsonl'"),
    ):
        with pytest.raises(InputError, match=message):
            load_template(name)
