"""Makes the goldens of SmolLM2 with transformers: token ids, chat template, logits and greedy text in float32.

  python3 -m venv venv && venv/bin/pip install torch transformers gguf accelerate
  venv/bin/python tests/goldens/smollm2.py FOLDER_WITH_GGUF POLICY_FOLDER TINY_FOLDER

FOLDER_WITH_GGUF holds SmolLM2-135M-Instruct.Q4_1.gguf, POLICY_FOLDER is what prepareSmolLM2 made of it and TINY_FOLDER
what prepareTiny made. Also checks that transformers loads both folders, SmolLM2's with the very weights of the GGUF.
"""

import json
import pathlib
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
HERE = pathlib.Path(__file__).parent / "fixtures"

WORDS = """Hello, world!|The quick brown fox jumps over the lazy dog.|It's what we've been told; they'll see I'd won, I'm sure.
CamelCaseIdentifier snake_case_identifier kebab-case|THIS IS SHOUTED|don't DON'T Don’t|a|Z|é|ß|ﬁ|Straße naïve café coöperate
What is the capital of France?|Which country has the calling code +33?|UTC+05:30|https://example.org/a?b=c&d=%20#e|user@example.org
{"name": "get_capital", "arguments": {"country": "France"}}|{"a":[1,2,{"b":null}],"c":true}|<tool_call>|</tool_call>|<tool_response>
def f(x):|    return x ** 2  # square|SELECT * FROM t WHERE a >= 1.5e-3;|#include <stdio.h>|&amp; &lt; &#39;|$100.00 €99,99 ¥5 £3|50% ± 2‰
日本語のテキスト|中文字符测试|한국어 텍스트|Русский текст|Ελληνικά|עברית|العربية|हिन्दी|ไทย|Tiếng Việt|Türkçe İstanbul ışık|Åland Øresund Æ
👩‍💻|👨‍👩‍👧‍👦 family|🇫🇷🇯🇵|😀😃😄|✓✗★☆|→⇒↔|∑∫√∞≈≠|½ ¼ ² ³ ₂ Ⅷ ①|٣٤٥ ४५६ ๔๕|m² CO₂ x³|𝔘𝔫𝔦𝔠𝔬𝔡𝔢|𝟙𝟚𝟛|e\u0301 a\u0308|\u200b\u200dzero|\ufeffbom
tab\there|new\nline|carriage\r\nreturn|\n|\n\n|\n\n\n|\t\t|\r|\x0b\x0c|\u00a0nbsp\u2003em|\u0085nel|\u2028line|\u3000wide|\x00nul\x1b[0m\x7f""".replace("\n", "|")

SPACES = ["", " ", "  ", "   ", "    x", "x ", "x  ", "x   y", " a  b   c    d", "a \n b", "a\n  b", " \n ", "\n 1", "a\t b", "  12", "a  1 2  3"]
NUMBERS = ["0", "7", "10", "123", "1234567890", "3.14159", "-42", "1,000,000", "1e-5", "0x1F", "v2.0.1", "2024-02-29", "12:34:56", "+1 (555) 010-9999", "a1b2c3", "1st 2nd 3rd", "007", "1 2 3", "No.5"]
SPECIALS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start|>user\nHi<|im_end|>\n", "<repo_name>a<file_sep>b", "<empty_output>x", "<|im_start|><|im_end|>", "<|im_start", "im_start|>", "<| im_start |>", "<<|im_end|>>", " <|im_end|> ", "<jupyter_code>1<jupyter_output>2"]
LONG = ["word " * 50, "9" * 40, "aaaa" * 30, "の" * 40, "!?" * 30, "\n" * 20, " " * 37, "ab\n" * 20, "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 4, "<|im_end|>" * 5]


def strings() -> list[str]:
    escaped = [word.encode("utf-8").decode("unicode_escape") if "\\" in word and word.isascii() else word for word in WORDS.split("|") if word]
    found = [*escaped, *SPACES, *NUMBERS, *SPECIALS, *LONG]
    found += [f"{a}{b}" for a in ("The answer is ", "x", "(", "\n") for b in ("42.", "Paris!", " maybe", "“quoted”", "é", "\t", "'s")]
    found += [chr(code) for code in (*range(0x20, 0x30), 0xA0, 0xAD, 0xFF, 0x100, 0x3A9, 0x5D0, 0x661, 0x2028, 0xFEFF, 0xFFFD, 0x1F600)]
    return list(dict.fromkeys(found))


TOOLS = [
    {"name": "get_capital", "description": "Capital city of a country.", "parameters": {"type": "object", "properties": {"country": {"type": "string", "description": "English country name"}}, "required": ["country"]}},
    {"name": "find_airports", "description": "Airports near a city, naïve “quotes” & <tags>.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "limit": {"type": "integer", "default": 3}, "kind": {"type": "string", "enum": ["large", "small"]}}, "required": ["city"]}},
]
CALL = '<tool_call>\n{"name": "get_capital", "arguments": {"country": "France"}}\n</tool_call>'
CONVERSATIONS = [
    {"messages": [{"role": "user", "content": "What is the capital of France?"}], "tools": []},
    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}], "tools": []},
    {"messages": [{"role": "user", "content": "What is the capital of France?"}], "tools": TOOLS[:1]},
    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Two\nlines  12"}], "tools": TOOLS},
    {"messages": [{"role": "user", "content": "Capitals of France and Peru?"}, {"role": "assistant", "content": f"{CALL}\n{CALL}"}, {"role": "tool", "content": "Paris"}, {"role": "tool", "content": '{"name": "Lima", "n": 1}'}, {"role": "assistant", "content": "The answer is Paris, Lima."}], "tools": TOOLS},
    {"messages": [{"role": "user", "content": "Capital of France?"}, {"role": "assistant", "content": CALL}, {"role": "tool", "content": " Paris \n"}], "tools": TOOLS},
]
STRUCTURED = [
    {"role": "user", "content": "Capital of France?"},
    {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "get_capital", "arguments": {"country": "France", "n": 1}}}]},
    {"role": "assistant", "content": "I look.", "tool_calls": [{"type": "function", "function": {"name": "a", "arguments": {}}}, {"type": "function", "function": {"name": "b", "arguments": '{"x": 1}'}}]},
]


