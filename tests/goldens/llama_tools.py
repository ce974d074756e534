"""Conversations with tools in Llama 3.1's and 3.2's own form, as transformers renders and encodes them.

python3 tests/goldens/llama_tools.py [TEMPLATE]      (needs transformers)

Reads fixtures/families/llama's tokenizer and writes fixtures/llama-tools.json. The published templates are under a licence of their own,
so fixtures/families/llama-tools.jinja has their structure in other words. With theirs (TRL has both among its chat_templates), given as
TEMPLATE here and copied over llama-tools.jinja, the same test passes.
"""
import json
import pathlib
import sys

from transformers import AutoTokenizer

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
TEMPLATE = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES / "families" / "llama-tools.jinja"
TOOLS = [
    {"name": "get_capital", "description": "Capital city of a country.", "parameters": {"type": "object", "properties": {"country": {"type": "string", "description": "English country name"}}, "required": ["country"]}},
    {"name": "find_airports", "description": 'Naïve “quotes” & <tags>, "q"\\\n\t🙂', "parameters": {"type": "object", "properties": {"city": {"type": "string", "enum": ["Åre", "Oslo"]}, "limit": {"type": "integer", "default": 3}, "near": {"type": "array", "items": {}, "default": []}, "exact": {"type": "boolean", "default": True}, "deep": {"type": "object", "properties": {"a": {"type": ["number", "null"]}}, "default": None}}, "required": []}},
]
OUTPUTS = ["Paris", '{"n": 1, "of": ["é", null]}', 'a "quoted"\\ \n\ttext \u2028 \u0001 🙂', "  in spaces ", "", "22"]
ARGUMENTS = [{"country": "France"}, {}, {"city": 'Å "q"\\\n/ 🙂', "limit": 3, "near": [1.5, -2, []], "exact": True, "deep": {"a": None, "b": {}}}]


def call(name, arguments):
    return {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": name, "arguments": arguments}}]}


def conversations():
    question = {"role": "user", "content": " What's the capital of France? \n"}
    rules = {"role": "system", "content": "Be brief. "}
    yield [question], []
    yield [question], TOOLS
    yield [rules, question], TOOLS[:1]
    for arguments in ARGUMENTS:
        yield [question, call("find_airports", arguments), {"role": "tool", "content": "Paris"}], TOOLS
    for output in OUTPUTS:
        turn = [call("get_capital", ARGUMENTS[0]), {"role": "tool", "content": output}]
        yield [rules, question, *turn, *turn, {"role": "assistant", "content": "The answer is Paris."}], TOOLS[:1]


tokenizer = AutoTokenizer.from_pretrained(FIXTURES / "families" / "llama")
tokenizer.chat_template = TEMPLATE.read_text()
golden = []
for messages, tools in conversations():
    documents = [{"type": "function", "function": tool} for tool in tools] or None
    asks = messages[-1]["role"] != "assistant"
    given = dict(tools=documents, add_generation_prompt=asks, date_string="26 Jul 2024")
    golden.append(dict(messages=messages, tools=tools, ids=tokenizer.apply_chat_template(messages, return_dict=False, **given)))
    assert tokenizer.decode(golden[-1]["ids"]) == tokenizer.apply_chat_template(messages, tokenize=False, **given)
(FIXTURES / "llama-tools.json").write_text(json.dumps(golden) + "\n")
