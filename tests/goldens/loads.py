"""Loads policy folders with transformers and prints what each says greedily, as JSON: {folder: {prompt, tokens, text}}.

python3 tests/goldens/loads.py FOLDER=ID,ID,... ...      (needs torch, transformers, and for FOLDER+ADAPTER peft; run by tests/parity-export.test.ts where they are)
"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

said = {}
for argument in sys.argv[1:]:
    folder, prompt = argument.rsplit("=", 1)
    prompt = [int(i) for i in prompt.split(",")]
    base, _, adapter = folder.partition("+")
    model, info = AutoModelForCausalLM.from_pretrained(base, output_loading_info=True)
    assert model.dtype == torch.float32, model.dtype
    assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    if adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter)
    tokenizer = AutoTokenizer.from_pretrained(base)
    stops = GenerationConfig.from_pretrained(base).eos_token_id
    out = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), max_new_tokens=24,
                         do_sample=False, eos_token_id=None)[0].tolist()[len(prompt):]
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
    said[folder] = dict(tokens=out, text=tokenizer.decode(out), chat=chat, stops=stops)
print(json.dumps(said))
