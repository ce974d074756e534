"""How Hugging Face's tokenizers cut texts before merging, for each step of a pre-tokenizer -> fixtures/steps.json.

    python3 tests/goldens/steps.py      (needs tokenizers)
"""
import json, pathlib
from tokenizers import Regex, pre_tokenizers as steps

gpt2 = lambda prefix=False: steps.ByteLevel(add_prefix_space=prefix, use_regex=True)
bytes_only = lambda: steps.ByteLevel(add_prefix_space=False, use_regex=False)
in_turn = lambda *each: steps.Sequence(list(each))
split = lambda regex, behavior="isolated", invert=False: steps.Split(Regex(regex), behavior, invert=invert)
cases = {
    "GPT-2's words": gpt2(),
    "GPT-2's words after a space": gpt2(prefix=True),
    "SmolLM2's: each digit alone": in_turn(steps.Digits(individual_digits=True), gpt2()),
    "runs of digits": in_turn(steps.Digits(individual_digits=False), gpt2()),
    "DeepSeek's: a sequence in a sequence": in_turn(
        in_turn(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+")), split("[一-龥ࠀ-一가-퟿]+"), steps.Digits(True), bytes_only()
    ),
    "Falcon's: steps after the bytes": in_turn(steps.Punctuation("contiguous"), gpt2(), steps.Digits(False), split("[0-9][0-9][0-9]")),
    "each punctuation mark alone": in_turn(steps.Punctuation("isolated"), bytes_only()),
    "a text as a split": in_turn(steps.Split("..", "isolated"), bytes_only()),
    "matches alone": in_turn(split(r"\p{L}+|\s+|[^\p{L}\s]+", "removed", True), bytes_only()),
}
texts = [
    "Hello, world! don't I'M we'LL 12345", "x² + y³ = ½ ٣٤ Ⅻ ① 万", "a\u0085b \u0085 c", "a\ufeffb \ufeff c", "\u3000全角\u3000 ", " two  spaces ",
    "tabs\t\tand\n\n\nlines \r\n end  ", "((a))!!!?? a_b $5.00 +1 §7 …—“q”", "\u180e\u200b\u2028\u2029x", "मराठी 한국어 👩‍👩‍👧", "e\u0301 'ſ İ",
]
golden = {
    name: {"pre_tokenizer": json.loads(step.__getstate__()), "words": [[piece for piece, _ in step.pre_tokenize_str(text)] for text in texts]}
    for name, step in cases.items()
}
file = pathlib.Path(__file__).parent / "fixtures" / "steps.json"
file.write_text(json.dumps({"texts": texts, "cases": golden}, ensure_ascii=True, indent=1) + "\n")
