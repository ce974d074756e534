"""PyTorch's side of `npm run bench:engine`: transformers for sampling and single steps, TRL for whole iterations.

Reads one request a line, does it, and answers with what it took. Arguments: model folder, thread count, `torch` or `trl`.
"""

import json
import os
import re
import resource
import sys
import time

folder, threads, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.environ.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), HF_HUB_OFFLINE="1")

import torch  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

torch.set_num_threads(threads)
answers = os.fdopen(os.dup(1), "w")
sys.stdout = sys.stderr  # what libraries print is no answer


def say(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def load():
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")


model = load() if mode == "torch" else None
reference = None
optimizer = None


def adamw(settings):
    return torch.optim.AdamW(
        model.parameters(),
        lr=settings["learningRate"],
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["epsilon"],
        weight_decay=settings["weightDecay"],
        fused=True,
    )


def response_logp(net, rows):
    """log p of the response tokens; rows of one length, so nothing is padded. Logits of response positions only."""
    ids = torch.tensor([row["prompt"] + row["response"] for row in rows])
    length = len(rows[0]["response"])
    logits = net(input_ids=ids, logits_to_keep=length + 1, use_cache=False).logits[:, :-1]
    logp = torch.log_softmax(logits, dim=-1)
    return logp.gather(-1, ids[:, -length:].unsqueeze(-1)).squeeze(-1)


def update(request):
    """GRPO: PPO-clip (dual clip 3), token mean, k3 against the reference; one AdamW step with the norm clipped."""
    global reference, optimizer
    rows, beta, settings = request["rows"], request["klCoefficient"], request["optimizer"]
    optimizer = optimizer or adamw(settings)
    if beta > 0 and reference is None:
        reference = load()
    model.train()
    size = request.get("microBatch", len(rows))
    tokens = sum(len(row["response"]) for row in rows)
    total = 0.0
    optimizer.zero_grad()
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        logp = response_logp(model, part)
        old = torch.tensor([row["logprobs"] for row in part])
        advantage = torch.tensor([[row["advantage"]] for row in part])
        ratio = torch.exp(logp - old)
        losses = torch.maximum(-advantage * ratio, -advantage * ratio.clamp(0.8, 1.2))
        losses = torch.where(advantage < 0, torch.minimum(losses, -advantage * 3.0), losses)
        if beta > 0:
            with torch.no_grad():
                ref = response_logp(reference, part)
            losses = losses + beta * (torch.exp(ref - logp) - (ref - logp) - 1)
        loss = losses.sum() / tokens
        loss.backward()
        total += loss.item()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings["maxGradientNorm"])
    optimizer.step()
    return {"loss": total, "gradientNorm": norm.item()}


def score(request):
    model.eval()
    with torch.no_grad():
        return {"logprobs": torch.cat([response_logp(model, [row]) for row in request["rows"]]).tolist()}


def encode(request):
    return {"ids": AutoTokenizer.from_pretrained(folder)(request["text"])["input_ids"]}


def sample(request):
    model.eval()
    for prompt in request["prompts"]:
        with torch.no_grad():
            model.generate(
                input_ids=torch.tensor([prompt]),
                attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                do_sample=True,
                temperature=1.0,
                top_k=0,
                top_p=1.0,
                num_return_sequences=request["samples"],
                min_new_tokens=request["tokens"],
                max_new_tokens=request["tokens"],
                pad_token_id=0,
            )
    return {}


def differentiate(request):
    model.train()
    model.zero_grad()
    ids = torch.tensor([request["ids"]])
    logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[0, 1:])
    loss.backward()
    return {"loss": loss.item()}


def iterate(request):
    """One GRPOTrainer with its own sampling, a step for each request: the first also pays for what is made once, as the
    optimizer's state. The prompt is given as ids that decode and encode to themselves."""
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    text = tokenizer.decode(request["prompt"])
    prompt_tokens = len(tokenizer(text)["input_ids"])

    class Requests(TrainerCallback):
        """A step answers one request; the next one starts the next step, and where none comes the training ends."""

        def on_step_begin(self, *args, **kwargs):
            self.start = begin()

        def on_step_end(self, args, state, control, **kwargs):
            answer(self.start, {"promptTokens": prompt_tokens})
            control.should_training_stop = not sys.stdin.readline()

    arguments = GRPOConfig(
        output_dir="/tmp/ratchet-bench-trl",
        per_device_train_batch_size=request["samples"],
        num_generations=request["samples"],
        max_completion_length=request["tokens"],
        generation_kwargs={"min_new_tokens": request["tokens"]},
        temperature=1.0,
        beta=request["klCoefficient"],
        learning_rate=request["optimizer"]["learningRate"],
        max_steps=1000,
        use_cpu=True,
        bf16=False,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        gradient_checkpointing=False,
        disable_tqdm=True,
    )
    GRPOTrainer(
        model=load(),
        reward_funcs=lambda completions, **_: [float(len(text) % 7) for text in completions],
        args=arguments,
        train_dataset=Dataset.from_dict({"prompt": [text] * 4}),
        processing_class=tokenizer,
        callbacks=[Requests()],
    ).train()


def begin():
    """The peak of memory, the processor's time and the clock from here on."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return cpu_ms(), time.perf_counter()


def answer(start, result):
    cpu, wall = start
    say({"wallMs": (time.perf_counter() - wall) * 1000, "cpuMs": cpu_ms() - cpu, "peakMb": peak_mb(), **result})


def peak_mb():
    with open("/proc/self/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) / 1024


def cpu_ms():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1000


operations = {f.__name__: f for f in (update, score, encode, sample, differentiate, iterate)}
say({"ready": True})
for line in sys.stdin:
    request = json.loads(line)
    start = begin()
    result = operations[request.pop("op")](request)
    if result is not None:  # whoever gives none has answered
        answer(start, result)
