"""Gradients of SmolLM2's real weights by torch: what is too large to commit, held by a few numbers of each tensor.

python3 tests/goldens/smollm2_gradients.py POLICY_FOLDER > tests/goldens/fixtures/smollm2-gradients.json

Needs torch, transformers and numpy. POLICY_FOLDER is what prepareSmolLM2 made. Two mini-batches of rows that share a
prompt, one of supervised loss and one of veRL's clipped loss with an entropy bonus; the JSON is committed.
"""

import json
import pathlib
import sys

import numpy
import torch
import transformers
from transformers import AutoModelForCausalLM

PROMPT = json.loads((pathlib.Path(__file__).parent / "fixtures" / "smollm2-logits.json").read_text())["prompts"][2]
LOSS = dict(kind="policy-gradient", clipLow=0.2, clipHigh=0.28, clipDual=3.0, klCoefficient=0, entropyCoefficient=0.01)
LARGEST, SPREAD = 2, 2


def rows() -> list[dict]:
    """The greedy answer, another that goes its way after three tokens, and one with a tool's output masked out."""
    greedy, prompt = PROMPT["greedy"], PROMPT["prompt"]
    other = greedy[:3] + [1343, 275, 3575, 30, 2]
    masked = [49, 4100, 11, 700, 6330, 28, 9, 2]
    said = [(greedy, 1.0), (other, -0.5), (masked, 0.75)]
    return [dict(prompt=prompt, response=response, mask=[int(not (response is masked and 3 <= i < 6)) for i in range(len(response))],
                 advantages=[advantage] * len(response)) for response, advantage in said]


def terms(model, row):
    ids = torch.tensor([row["prompt"] + row["response"]])
    logs = model(ids).logits[0, len(row["prompt"]) - 1 : -1].log_softmax(-1)
    mask = torch.tensor(row["mask"], dtype=torch.bool)
    logp = logs.gather(1, ids[0, len(row["prompt"]) :, None])[:, 0]
    return logp[mask], -(logs.exp() * logs).sum(-1)[mask], mask


def supervised(model, batch):
    return -torch.cat([terms(model, row)[0] for row in batch]).mean()


def clipped(model, batch):
    policy, entropies = [], []
    for row in batch:
        logp, entropy, mask = terms(model, row)
        advantage = torch.tensor(row["advantages"])[mask]
        ratio = (logp - torch.tensor(row["logprobs"])[mask]).clamp(-20, 20).exp()
        worst = torch.maximum(-advantage * ratio, -advantage * ratio.clamp(1 - LOSS["clipLow"], 1 + LOSS["clipHigh"]))
        policy.append(torch.where(advantage < 0, torch.minimum(-advantage * LOSS["clipDual"], worst), worst))
        entropies.append(entropy)
    return torch.cat(policy).mean() - LOSS["entropyCoefficient"] * torch.cat(entropies).mean()


def short(x: float) -> float:
    return float(f"{x:.7g}")


def summary(gradient: torch.Tensor) -> dict:
    """Its norm, its product with signs that a hash of the place gives, and entries: the largest, and some anywhere."""
    flat = gradient.detach().double().reshape(-1).numpy()
    places = numpy.arange(flat.size, dtype=numpy.uint32)
    signs = 1.0 - 2.0 * ((places * numpy.uint32(2654435761)) >> numpy.uint32(31)).astype(numpy.float64)
    anywhere = [(7919 * (k + 1) * (flat.size // 3 + 101)) % flat.size for k in range(SPREAD)]
    largest = numpy.argsort(-numpy.abs(flat), kind="stable")[:LARGEST].tolist()
    return dict(norm=short(numpy.sqrt((flat**2).sum())), signed=short(float(flat @ signs)),
                entries=[[i, short(float(flat[i]))] for i in sorted({*largest, *anywhere})])


def gradients(model, loss) -> dict:
    model.zero_grad()
    loss.backward()
    return dict(loss=short(loss.item()), tensors={name: summary(p.grad) for name, p in model.named_parameters()})


def main(folder: str) -> None:
    torch.set_num_threads(2)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    # Of its padding token, which is <|im_end|> and stands in every prompt, transformers leaves the embedding's share out.
    model.get_input_embeddings().padding_idx = None
    batch = rows()
    plain = gradients(model, supervised(model, batch))
    # Old log-probabilities off those of now, so that some ratios are clipped.
    with torch.no_grad():
        for r, row in enumerate(batch):
            ids = torch.tensor([row["prompt"] + row["response"]])
            logs = model(ids).logits[0, len(row["prompt"]) - 1 : -1].log_softmax(-1)
            logp = logs.gather(1, ids[0, len(row["prompt"]) :, None])[:, 0]
            row["logprobs"] = [short(x + 0.4 * ((5 * i + r) % 3 - 1)) for i, x in enumerate(logp.tolist())]
    policy = gradients(model, clipped(model, batch))
    cases = dict(sft=dict(loss=dict(kind="sft"), gives=plain), policy=dict(loss=LOSS, gives=policy))
    print(json.dumps(dict(transformers=transformers.__version__, torch=torch.__version__.split("+")[0], rows=batch, cases=cases)))


main(sys.argv[1])
