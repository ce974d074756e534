"""A trainer of docs/contracts/trainer.md in PyTorch and transformers, row by row and without any packing.

    python3 tests/conformance/torch_trainer.py REQUEST.json      (needs torch, transformers, safetensors)
"""
import json, math, pathlib, shutil, sys
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM


def rows_of(batch):
    """[(optimizer step, path of token indices)], one for each leaf."""
    parents = batch["parents"].tolist()
    inner = set(parents)
    rows = []
    for leaf in range(len(parents)):
        if leaf in inner:
            continue
        path, node = [], leaf
        while node >= 0:
            path.insert(0, node)
            node = parents[node]
        rows.append((int(batch["mini_batches"][leaf]), torch.tensor(path)))
    return rows


def scores(model, ids, temperature):
    """log p and entropy of each token but the first."""
    logs = (model(ids[None]).logits[0, :-1] / temperature).log_softmax(-1)
    return logs.gather(1, ids[1:, None].long())[:, 0], -(logs.exp() * logs).sum(-1)


def terms(model, reference, batch, path, loss):
    """Sums over the row's trained tokens: policy loss, KL, entropy, clipped tokens, and how many there are."""
    ids = batch["ids"][path].long()
    trained = batch["masks"][path][1:].bool()
    temperature = loss.get("temperature", 1)
    logp, entropy = (x[trained] for x in scores(model, ids, temperature))
    if loss["kind"] == "sft":
        return -logp.sum(), logp.new_zeros(()), entropy.sum(), logp.new_zeros(()), len(logp)
    advantage = batch["advantages"][path][1:][trained]
    ratio = (logp - batch["old_logprobs"][path][1:][trained]).clamp(-20, 20).exp()
    free, bounded = -advantage * ratio, -advantage * ratio.clamp(1 - loss["clipLow"], 1 + loss["clipHigh"])
    worst = torch.maximum(free, bounded)
    policy = torch.where(advantage < 0, torch.minimum(-advantage * loss["clipDual"], worst), worst)
    kl = logp.new_zeros(len(logp))
    if reference is not None:
        with torch.no_grad():
            ref = scores(reference, ids, temperature)[0][trained]
        d = (ref - logp).clamp(-20, 20)
        kl = (d.exp() - d - 1).clamp(-10, 10)
    return policy.sum(), kl.sum(), entropy.sum(), (bounded > free).float().sum(), len(logp)


def rate(o, step):
    """docs/numerics.md's schedules, by the steps that were taken before."""
    schedule, full = o.get("schedule"), o["learningRate"]
    if schedule is None:
        return full
    warm = schedule["warmupSteps"]
    if step < warm:
        return full * step / warm
    if schedule["kind"] == "constant":
        return full
    part = min(1, (step - warm) / max(1, schedule["totalSteps"] - warm))
    share = 1 - part if schedule["kind"] == "linear" else (1 + math.cos(math.pi * part)) / 2
    least = min(schedule["minLearningRate"], full)
    return least + (full - least) * share


class Adapter:
    """PEFT's LoRA beside frozen weights: y + alpha / rank (x A^T) B^T at each module that the file has matrices for."""

    def __init__(self, model, folder, lora):
        self.folder, self.prefix = folder, "base_model.model."
        config = json.loads((folder / "adapter_config.json").read_text())
        assert (config["r"], config["lora_alpha"]) == (lora["rank"], lora["alpha"]), "no new adapter is drawn here"
        assert set(config["target_modules"]) == set(lora["targetModules"]), "no new adapter is drawn here"
        self.matrices = {name.removeprefix(self.prefix): torch.nn.Parameter(value)
                         for name, value in load_file(folder / "adapter_model.safetensors").items()}
        for module in sorted({name.split(".lora_")[0] for name in self.matrices}):
            a, b = (self.matrices[f"{module}.lora_{part}.weight"] for part in "AB")
            hook = lambda _, inputs, y, a=a, b=b: y + lora["alpha"] / lora["rank"] * (inputs[0] @ a.T @ b.T)
            model.get_submodule(module).register_forward_hook(hook)

    def save(self, output):
        shutil.copy(self.folder / "adapter_config.json", output / "adapter_config.json")
        save_file({self.prefix + name: p.detach() for name, p in self.matrices.items()}, output / "adapter_model.safetensors")


def main(file):
    request = json.loads(pathlib.Path(file).read_text())
    assert request["contract"] == "ratchet.update.v1", request["contract"]
    load = lambda folder: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    lora, parent, output = request.get("lora"), pathlib.Path(request["parent"]), pathlib.Path(request["output"])
    model = load(request["base"] if lora else parent)
    adapter = Adapter(model, parent, lora) if lora else None
    reference = load(request["reference"]).eval() if request["reference"] else None
    batch, loss, o = load_file(request["batch"]), request["loss"], request["optimizer"]
    names = adapter.matrices if adapter else dict(model.named_parameters())
    adam = torch.optim.AdamW(names.values(), lr=o["learningRate"], betas=(o["beta1"], o["beta2"]), eps=o["epsilon"],
                             weight_decay=o["weightDecay"])
    state = parent / "optimizer.safetensors"
    if request["carryOptimizer"] and state.exists():
        saved = load_file(state)
        for name, p in names.items():
            adam.state[p] = dict(step=saved["step"][0].float(), exp_avg=saved["m." + name], exp_avg_sq=saved["v." + name])
    taken = int(adam.state[next(iter(names.values()))]["step"]) if adam.state else 0
    rows, steps = rows_of(batch), []
    for step in range(int(batch["mini_batches"][-1]) + 1):
        adam.zero_grad()
        own = [terms(model, reference, batch, path, loss) for s, path in rows if s == step]
        tokens = sum(row[4] for row in own)
        policy, kl, entropy, clipped = (sum(row[i] for row in own) / tokens for i in range(4))
        total = policy + loss.get("klCoefficient", 0) * kl - loss.get("entropyCoefficient", 0) * entropy
        total.backward()
        limit = o["maxGradientNorm"] or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(names.values(), limit)
        for group in adam.param_groups:
            group["lr"] = rate(o, taken + step)
        adam.step()
        values = dict(loss=total, policyLoss=policy, kl=kl, entropy=entropy, clipFraction=clipped, gradientNorm=norm)
        steps.append({name: float(value.detach()) for name, value in values.items()})
    output.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(parent / name, output / name)
    if adapter:
        adapter.save(output)
    else:
        save_file({name: p.detach().contiguous() for name, p in names.items()}, output / "model.safetensors", {"format": "pt"})
    moments = {f"{kind}.{name}": adam.state[p][key] for name, p in names.items()
               for kind, key in (("m", "exp_avg"), ("v", "exp_avg_sq"))}
    taken = int(adam.state[next(iter(names.values()))]["step"])
    save_file({**moments, "step": torch.tensor([taken], dtype=torch.int32)}, output / "optimizer.safetensors")
    metrics = {name: sum(s[name] for s in steps) / len(steps) for name in steps[0]}
    (output / "metrics.json").write_text(json.dumps(dict(contract=request["contract"], metrics=dict(steps=len(steps), **metrics))))


main(sys.argv[1])
