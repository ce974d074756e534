"""Expected updates beside the one of llama.py: supervised with a schedule, of a Qwen3 with a head of its own, and of
both models at a temperature of 0.7.

python3 tests/goldens/conformance.py > tests/goldens/fixtures/conformance.json   (needs torch, transformers; the JSON is committed)
"""
import json
import math

import torch
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = dict(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=4,
             num_key_value_heads=2, rms_norm_eps=1e-5, max_position_embeddings=128)
LLAMA = dict(model_type="llama", architectures=["LlamaForCausalLM"], rope_theta=10000.0, tie_word_embeddings=True, **SIZES)
QWEN3 = dict(model_type="qwen3", architectures=["Qwen3ForCausalLM"], rope_theta=1000000.0, head_dim=8,
             tie_word_embeddings=False, **SIZES)
OPTIMIZER = dict(learningRate=0.02, weightDecay=0.1, beta1=0.9, beta2=0.95, epsilon=1e-3, maxGradientNorm=0.5)
generator = torch.Generator().manual_seed(29)


def model_of(config, seed):
    torch.manual_seed(seed)
    fields = {k: v for k, v in config.items() if k not in ("model_type", "architectures", "rope_theta")}
    rope = dict(rope_type="default", rope_theta=config["rope_theta"])
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(config["model_type"], **fields, rope_parameters=rope, bos_token_id=0, eos_token_id=0),
        attn_implementation="eager")
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape)
        parameter.data = (1 + 0.1 * noise if "norm" in name else 0.2 * noise).float()
    return model


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().reshape(-1).tolist()]


def tensors(model):
    return {name: dict(shape=list(p.shape), data=numbers(p)) for name, p in model.named_parameters()}


def tokens(n):
    return torch.randint(0, SIZES["vocab_size"], (n,), generator=generator).tolist()


def logp_of(model, row, temperature=1.0):
    ids = torch.tensor([row["prompt"] + row["response"]])
    logs = (model(ids).logits[0, len(row["prompt"]) - 1 : -1] / temperature).log_softmax(-1)
    logp = logs.gather(1, ids[0, len(row["prompt"]) :, None])[:, 0]
    return logp, -(logs.exp() * logs).sum(-1)


def batches_of(advantage):
    out = []
    for _ in range(3):
        prompt = tokens(7)
        out.append([dict(prompt=prompt, response=tokens(n), mask=[int(i != 1) for i in range(n)],
                         advantages=[advantage()] * n) for n in (5, 3, 6)])
    return out


def train(model, batches, loss_of, rate_of):
    adam = torch.optim.AdamW(model.parameters(), lr=OPTIMIZER["learningRate"], eps=OPTIMIZER["epsilon"],
                             betas=(OPTIMIZER["beta1"], OPTIMIZER["beta2"]), weight_decay=OPTIMIZER["weightDecay"])
    steps = []
    for step, rows in enumerate(batches):
        adam.zero_grad()
        loss, metrics = loss_of(rows)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), OPTIMIZER["maxGradientNorm"])
        for group in adam.param_groups:
            group["lr"] = rate_of(step)
        adam.step()
        steps.append({**{k: float(v.detach()) for k, v in metrics.items()}, "gradientNorm": float(norm)})
    return {k: sum(s[k] for s in steps) / len(steps) for k in steps[0]}


def supervised():
    """Warm-up for one step, then half a cosine down to a tenth at step 4."""
    model = model_of(LLAMA, 5)
    weights, batches = tensors(model), batches_of(lambda: 1.0)
    rate, least = OPTIMIZER["learningRate"], 0.002
    schedule = dict(kind="cosine", warmupSteps=1, totalSteps=4, minLearningRate=least)

    def loss_of(rows):
        parts = [logp_of(model, row)[0][torch.tensor(row["mask"], dtype=torch.bool)] for row in rows]
        loss = -torch.cat(parts).mean()
        return loss, dict(loss=loss)

    rates = [0.0] + [least + (rate - least) * (1 + math.cos(math.pi * (step - 1) / 3)) / 2 for step in (1, 2)]
    metrics = train(model, batches, loss_of, lambda step: rates[step])
    return dict(config=LLAMA, weights=weights, reference=None, miniBatches=batches, loss=dict(kind="sft"),
                optimizer=dict(OPTIMIZER, schedule=schedule), after=tensors(model), metrics=metrics)


def policy_gradient(config, temperature=1.0):
    """veRL's clipped loss, low_var_kl and entropy, token-mean over the mini-batch; logits divided by the temperature."""
    model, reference = model_of(config, 6), model_of(config, 6)
    for p in reference.parameters():
        p.data += 0.03 * torch.randn(p.shape, generator=generator)
    s = dict(kind="policy-gradient", clipLow=0.2, clipHigh=0.28, clipDual=3.0, klCoefficient=0.1, entropyCoefficient=0.01)
    if temperature != 1:
        s["temperature"] = temperature
    weights, batches = tensors(model), batches_of(lambda: float(torch.randn(1, generator=generator)))
    with torch.no_grad():
        for row in (row for rows in batches for row in rows):
            row["logprobs"] = numbers(logp_of(model, row, temperature)[0])

    def loss_of(rows):
        sums = dict(policyLoss=0, kl=0, entropy=0, clipFraction=0)
        count = 0
        for row in rows:
            mask = torch.tensor(row["mask"], dtype=torch.bool)
            logp, entropy = (x[mask] for x in logp_of(model, row, temperature))
            with torch.no_grad():
                ref = logp_of(reference, row, temperature)[0][mask]
            advantage = torch.tensor(row["advantages"])[mask]
            ratio = (logp - torch.tensor(row["logprobs"])[mask]).clamp(-20, 20).exp()
            free, bounded = -advantage * ratio, -advantage * ratio.clamp(1 - s["clipLow"], 1 + s["clipHigh"])
            worst = torch.maximum(free, bounded)
            policy = torch.where(advantage < 0, torch.minimum(-advantage * s["clipDual"], worst), worst)
            d = (ref - logp).clamp(-20, 20)
            parts = dict(policyLoss=policy, kl=(d.exp() - d - 1).clamp(-10, 10), entropy=entropy,
                         clipFraction=(bounded > free).float())
            sums = {k: v + parts[k].sum() for k, v in sums.items()}
            count += len(logp)
        means = {k: v / count for k, v in sums.items()}
        loss = means["policyLoss"] + s["klCoefficient"] * means["kl"] - s["entropyCoefficient"] * means["entropy"]
        return loss, dict(loss=loss, **means)

    metrics = train(model, batches, loss_of, lambda step: OPTIMIZER["learningRate"])
    return dict(config=config, weights=weights, reference=tensors(reference), miniBatches=batches, loss=s,
                optimizer=OPTIMIZER, after=tensors(model), metrics=metrics)


print(json.dumps({"supervised, warm-up and cosine": supervised(), "untied Qwen3": policy_gradient(QWEN3),
                  "temperature of 0.7, tied Llama": policy_gradient(LLAMA, 0.7),
                  "temperature of 0.7, untied Qwen3": policy_gradient(QWEN3, 0.7)}))
