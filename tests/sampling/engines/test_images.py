"""Problems with pictures, through transformers' image-text-to-text, on a tiny model with random weights."""

import io
import json
from collections import Counter

import pytest

from boundary.data.runs.counts import run_table
from boundary.errors import InputError
from boundary.sampling.engines.opening import open_engine
from boundary.sampling.engines.spec import EngineSpec, Request, Sampling
from boundary.sampling.problems import Problem
from boundary.sampling.prompts import load_template, text_with_bos
from boundary.sampling.run import Run, sample

pytest.importorskip("torch")
pytest.importorskip("accelerate")
Image = pytest.importorskip("PIL.Image")

WORDS = ["[UNK]", "<s>", "</s>", "<image>", "<pad>", "USER", "ASSISTANT", ":", "How", "many", "?", *map(str, range(20))]
CHAT = (
    "<s>{% for m in messages %}USER : {% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}<image>\n{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %} ASSISTANT :{% endif %}"
)


@pytest.fixture(scope="module")
def seeing_model(word_tokenizer, tmp_path_factory):
    """A LLaVA of two layers, whose tokenizer adds a BOS and whose chat template writes one too."""
    import torch
    import transformers
    from tokenizers import processors

    tokenizer = word_tokenizer(WORDS, pad_token="<pad>", additional_special_tokens=["<image>"])
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    layers = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    sight = transformers.CLIPVisionConfig(
        **layers, num_attention_heads=2, image_size=28, patch_size=14, projection_dim=32
    )
    text = transformers.LlamaConfig(
        **layers,
        vocab_size=len(WORDS),
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=32,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=4,
    )
    torch.manual_seed(0)
    config = transformers.LlavaConfig(
        vision_config=sight,
        text_config=text,
        image_token_index=3,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
    )
    folder = tmp_path_factory.mktemp("models") / "tiny-llava"
    model = transformers.LlavaForConditionalGeneration(config)
    with torch.no_grad():  # random weights hardly look at a picture otherwise
        for weights in model.model.multi_modal_projector.parameters():
            weights.mul_(200)
    model.save_pretrained(folder)
    transformers.LlavaProcessor(
        image_processor=transformers.CLIPImageProcessorPil(
            size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}
        ),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT,
    ).save_pretrained(folder)
    return folder


def picture(colour):
    held = io.BytesIO()
    Image.new("RGB", (50, 40), colour).save(held, "PNG")
    return held.getvalue()


RED, BLUE = picture((250, 0, 0)), picture((0, 0, 250))


def generated(model, images, temperature=1.0, max_tokens=6, text="<s>USER : <image>\nHow many ? ASSISTANT :"):
    sampling = Sampling(temperature, 1.0, max_tokens, (2,), 0)
    request = Request("p", (1,), tuple(range(6)), text, images)
    with open_engine(
        EngineSpec("transformers", str(model), sampling=sampling, options={"device": "cpu", "batch_size": 4})
    ) as generate:
        return list(generate([request]))


def test_every_sample_comes_once_with_noise_of_its_own(seeing_model):
    completions = generated(seeing_model, (RED,))
    assert Counter(completion.sample_index for completion in completions) == dict.fromkeys(range(6), 1)
    assert len({completion.text for completion in completions}) > 3
    assert [completion.text for completion in generated(seeing_model, (RED,))] == [
        completion.text for completion in completions
    ]


def test_the_picture_is_looked_at(seeing_model):
    red, blue = (generated(seeing_model, (image,), temperature=0)[0].text for image in (RED, BLUE))
    assert red != blue


def test_a_sample_ends_where_the_models_context_does(seeing_model):
    completions = generated(seeing_model, (RED,), max_tokens=1000)
    begun = 11  # four of them the picture's
    assert max(completion.n_tokens for completion in completions) <= 32 - begun


def test_there_is_one_bos_whether_the_template_writes_it_or_not(seeing_model):
    import transformers

    processor = transformers.AutoProcessor.from_pretrained(seeing_model)
    problem = Problem("p", "How many ?", images=(RED,))
    for template in (CHAT, CHAT.removeprefix("<s>"), f"<s>{CHAT}"):
        processor.tokenizer.chat_template = template
        text = text_with_bos(processor.tokenizer, load_template("chat"), problem)
        ids = processor(text=[text], images=[Image.open(io.BytesIO(RED))], add_special_tokens=False)["input_ids"][0]
        assert (list(ids[:2]), list(ids).count(1)) == ([1, 5], 1)


def test_a_picture_that_cannot_be_read_is_said_plainly(seeing_model):
    with pytest.raises(InputError, match="Problem p: its image cannot be read"):
        generated(seeing_model, (b"no picture",))


@pytest.mark.parametrize(
    ("engine", "options"), [("vllm", {}), ("openai", {"base_url": "http://localhost:1"}), ("ray", {"worker": "vllm"})]
)
def test_an_engine_that_would_not_see_the_pictures_is_refused(engine, options, tmp_path):
    (tmp_path / "red.png").write_bytes(RED)
    (tmp_path / "seen.jsonl").write_text(json.dumps({"problem": "How many ?", "answer": "3", "image": "red.png"}))
    run = Run(tmp_path / "run", ("m",), (str(tmp_path / "seen.jsonl"),), 5, engine=engine, engine_options=options)
    with pytest.raises(InputError, match=r"'seen' has pictures, and the engine .* is given text alone"):
        sample(run)


def test_a_prompt_without_a_place_for_the_picture_is_said_plainly(seeing_model):
    with pytest.raises(InputError, match="Problem p: its prompt has no place for the image"):
        generated(seeing_model, (RED,), text="<s>USER : How many ? ASSISTANT :")


def test_a_run_over_problems_with_and_without_pictures(seeing_model, tmp_path):
    (tmp_path / "red.png").write_bytes(RED)
    rows = [{"problem": "How many ?", "answer": "3", "image": "red.png"}, {"problem": "How many ?", "answer": "4"}]
    (tmp_path / "seen.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = sample(
        Run(
            output=tmp_path / "run",
            models=(str(seeing_model),),
            benchmarks=(str(tmp_path / "seen.jsonl"),),
            n=5,
            engine_options={"device": "cpu"},
            template="chat",
            verifier="first-number",
            max_tokens=4,
        )
    )
    assert (done[0].new, done[0].missing) == (10, 0)
    assert run_table(tmp_path / "run")["n_samples"].tolist() == [5, 5]
