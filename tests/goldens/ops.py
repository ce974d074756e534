"""Expected values and gradients of every operation of src/engine/ops, from PyTorch in float64.

python3 tests/goldens/ops.py > tests/goldens/fixtures/ops.json      (needs torch; the JSON is committed)
"""
import json

import torch

torch.manual_seed(7)
F = torch.float64


def randn(*shape):
    return torch.randn(shape, dtype=F)


def rotate(x, positions, cos, sin, heads):
    """Hugging Face's apply_rotary_pos_emb on [T, heads * D]."""
    t, width = x.shape
    x = x.view(t, heads, width // heads)
    c = torch.cat([cos[positions[0]]] * 2, -1)[:, None]
    s = torch.cat([sin[positions[0]]] * 2, -1)[:, None]
    half = x.shape[-1] // 2
    turned = torch.cat([-x[..., half:], x[..., :half]], -1)
    return (x * c + turned * s).reshape(t, width)


def attend(q, k, v, mask, scale):
    """Row a * R + r of q is query r of the group's head a."""
    kv, rows, size = q.shape
    queries, keys = mask.shape
    q = q.view(kv, rows // queries, queries, size)
    scores = torch.einsum("hgrd,hkd->hgrk", q, k) * scale + mask
    return torch.einsum("hgrk,hkd->hgrd", scores.softmax(-1), v).reshape(kv, rows, size)


def scaled_matmul(a, b, transA, transB, scale):
    return scale * (a.mT if transA else a) @ (b.mT if transB else b)


angles = torch.arange(6, dtype=F)[:, None] * torch.tensor([1.0, 0.1], dtype=F)
causal = torch.full((4, 5), -1e9, dtype=F).triu(2)

CASES = [
    ("linear", [randn(3, 4), randn(5, 4)], {}, lambda x, w: x @ w.T),
    *[
        ("matmul", [randn(2, *((4, 3) if ta else (3, 4))), randn(2, *((5, 4) if tb else (4, 5)))],
         dict(transA=ta, transB=tb, scale=0.5), scaled_matmul)
        for ta in (False, True) for tb in (False, True)
    ],
    ("add", [randn(2, 3, 4), randn(3, 1)], {}, lambda a, b: a + b),
    ("add", [randn(2, 3), randn(2, 3)], {}, lambda a, b: a + b),
    ("subtract", [randn(3, 1), randn(2, 3, 4)], {}, lambda a, b: a - b),
    ("multiply", [randn(2, 1, 4), randn(3, 1)], {}, lambda a, b: a * b),
    ("negate", [randn(2, 3)], {}, lambda x: -x),
    ("exp", [randn(2, 3)], {}, torch.exp),
    ("minimum", [torch.tensor([1.0, 2.0, 3.0], dtype=F), torch.tensor([2.0, 2.0, 1.0], dtype=F)], {}, torch.minimum),
    ("maximum", [torch.tensor([1.0, 2.0, 3.0], dtype=F), torch.tensor([2.0, 2.0, 1.0], dtype=F)], {}, torch.maximum),
    ("clip", [torch.tensor([-2.0, -0.4, 0.3, 1.5], dtype=F)], dict(low=-0.5, high=1.0),
     lambda x, low, high: x.clamp(low, high)),
    ("clip on its limits", [torch.tensor([-0.5, 1.0], dtype=F)], dict(low=-0.5, high=1.0),
     lambda x, low, high: x.clamp(low, high)),
    ("sum", [randn(3, 4)], {}, lambda x: x.sum()),
    ("rmsNorm", [randn(3, 8), randn(8)], dict(epsilon=1e-5),
     lambda x, w, epsilon: w * x * (x.pow(2).mean(-1, keepdim=True) + epsilon).rsqrt()),
    ("softmax", [randn(2, 3, 5)], {}, lambda x: x.softmax(-1)),
    ("rope", [randn(3, 8), torch.tensor([[4, 0, 5]]), angles.cos(), angles.sin()], dict(heads=2), rotate),
    ("swiglu", [randn(3, 6), randn(3, 6)], {}, lambda a, b: torch.nn.functional.silu(a) * b),
    ("gather", [randn(5, 3), torch.tensor([4, 0, 2])], {}, lambda x, i: x[i]),
    ("reshape", [randn(2, 6)], dict(shape=[3, 4]), lambda x, shape: x.reshape(shape)),
    ("transpose", [randn(2, 3, 4)], dict(permutation=[2, 0, 1]), lambda x, permutation: x.permute(permutation)),
    ("concat", [randn(2, 1, 3), randn(2, 2, 3)], dict(axis=1), lambda a, b, axis: torch.cat([a, b], axis)),
    ("split", [randn(2, 5)], dict(sizes=[2, 3], axis=1), lambda x, sizes, axis: list(x.split(sizes, axis))),
    ("attention", [randn(2, 12, 4), randn(2, 5, 4), randn(2, 5, 4), causal], dict(scale=0.5), attend),
]
# Inputs that are given and never trained: indices, angle tables, masks.
CONSTANT = {"rope": {2, 3}, "attention": {3}}


def tensor_json(t):
    kind = "int64" if t.dtype == torch.int64 else "float32"
    return dict(type=kind, shape=list(t.shape), data=t.detach().reshape(-1).tolist())


def run(name, inputs, attributes, function):
    operation = name.split(" ")[0]
    trained = [t.dtype == F and i not in CONSTANT.get(operation, ()) for i, t in enumerate(inputs)]
    # What is compared is computed from float32 inputs, so round them first.
    leaves = [t.float().double().requires_grad_() if yes else t for t, yes in zip(inputs, trained)]
    result = function(*leaves, **attributes)
    outputs = result if isinstance(result, list) else [result]
    seeds = [randn(*o.shape).float().double() for o in outputs]
    sum((o * s).sum() for o, s in zip(outputs, seeds)).backward()
    return dict(
        name=name, operation=operation, attributes=attributes,
        inputs=[tensor_json(t) for t in leaves],
        seeds=[tensor_json(s) for s in seeds],
        outputs=[tensor_json(o) for o in outputs],
        gradients=[tensor_json(t.grad) if yes else None for t, yes in zip(leaves, trained)],
    )


print(json.dumps([run(*case) for case in CASES]))
