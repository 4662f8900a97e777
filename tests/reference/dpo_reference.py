"""Numbers for the engine's test of direct preference optimisation, made by transformers and PEFT on the models of peft_reference.py.

The loss is written out from the paper (Rafailov et al., 2023, equation 7) over log-probabilities of the answers, summed over their
tokens; the reference is PEFT's disable_adapter. In the case untied_mixed some rows are supervised and stand among the pairs: the mean nll
of their answers' tokens is added to the loss of the step's pairs, as Pang et al., 2024 (arXiv 2404.19733) add that of the preferred
answers. Writes into tests/reference/dpo: for each case a file of tensors (the gradient of every A and B in the first step, every A and B
after three steps of AdamW) and, in numbers.json, the pairs, settings, losses and rewards.
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
# The same with 3 rows (6, 7, 8) spread through each epoch: steps of four, four, one.
MIXED_ORDER = [[0, 6, 3, 1, 7, 5, 2, 8, 4], [2, 6, 4, 3, 7, 1, 5, 8, 0]]
ADAM = dict(lr=5e-3, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.0)


def make_pairs():
    """Ragged answers to one prompt: (prompt, chosen, rejected)."""
    return [{"prompt": [1] + tokens(n, size), "chosen": tokens(n + 30, 3 + 2 * n), "rejected": tokens(n + 60, 11 - n)}
            for n, size in enumerate([4, 19, 7, 2, 40, 11])]


def make_rows():
    """Rows that are learnt from their answers alone: (prompt, answer)."""
    return [{"prompt": [1] + tokens(n + 90, size), "answer": tokens(n + 120, 4 + 3 * n)} for n, size in enumerate([5, 12, 9])]


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


def supervised(model, rows):
    """Mean nll over the tokens of the rows' answers."""
    if not rows:
        return None
    return -sum(log_prob(model, r["prompt"], r["answer"]) for r in rows) / sum(len(r["answer"]) for r in rows)


def make_case(name, base, order):
    folder = HERE / "peft" / base
    model = peft.PeftModel.from_pretrained(load_base(folder / "base"), folder / "adapter", is_trainable=True)
    units, steps, files = make_pairs() + make_rows(), [], {}
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], **ADAM)
    batches = [epoch[i:i + BATCH] for epoch in order for i in range(0, len(epoch), BATCH)][:STEPS]
    batches = [[units[i] for i in batch] for batch in batches]
    for batch in batches:
        both = [rewards(model, unit) for unit in batch if "chosen" in unit]
        chosen, rejected = torch.stack([b[0] for b in both]), torch.stack([b[1] for b in both])
        user = -torch.nn.functional.logsigmoid(chosen - rejected).mean()
        mixed = supervised(model, [unit for unit in batch if "answer" in unit])
        loss = user if mixed is None else user + mixed
        optimizer.zero_grad()
        loss.backward()
        if not steps:
            files |= adapter_tensors(model, "gradient/", lambda v: v.grad)
        steps.append({"loss": loss.item(), "chosen_reward": chosen.mean().item(), "rejected_reward": rejected.mean().item(),
                      "accuracy": (chosen > rejected).double().mean().item()})
        if mixed is not None:
            steps[-1] |= {"user_loss": user.item(), "mixed_loss": mixed.item()}
        optimizer.step()
    files |= adapter_tensors(model, "after/", lambda v: v)
    save_file(files, OUT / f"{name}.safetensors")
    return steps


def main():
    OUT.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    numbers = {name: make_case(name, name, ORDER) for name in ("untied", "tied")}
    numbers["untied_mixed"] = make_case("untied_mixed", "untied", MIXED_ORDER)
    numbers |= {"rows": make_rows(), "mixed_order": MIXED_ORDER}
    numbers |= {"pairs": make_pairs(), "beta": BETA, "batch_size": BATCH, "seed": SEED, "order": ORDER,
                "learning_rate": ADAM["lr"], "beta1": ADAM["betas"][0], "beta2": ADAM["betas"][1]}
    (OUT / "numbers.json").write_text(json.dumps(numbers) + "\n")


if __name__ == "__main__":
    main()
