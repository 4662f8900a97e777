"""Numbers for the engine's test of direct preference optimisation, made by transformers and PEFT on the models of peft_reference.py.

The loss is written out from the paper (Rafailov et al., 2023, equation 7) over log-probabilities of the answers, summed over their
tokens; the reference is PEFT's disable_adapter. Writes into tests/reference/dpo: for each case a file of tensors (the gradient of every
A and B in the first step, every A and B after three steps of AdamW) and, in numbers.json, the pairs, settings, losses and rewards.
Written by hand and not by TRL, whose trainer pads, truncates and shuffles in ways that would have to be turned off one by one.

  scripts/setup.sh --reference
  ~/.cache/tuneward/deps/venv-reference/bin/python tests/reference/dpo_reference.py
"""
import json
import pathlib

import torch
from peft_reference import adapter_tensors, load_base, tokens
import peft
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
OUT = HERE / "dpo"
BETA, STEPS, BATCH = 0.3, 3, 4
# Of 6 pairs, in the order that the engine's stream `order/<epoch>` gives for seed 7: a step of four, one of two, then anew.
SEED = 7
ORDER = [[0, 3, 1, 5, 2, 4], [2, 4, 3, 1, 5, 0]]
ADAM = dict(lr=5e-3, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.0)


def make_pairs():
    """Ragged answers to one prompt: (prompt, chosen, rejected)."""
    return [{"prompt": [1] + tokens(n, size), "chosen": tokens(n + 30, 3 + 2 * n), "rejected": tokens(n + 60, 11 - n)}
            for n, size in enumerate([4, 19, 7, 2, 40, 11])]


def log_prob(model, prompt, answer):
    logits = model(input_ids=torch.tensor([prompt + answer])).logits[0]
    at = torch.log_softmax(logits[len(prompt) - 1:-1], dim=-1)
    return at.gather(1, torch.tensor(answer)[:, None]).sum()


def rewards(model, pair):
    out = []
    for answer in ("chosen", "rejected"):
        with torch.no_grad(), model.disable_adapter():
            reference = log_prob(model, pair["prompt"], pair[answer])
        out.append(BETA * (log_prob(model, pair["prompt"], pair[answer]) - reference))
    return out


def make_case(name):
    folder = HERE / "peft" / name
    model = peft.PeftModel.from_pretrained(load_base(folder / "base"), folder / "adapter", is_trainable=True)
    pairs, steps, files = make_pairs(), [], {}
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], **ADAM)
    batches = [order[i:i + BATCH] for order in ORDER for i in range(0, len(order), BATCH)][:STEPS]
    for batch in batches:
        both = [rewards(model, pairs[i]) for i in batch]
        chosen, rejected = torch.stack([b[0] for b in both]), torch.stack([b[1] for b in both])
        loss = -torch.nn.functional.logsigmoid(chosen - rejected).mean()
        optimizer.zero_grad()
        loss.backward()
        if not steps:
            files |= adapter_tensors(model, "gradient/", lambda v: v.grad)
        steps.append({"loss": loss.item(), "chosen_reward": chosen.mean().item(), "rejected_reward": rejected.mean().item(),
                      "accuracy": (chosen > rejected).double().mean().item()})
        optimizer.step()
    files |= adapter_tensors(model, "after/", lambda v: v)
    save_file(files, OUT / f"{name}.safetensors")
    return steps


def main():
    OUT.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    numbers = {name: make_case(name) for name in ("untied", "tied")}
    numbers |= {"pairs": make_pairs(), "beta": BETA, "batch_size": BATCH, "seed": SEED, "order": ORDER,
                "learning_rate": ADAM["lr"], "beta1": ADAM["betas"][0], "beta2": ADAM["betas"][1]}
    (OUT / "numbers.json").write_text(json.dumps(numbers) + "\n")


if __name__ == "__main__":
    main()
