"""Expected log-probabilities, gradients and updates of tiny random Llamas, from transformers and torch.

python3 tests/goldens/llama.py > tests/goldens/fixtures/llama.json   (needs torch, transformers; the JSON is committed)
"""
import json

import torch
from transformers import LlamaConfig, LlamaForCausalLM

CONFIG = dict(
    model_type="llama", vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, max_position_embeddings=128,
    rope_theta=10000.0, tie_word_embeddings=True,
)
generator = torch.Generator().manual_seed(11)


def model_of(config, seed):
    torch.manual_seed(seed)
    rope = dict(rope_type="default", rope_theta=config["rope_theta"])
    model = LlamaForCausalLM(LlamaConfig(**{k: v for k, v in config.items() if k != "rope_theta"}, rope_parameters=rope,
                                         bos_token_id=0, eos_token_id=0, attn_implementation="eager"))
    for name, parameter in model.named_parameters():
        # Norms near 1, matrices large enough that every gradient matters.
        noise = torch.randn(parameter.shape)
        parameter.data = (1 + 0.1 * noise if "norm" in name else 0.2 * noise).float()
    return model


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().reshape(-1).tolist()]


def tensors(model, of):
    return {name: dict(shape=list(p.shape), data=numbers(of(p))) for name, p in model.named_parameters()}


def response_values(model, prompt, response):
    """log p and entropy of each response token."""
    logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
    logs = logits.log_softmax(-1)
    return logs.gather(1, torch.tensor(response)[:, None])[:, 0], -(logs.exp() * logs).sum(-1)


def tokens(n):
    return torch.randint(0, CONFIG["vocab_size"], (n,), generator=generator).tolist()


def values_golden(config, seed):
    model = model_of(config, seed)
    shared = tokens(9)
    rows = [(shared, tokens(5)), (shared, tokens(7)), (shared[:6], tokens(4))]
    out = []
    for prompt, response in rows:
        logp, entropy = response_values(model, prompt, response)
        a, b = torch.randn(len(response), generator=generator), torch.randn(len(response), generator=generator)
        (logp @ a + entropy @ b).backward()
        out.append(dict(prompt=prompt, response=response, logp=numbers(logp), entropy=numbers(entropy),
                        dLogp=numbers(a), dEntropy=numbers(b)))
    return dict(config=config, weights=tensors(model, lambda p: p), rows=out,
                gradients=tensors(model, lambda p: p.grad))


def policy_loss(model, rows, old, reference, s):
    """veRL's clipped loss, low_var_kl and entropy, token-mean over the mini-batch."""
    parts = [response_values(model, r["prompt"], r["response"]) for r in rows]
    mask = torch.tensor([m for r in rows for m in r["mask"]], dtype=torch.bool)
    logp, entropy = (torch.cat(x)[mask] for x in zip(*parts))
    advantages = torch.tensor([a for r in rows for a in r["advantages"]])[mask]
    ratio = (logp - old[mask]).clamp(-20, 20).exp()
    free, bounded = -advantages * ratio, -advantages * ratio.clamp(1 - s["clipLow"], 1 + s["clipHigh"])
    clipped = torch.maximum(free, bounded)
    pg = torch.where(advantages < 0, torch.minimum(-advantages * s["clipDual"], clipped), clipped)
    d = (reference[mask] - logp).clamp(-20, 20)
    kl = (d.exp() - d - 1).clamp(-10, 10)
    policy, kl, entropy = pg.mean(), kl.mean(), entropy.mean()
    loss = policy + s["klCoefficient"] * kl - s["entropyCoefficient"] * entropy
    return loss, dict(loss=loss, policyLoss=policy, kl=kl, entropy=entropy,
                      clipFraction=(bounded > free).float().mean())


def scores(model, rows):
    with torch.no_grad():
        return torch.cat([response_values(model, r["prompt"], r["response"])[0] for r in rows])


def update_golden():
    model, reference = model_of(CONFIG, 1), model_of(CONFIG, 1)
    for p in reference.parameters():
        p.data += 0.03 * torch.randn(p.shape, generator=generator)
    weights, reference_weights = tensors(model, lambda p: p), tensors(reference, lambda p: p)
    settings = dict(kind="policy-gradient", clipLow=0.2, clipHigh=0.28, clipDual=3.0, klCoefficient=0.1,
                    entropyCoefficient=0.01)
    optimizer = dict(learningRate=0.02, weightDecay=0.1, beta1=0.9, beta2=0.95, epsilon=1e-3, maxGradientNorm=0.5)
    batches = []
    for _ in range(3):
        prompt, rows = tokens(8), []
        for n in (5, 3, 6):
            response = tokens(n)
            advantage = float(torch.randn(1, generator=generator))
            rows.append(dict(prompt=prompt, response=response, mask=[int(i != 1) for i in range(n)],
                             advantages=[advantage] * n))
        batches.append(rows)
    old = [scores(model, rows) for rows in batches]
    ref = [scores(reference, rows) for rows in batches]
    for rows, logp in zip(batches, old):
        for row, part in zip(rows, logp.split([len(r["response"]) for r in rows])):
            row["logprobs"] = numbers(part)
    adam = torch.optim.AdamW(model.parameters(), lr=optimizer["learningRate"], eps=optimizer["epsilon"],
                             betas=(optimizer["beta1"], optimizer["beta2"]), weight_decay=optimizer["weightDecay"])
    steps = []
    for rows, o, r in zip(batches, old, ref):
        adam.zero_grad()
        loss, metrics = policy_loss(model, rows, o, r, settings)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), optimizer["maxGradientNorm"])
        adam.step()
        steps.append({**{k: float(v) for k, v in metrics.items()}, "gradientNorm": float(norm)})
    return dict(config=CONFIG, weights=weights, reference=reference_weights, miniBatches=batches, loss=settings,
                optimizer=optimizer, after=tensors(model, lambda p: p),
                metrics={k: sum(s[k] for s in steps) / len(steps) for k in steps[0]})


def adam_golden():
    w = torch.nn.Parameter(torch.tensor([0.5, -1.0, 2.0, 0.0]))
    adam = torch.optim.AdamW([w], lr=0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
    start, steps = numbers(w), []
    for _ in range(3):
        w.grad = torch.randn(4, generator=generator)
        gradient = numbers(w.grad)
        norm = torch.nn.utils.clip_grad_norm_([w], 1.5)
        adam.step()
        steps.append(dict(gradient=gradient, norm=float(norm), weights=numbers(w)))
    return dict(start=start, steps=steps)


print(json.dumps(dict(
    tied=values_golden(CONFIG, 2),
    untied=values_golden({**CONFIG, "tie_word_embeddings": False, "num_hidden_layers": 1, "num_key_value_heads": 4}, 3),
    update=update_golden(),
    adamw=adam_golden(),
)))