def template_golden(tokenizer, conversation, **options):
    ids = tokenizer.apply_chat_template(conversation["messages"], tools=conversation["tools"] or None, return_dict=False, **options)
    text = tokenizer.apply_chat_template(conversation["messages"], tools=conversation["tools"] or None, tokenize=False, **options)
    return {"text": text, "ids": ids}


def chat_golden(tokenizer):
    return [{**conversation, "prompt": template_golden(tokenizer, conversation, add_generation_prompt=True), "whole": template_golden(tokenizer, conversation)} for conversation in CONVERSATIONS]


def logits_golden(model, prompt: list[int]):
    with torch.no_grad():
        output = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), max_new_tokens=32, do_sample=False, eos_token_id=2, pad_token_id=2)
        ids = output[0].tolist()
        logits = model(torch.tensor([ids])).logits[0].double()
    logprobs = torch.log_softmax(logits, -1)
    positions = sorted({0, 1, len(prompt) // 2, len(prompt) - 1, len(prompt) + 4, len(ids) - 1} & set(range(len(ids))))
    gaps = [(lambda t: (t[0] - t[1]).item())(logits[i].topk(2).values) for i in range(len(prompt) - 1, len(ids) - 1)]
    print(f"{len(prompt)} prompt tokens, narrowest greedy decision {min(gaps):.4f}", file=sys.stderr)
    return {
        "prompt": prompt,
        "greedy": ids[len(prompt):],
        "greedyLogprobs": [round(logprobs[i - 1, ids[i]].item(), 6) for i in range(len(prompt), len(ids))],
        "positions": [{"position": p, "ids": logits[p].topk(12).indices.tolist(), "logits": [round(x, 6) for x in logits[p].topk(12).values.tolist()], "logSumExp": round(torch.logsumexp(logits[p], -1).item(), 6)} for p in positions],
    }


def main() -> None:
    gguf_folder, policy_folder, tiny_folder = sys.argv[1:]
    torch.set_num_threads(2)
    reference = AutoModelForCausalLM.from_pretrained(gguf_folder, gguf_file=GGUF, dtype=torch.float32).eval()
    exported = AutoModelForCausalLM.from_pretrained(policy_folder, dtype=torch.float32)
    different = [name for (name, a), b in zip(reference.state_dict().items(), exported.state_dict().values()) if not torch.equal(a, b)]
    assert not different, f"weights differ: {different[:3]}"
    AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32)

    tokenizer = AutoTokenizer.from_pretrained(policy_folder)
    from_gguf = AutoTokenizer.from_pretrained(gguf_folder, gguf_file=GGUF)
    tiny = AutoTokenizer.from_pretrained(tiny_folder)
    texts = strings()
    plain = lambda t, text: t(text, add_special_tokens=False).input_ids
    # transformers' GGUF loader ignores the pre-tokenizer "smollm", so runs of spaces before a digit differ.
    unlike = [text for text in texts if plain(from_gguf, text) != plain(tokenizer, text)]
    print("ids unlike transformers' own GGUF tokenizer:", json.dumps(unlike), file=sys.stderr)
    tokens = [{"text": text, "ids": plain(tokenizer, text), "decoded": tokenizer.decode(plain(tokenizer, text), clean_up_tokenization_spaces=False)} for text in texts]

    asked = [{"messages": [{"role": "user", "content": question}], "tools": []} for question in ("Explain in a few sentences how rain forms.", "Write a Python function that adds the numbers 12 and 345.")]
    prompts = [template_golden(tokenizer, chat, add_generation_prompt=True)["ids"] for chat in (*asked, CONVERSATIONS[2], CONVERSATIONS[5])]
    structured = tokenizer.apply_chat_template(STRUCTURED, tokenize=False)
    write("smollm2-tokens.json", tokens)
    write("smollm2-chat.json", {"conversations": chat_golden(tokenizer), "structured": {"messages": STRUCTURED, "text": structured}})
    write("smollm2-logits.json", {"transformers": transformers.__version__, "prompts": [logits_golden(reference, prompt) for prompt in prompts]})
    write("tiny.json", {"tokens": [{"text": text, "ids": plain(tiny, text)} for text in texts], "conversations": chat_golden(tiny)})


def write(name: str, value) -> None:
    rows = value if isinstance(value, list) else None
    text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=True) for row in rows) + "\n]\n" if rows else json.dumps(value, ensure_ascii=True) + "\n"
    (HERE / name).write_text(text)


main()
