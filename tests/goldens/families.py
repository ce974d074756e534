"""Expected values of tiny Llamas, Qwen2s and Qwen3s, and of their tokenizers and chat templates, from transformers.

python3 tests/goldens/families.py      (needs torch, transformers and trl, whose chat_templates/ hold the published templates)

Writes fixtures/families.json and fixtures/families/NAME/, a Hugging Face folder as `save_pretrained` makes it but for its
weights: those are `mix` of a counter (here and in families.ts), so that they need not be committed.
"""
import importlib.util
import json
import pathlib
import sys

import numpy
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedTokenizerFast)
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
TEMPLATES = pathlib.Path(importlib.util.find_spec("trl").origin).parent / "chat_templates"
SMALL = dict(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=4,
             num_key_value_heads=2, rms_norm_eps=1e-5, max_position_embeddings=128, tie_word_embeddings=True,
             # torch gives the row of a padding token no gradient.
             bos_token_id=0, eos_token_id=0, pad_token_id=None)
LLAMA3 = dict(rope_type="llama3", rope_theta=50.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)
YARN = dict(rope_type="yarn", rope_theta=500.0, factor=4.0, original_max_position_embeddings=16)
CASES = {
    "qwen2, tied": ("qwen2", dict(num_hidden_layers=2)),
    "qwen2, untied": ("qwen2", dict(tie_word_embeddings=False)),
    "qwen3, tied": ("qwen3", dict(num_hidden_layers=2, head_dim=8)),
    "qwen3, untied, biases": ("qwen3", dict(tie_word_embeddings=False, head_dim=6, attention_bias=True)),
    "llama, wide heads": ("llama", dict(head_dim=10, num_key_value_heads=1)),
    "llama, biases": ("llama", dict(attention_bias=True)),
    "llama, linear": ("llama", dict(rope_parameters=dict(rope_type="linear", rope_theta=100.0, factor=3.0))),
    "llama, dynamic": ("llama", dict(rope_parameters=dict(rope_type="dynamic", rope_theta=100.0, factor=2.0))),
    "llama, llama3": ("llama", dict(rope_parameters=LLAMA3, head_dim=12)),
    "qwen2, yarn": ("qwen2", dict(rope_parameters=YARN, head_dim=12)),
    "qwen2, yarn past max_position_embeddings": (
        "qwen2", dict(max_position_embeddings=32, rope_parameters={**YARN, "original_max_position_embeddings": 32}, head_dim=12)),
    "qwen3, yarn": ("qwen3", dict(rope_parameters={**YARN, "beta_fast": 8.0, "beta_slow": 0.5, "truncate": False,
                                                   "mscale": 0.7, "mscale_all_dim": 1.3}, head_dim=12)),
}
# As published: Llama 3.1 and 3.2, Qwen2.5 with YaRN; and the two older kinds.
ROPES = {
    "llama 3.1": (128, dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "llama 3.2": (64, dict(rope_type="llama3", rope_theta=500000.0, factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "qwen 2.5": (128, dict(rope_type="yarn", rope_theta=1000000.0, factor=4.0, original_max_position_embeddings=32768)),
    "linear": (64, dict(rope_type="linear", rope_theta=10000.0, factor=4.0)),
    "dynamic": (64, dict(rope_type="dynamic", rope_theta=10000.0, factor=4.0)),
}


def mix(x):
    """Evenly spread 32-bit integers of a counter; any constants would do that families.ts has too."""
    x = x.astype(numpy.uint64)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = ((x ^ (x >> numpy.uint64(shift))) * numpy.uint64(factor)) & numpy.uint64(0xFFFFFFFF)
    return x ^ (x >> numpy.uint64(16))


def fill(model):
    """Norms near 1, the rest within 0.6, in the order of names."""
    counter = 0
    for name, parameter in sorted(model.named_parameters()):
        n = parameter.numel()
        noise = mix(numpy.arange(counter, counter + n)).astype(numpy.float64) / 2**32 - 0.5
        values = 1 + 0.4 * noise if "norm" in name else 1.2 * noise
        parameter.data = torch.tensor(values.reshape(tuple(parameter.shape)), dtype=torch.float32)
        counter += n
    return model


def numbers(t, digits=8):
    return [float(f"{x:.{digits}g}") for x in t.detach().reshape(-1).tolist()]


def model_of(family, settings):
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **{**SMALL, **settings})
    return fill(AutoModelForCausalLM.from_config(config, attn_implementation="eager")).eval()


def greedy(model, prompt, n):
    with torch.no_grad():
        ids = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                             max_new_tokens=n, do_sample=False, eos_token_id=None, pad_token_id=0)[0].tolist()
        logits = model(torch.tensor([ids])).logits[0].double()
    logs = logits.log_softmax(-1)
    gap = min((t[0] - t[1]).item() for t in (logits[i].topk(2).values for i in range(len(prompt) - 1, len(ids) - 1)))
    said = ids[len(prompt):]
    return gap, dict(tokens=said, logprobs=numbers(torch.stack([logs[len(prompt) - 1 + i, t] for i, t in enumerate(said)])))


def case_golden(name, family, settings):
    model = model_of(family, settings)
    generator = torch.Generator().manual_seed(len(name))
    tokens = lambda n: torch.randint(0, 40, (n,), generator=generator).tolist()
    shared, rows = tokens(27), []
    for prompt, response in ((shared, tokens(5)), (shared, tokens(7)), (shared[:6], tokens(4))):
        logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
        logs = logits.log_softmax(-1)
        logp, entropy = logs.gather(1, torch.tensor(response)[:, None])[:, 0], -(logs.exp() * logs).sum(-1)
        a, b = (torch.randn(len(response), generator=generator) for _ in range(2))
        (logp @ a + entropy @ b).backward()
        rows.append(dict(prompt=prompt, response=response, logp=numbers(logp), entropy=numbers(entropy),
                         dLogp=numbers(a), dEntropy=numbers(b)))
    gradients = {n: numbers(p.grad, 7) for n, p in sorted(model.named_parameters())}
    gap, said = greedy(model, shared, 40)
    print(f"{name}: narrowest greedy decision {gap:.4f}", file=sys.stderr)
    return dict(config=json.loads(model.config.to_json_string()), rows=rows, gradients=gradients, greedy=dict(prompt=shared, **said))


def rope_golden(head, parameters):
    original = parameters.get("original_max_position_embeddings", 32768)
    config = AutoConfig.for_model("llama", hidden_size=head, num_attention_heads=1, intermediate_size=8, num_hidden_layers=1,
                                  vocab_size=8, max_position_embeddings=max(original, 65536), rope_parameters=parameters)
    positions = [1, 5, 1000, 9001, 40000]
    cos, sin = LlamaRotaryEmbedding(config)(torch.zeros(1), torch.tensor([positions]))
    return dict(config=json.loads(config.to_json_string()), positions=positions,
                cos=numbers(cos[0, :, : head // 2], 9), sin=numbers(sin[0, :, : head // 2], 9))


# Tokenizers: the published pre-tokenizers around vocabularies that are trained here, on next to nothing.
QWEN_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3_WORDS = QWEN_WORDS.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
CORPUS = ["What is the capital of France? The capital of France is Paris.", "You may call one or more functions to assist with the user query.",
          'For each function call return a json object {"name": "get_capital", "arguments": {"country": "France"}}'] * 3
QWEN_TOKENS = [("<|endoftext|>", True), ("<|im_start|>", True), ("<|im_end|>", True), ("<tool_call>", False), ("</tool_call>", False)]
THINK_TOKENS = [("<tool_response>", False), ("</tool_response>", False), ("<think>", False), ("</think>", False)]
LLAMA_TOKENS = [(t, True) for t in ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>")]
FOLDERS = {
    "qwen2": (QWEN_TOKENS, QWEN_WORDS, normalizers.NFC(), "qwen2_5", "<|im_end|>", "<|endoftext|>", None),
    "qwen3": (QWEN_TOKENS + THINK_TOKENS, QWEN_WORDS, normalizers.NFC(), "qwen3", "<|im_end|>", "<|endoftext|>", None),
    # Published under a licence of its own, so the folder keeps ours (templateFor in src/engine/tokenizer/chat-template.ts).
    "llama": (LLAMA_TOKENS, LLAMA3_WORDS, None, None, "<|eot_id|>", "<|end_of_text|>", "<|begin_of_text|>"),
}


def tokenizer_of(tokens, words, normalizer, template, end, pad, bos):
    core = Tokenizer(models.BPE())
    if normalizer:
        core.normalizer = normalizer
    core.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(words), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    core.decoder = decoders.ByteLevel()
    core.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    core.add_tokens([AddedToken(t, special=special, normalized=False) for t, special in tokens])
    if bos:
        core.post_processor = processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, core.token_to_id(bos))])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token=end, pad_token=pad, bos_token=bos, model_max_length=4096)
    own = FIXTURES / "families" / "llama" / "chat_template.jinja"
    tokenizer.chat_template = (TEMPLATES / f"{template}.jinja" if template else own).read_text()
    return tokenizer


TOOLS = [{"type": "function", "function": tool} for tool in (
    {"name": "get_capital", "description": "Capital city of a country.", "parameters": {"type": "object", "properties": {"country": {"type": "string", "description": "English country name"}}, "required": ["country"]}},
    {"name": "find_airports", "description": "Airports near a city, naïve “quotes” & <tags>.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "limit": {"type": "integer", "default": 3}}, "required": ["city"]}},
)]
CALL = '<tool_call>\n{"name": "get_capital", "arguments": {"country": "France"}}\n</tool_call>'
CONVERSATIONS = [
    ([{"role": "user", "content": "What's the capital of France?"}], []),
    ([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "I'LL ask 12345 things\n\n\n  twice…"}], TOOLS),
    ([{"role": "user", "content": "Capital of France, Å or Å?"}], TOOLS),
    ([{"role": "user", "content": "Capital of France?"}, {"role": "assistant", "content": CALL}, {"role": "tool", "content": "Paris"}, {"role": "tool", "content": '{"n": 1}'}], TOOLS),
]
TEXTS = ["", " ", "a", "I'm, we'll, THEY'RE, it'S", "x  y\n\n z\t\r\n end ", "1234567 ٣٤٥ ²", "Å Å ﬁ é", "你好，世界 🙂🏽", "{\"a\": [1, 2.5]}\n", "    def f():\n        return 'ok'\n"]


def folder_golden(name, spec):
    family = name
    tokenizer = tokenizer_of(*spec)
    ids = {t: tokenizer.convert_tokens_to_ids(t) for t in (spec[4], spec[5])}
    model = model_of(family, dict(vocab_size=len(tokenizer) + 5, max_position_embeddings=4096, eos_token_id=ids[spec[4]], pad_token_id=ids[spec[5]], bos_token_id=None, head_dim=8, num_hidden_layers=2))
    folder = FIXTURES / "families" / name
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    GenerationConfig(eos_token_id=[ids[spec[4]], ids[spec[5]]], pad_token_id=ids[spec[5]], do_sample=True, temperature=0.7, top_p=0.8).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(json.loads((folder / "tokenizer.json").read_text())) + "\n")
    chats = []
    for messages, tools in CONVERSATIONS:
        thinking = [dict(enable_thinking=True), dict(enable_thinking=False)] if name == "qwen3" else [{}]
        for options in thinking:
            given = dict(tools=tools or None, add_generation_prompt=True, date_string="26 Jul 2024", **options)
            chats.append(dict(messages=messages, tools=[t["function"] for t in tools], thinking=options.get("enable_thinking"),
                              text=tokenizer.apply_chat_template(messages, tokenize=False, **given),
                              ids=tokenizer.apply_chat_template(messages, return_dict=False, **given)))
    tokens = [dict(text=t, ids=tokenizer(t, add_special_tokens=False).input_ids) for t in TEXTS]
    gap, said = greedy(model, chats[-1]["ids"], 24)
    print(f"{name}: narrowest greedy decision {gap:.4f}", file=sys.stderr)
    return dict(chats=chats, tokens=tokens, greedy=dict(prompt=chats[-1]["ids"], text=tokenizer.decode(said["tokens"]), **said))


golden = dict(
    cases={name: case_golden(name, *case) for name, case in CASES.items()},
    ropes={name: rope_golden(*rope) for name, rope in ROPES.items()},
    folders={name: folder_golden(name, spec) for name, spec in FOLDERS.items()},
)
(FIXTURES / "families.json").write_text(json.dumps(golden) + "\n")
