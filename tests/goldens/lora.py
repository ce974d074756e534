"""Expected gradients, updates and merged weights of an adapter on a tiny random Llama, from peft; and learning rates.

python3 tests/goldens/lora.py > tests/goldens/fixtures/lora.json   (needs torch, transformers, peft; the JSON is committed)

Base, reference, rows and loss are those of `update` in fixtures/llama.json.
"""
import json
import pathlib

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_cosine_with_min_lr_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

LLAMA = json.loads((pathlib.Path(__file__).parent / "fixtures/llama.json").read_text())["update"]
LORA = dict(rank=3, alpha=6, targetModules=["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"])
OPTIMIZER = dict(learningRate=0.05, weightDecay=0.1, beta1=0.9, beta2=0.95, epsilon=1e-3, maxGradientNorm=0.5)
SCHEDULE = dict(kind="linear", warmupSteps=1, totalSteps=4, minLearningRate=0)
PREFIX = "base_model.model."
torch.manual_seed(5)


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().reshape(-1).tolist()]


def model_of(weights):
    config = {k: v for k, v in LLAMA["config"].items() if k != "rope_theta"}
    rope = dict(rope_type="default", rope_theta=LLAMA["config"]["rope_theta"])
    model = LlamaForCausalLM(LlamaConfig(**config, rope_parameters=rope, bos_token_id=0, eos_token_id=0,
                                         attn_implementation="eager"))
    for name, parameter in model.named_parameters():
        parameter.data = torch.tensor(weights[name]["data"]).reshape(weights[name]["shape"])
    return model


def adapter_of(model):
    """Trained parameters by the names that an adapter file has, without PREFIX."""
    return {name.removeprefix(PREFIX).replace(".default", ""): p for name, p in model.named_parameters() if p.requires_grad}


def tensors(parameters, of=lambda p: p):
    return {name: dict(shape=list(p.shape), data=numbers(of(p))) for name, p in parameters.items()}


def scores(model, rows):
    """log p and entropy of each trained response token."""
    parts = []
    for row in rows:
        prompt, response = row["prompt"], row["response"]
        logs = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
        mask = torch.tensor(row["mask"], dtype=torch.bool)
        parts.append((logs.gather(1, torch.tensor(response)[:, None])[:, 0][mask], -(logs.exp() * logs).sum(-1)[mask]))
    return [torch.cat(x) for x in zip(*parts)]


def policy_loss(model, reference, rows):
    """veRL's clipped loss, low_var_kl and entropy, token-mean over the mini-batch, as in llama.py."""
    s = LLAMA["loss"]
    logp, entropy = scores(model, rows)
    with torch.no_grad():
        ref, _ = scores(reference, rows)
    trained = lambda field: torch.tensor([x for r in rows for x, m in zip(r[field], r["mask"]) if m])
    advantages = trained("advantages")
    ratio = (logp - trained("logprobs")).clamp(-20, 20).exp()
    free, bounded = -advantages * ratio, -advantages * ratio.clamp(1 - s["clipLow"], 1 + s["clipHigh"])
    clipped = torch.maximum(free, bounded)
    pg = torch.where(advantages < 0, torch.minimum(-advantages * s["clipDual"], clipped), clipped)
    d = (ref - logp).clamp(-20, 20)
    kl = ((d.exp() - d - 1).clamp(-10, 10)).mean()
    policy, entropy = pg.mean(), entropy.mean()
    loss = policy + s["klCoefficient"] * kl - s["entropyCoefficient"] * entropy
    return loss, dict(loss=loss, policyLoss=policy, kl=kl, entropy=entropy, clipFraction=(bounded > free).float().mean())


def adapter_golden():
    reference = model_of(LLAMA["reference"])
    config = LoraConfig(r=LORA["rank"], lora_alpha=LORA["alpha"], target_modules=LORA["targetModules"], lora_dropout=0.0)
    model = get_peft_model(model_of(LLAMA["weights"]), config)
    adapter = adapter_of(model)
    for p in adapter.values():
        p.data = 0.1 * torch.randn(p.shape)
    before = tensors(adapter)
    o = OPTIMIZER
    adam = torch.optim.AdamW(adapter.values(), lr=o["learningRate"], eps=o["epsilon"], betas=(o["beta1"], o["beta2"]),
                             weight_decay=o["weightDecay"])
    schedule = get_linear_schedule_with_warmup(adam, SCHEDULE["warmupSteps"], SCHEDULE["totalSteps"])
    steps, gradients = [], None
    for rows in LLAMA["miniBatches"]:
        adam.zero_grad()
        loss, metrics = policy_loss(model, reference, rows)
        loss.backward()
        gradients = gradients or tensors(adapter, lambda p: p.grad)
        norm = torch.nn.utils.clip_grad_norm_(adapter.values(), o["maxGradientNorm"])
        adam.step()
        schedule.step()
        steps.append({**{k: float(v) for k, v in metrics.items()}, "gradientNorm": float(norm)})
    after = tensors(adapter)
    merged = model.merge_and_unload()
    name = "model.layers.1.mlp.down_proj.weight"
    return dict(lora=LORA, optimizer={**OPTIMIZER, "schedule": SCHEDULE}, before=before, gradients=gradients, after=after,
                metrics={k: sum(s[k] for s in steps) / len(steps) for k in steps[0]},
                merged={name: tensors(dict(merged.named_parameters()))[name]})


def initial_golden():
    """The largest |A| that peft draws comes close to 1 / sqrt(in)."""
    torch.manual_seed(0)
    config = LoraConfig(r=64, lora_alpha=6, target_modules=["down_proj"])
    adapter = adapter_of(get_peft_model(model_of(LLAMA["weights"]), config))
    a = adapter["model.layers.0.mlp.down_proj.lora_A.weight"]
    b = adapter["model.layers.0.mlp.down_proj.lora_B.weight"]
    return dict(inputs=a.shape[1], largest=float(a.abs().max()), variance=float(a.var()), b=float(b.abs().max()))


def rates(make, steps=14):
    adam = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=0.02)
    schedule, out = make(adam), []
    for _ in range(steps):
        out.append(float(f"{adam.param_groups[0]['lr']:.12g}"))
        adam.step()
        schedule.step()
    return out


def schedules_golden():
    cosine = dict(kind="cosine", warmupSteps=3, totalSteps=13)
    return [
        dict(schedule=dict(kind="constant", warmupSteps=4), rates=rates(lambda a: get_constant_schedule_with_warmup(a, 4))),
        dict(schedule=dict(kind="linear", warmupSteps=3, totalSteps=11, minLearningRate=0),
             rates=rates(lambda a: get_linear_schedule_with_warmup(a, 3, 11))),
        dict(schedule=dict(kind="linear", warmupSteps=0, totalSteps=10, minLearningRate=0),
             rates=rates(lambda a: get_linear_schedule_with_warmup(a, 0, 10))),
        dict(schedule={**cosine, "minLearningRate": 0}, rates=rates(lambda a: get_cosine_schedule_with_warmup(a, 3, 13))),
        dict(schedule={**cosine, "minLearningRate": 0.005},
             rates=rates(lambda a: get_cosine_with_min_lr_schedule_with_warmup(a, 3, 13, min_lr=0.005))),
    ]


print(json.dumps(dict(adapter=adapter_golden(), initial=initial_golden(), learningRate=0.02, schedules=schedules_golden())))
