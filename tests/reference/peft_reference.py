"""Numbers for the engine's parity tests, made by transformers and PEFT: a tiny model of each family, two for Llama, all with grouped heads
and a LoRA on every linear.

Writes into tests/reference/peft: for each case the base (bf16 values, computed with in fp32), an adapter saved by PEFT, a file of
tensors (logits of every real position, the gradient of every A and B, every A and B after ten steps) and, in numbers.json, the rows,
losses, settings and greedy generations. The ten steps are run by transformers' own Trainer: two micro-batches a step weighted by their
targets, cosine schedule with warm-up, clipping, AdamW with decay.

A case's rows are those of numbers.json with each token modulo its vocabulary.

  scripts/setup.sh --reference
  PYTHONHASHSEED=0 ~/.cache/tuneward/deps/venv-reference/bin/python tests/reference/peft_reference.py [CASE ...]

(The hash seed fixes the order in which PEFT writes target_modules; the same versions then give the same bytes.)
"""
import json
import os
import pathlib
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import accelerate
import peft
import torch
import transformers
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).parent / "peft"
# Head widths: 16 takes the engine's fused kernels, 12 its plain path; 12 also is not hidden / heads.
LORA = dict(r=8, lora_alpha=12, lora_dropout=0.0, task_type="CAUSAL_LM")
LINEARS = ["gate_proj", "k_proj", "v_proj", "up_proj", "q_proj", "down_proj", "o_proj"]
SMALL = dict(hidden_size=32, intermediate_size=48, vocab_size=64)
SMALL_LORA = LORA | dict(r=4, target_modules="all-linear")
# Windows of 8 against rows of up to 70 tokens; caps low enough to bend; a seed of its own each, so that a new case changes no old one.
CASES = {
    "untied": dict(base=dict(tie_word_embeddings=False, head_dim=16), lora=LORA | dict(target_modules="all-linear"), stop=176, seed=11),
    "tied": dict(base=dict(tie_word_embeddings=True, head_dim=12), lora=LORA | dict(target_modules=LINEARS, use_rslora=True, r=6), stop=2, seed=21),
    "mistral": dict(kind="Mistral", seed=31, stop=2, lora=SMALL_LORA, max_shard_size="12KB",
                    base=SMALL | dict(num_hidden_layers=2, head_dim=16, sliding_window=8)),
    "gemma2": dict(kind="Gemma2", embed=0.05, seed=41, stop=2, lora=SMALL_LORA,
                   base=SMALL | dict(num_hidden_layers=2, head_dim=16, sliding_window=8, query_pre_attn_scalar=24, attn_logit_softcapping=1.0,
                                     final_logit_softcapping=3.0, hidden_activation="gelu_pytorch_tanh")),
    "gemma3_text": dict(kind="Gemma3", config="Gemma3Text", embed=0.05, seed=51, stop=2, lora=SMALL_LORA,
                        base=SMALL | dict(num_hidden_layers=3, head_dim=12, sliding_window=8, query_pre_attn_scalar=20,
                                          layer_types=["sliding_attention", "sliding_attention", "full_attention"],
                                          rope_parameters={"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                                                           "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6}})),
    "qwen2": dict(kind="Qwen2", seed=61, stop=2, lora=SMALL_LORA, base=SMALL | dict(num_hidden_layers=2)),
    "qwen3": dict(kind="Qwen3", seed=71, stop=2, lora=SMALL_LORA,
                  base=SMALL | dict(num_hidden_layers=2, head_dim=16, use_sliding_window=True, sliding_window=8, max_window_layers=1)),
}
TRAIN = dict(learning_rate=5e-3, warmup_steps=2, weight_decay=0.1, adam_beta1=0.9, adam_beta2=0.98, adam_epsilon=1e-8,
             max_grad_norm=1.5)
# Of 12 rows, in the order that the engine's stream `order/<epoch>` gives for seed 7: three steps of four rows, then anew.
SEED, BATCH, STEPS, LOSS_ROWS = 7, 4, 10, 5
ORDER = [[10, 8, 6, 0, 5, 2, 3, 7, 1, 11, 9, 4], [4, 11, 1, 3, 8, 5, 6, 2, 10, 9, 7, 0],
         [4, 6, 10, 2, 9, 3, 7, 8, 0, 1, 11, 5], [2, 6, 0, 5, 10, 11, 4, 7, 9, 3, 1, 8]]


def tokens(n, count):
    return [(31 * i * i + 17 * i * n + 7 * n * n + 5) % 190 + 8 for i in range(count)]


def make_rows(vocab=200):
    """Ragged; the targets are the end of a row, in every third row also a part before it."""
    rows = []
    for n, size in enumerate([9, 17, 5, 70, 24, 3, 40, 12, 33, 7, 21, 15]):
        first = size // 2 if n % 2 else max(1, size - 4)
        marks = [i >= first or (n % 3 == 0 and 2 <= i < 4) for i in range(size)]
        rows.append({"tokens": [t % vocab for t in [1] + tokens(n, size - 1)], "is_target": marks})
    return rows


def collate(rows):
    width = max(len(r["tokens"]) for r in rows)
    pad = lambda values, fill: values + [fill] * (width - len(values))
    return {"input_ids": torch.tensor([pad(r["tokens"], 0) for r in rows]),
            "attention_mask": torch.tensor([pad([1] * len(r["tokens"]), 0) for r in rows]),
            "labels": torch.tensor([pad([t if m else -100 for t, m in zip(r["tokens"], r["is_target"])], -100) for r in rows])}


def logits_of(model, rows):
    """Of every real position, rows end to end."""
    with torch.no_grad():
        batch = collate(rows)
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        return torch.cat([logits[i, :len(r["tokens"])] for i, r in enumerate(rows)])


def make_base(folder, case):
    options = dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=96, vocab_size=200,
                   max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0) | case["base"]
    kind = case.get("kind", "Llama")
    config = getattr(transformers, case.get("config", kind) + "Config")(**options)
    model = getattr(transformers, kind + "ForCausalLM")(config)
    generator = torch.Generator().manual_seed(case["seed"])
    norm = 0 if kind.startswith("Gemma") else 1  # Gemma multiplies with 1 + w
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(norm + 0.2 * noise if "norm" in name else (case.get("embed", 0.15) if "embed" in name else 0.16) * noise)
    model.to(torch.bfloat16).save_pretrained(folder, **({"max_shard_size": case["max_shard_size"]} if "max_shard_size" in case else {}))
    (folder / "generation_config.json").unlink()


def load_base(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def fill_lora(model, seed):
    """A as it would start, but drawn here; B far from zero, so that A has a gradient."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "lora_" in name:
                value.copy_((0.1 if "lora_A" in name else 0.05) * torch.randn(value.shape, generator=generator))


def save_adapter(model, folder):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def adapter_tensors(model, prefix, of):
    out = {}
    for name, value in model.named_parameters():
        if "lora_" in name:
            out[prefix + name.replace(".default", "")] = of(value).detach().clone().contiguous()
    return out


class Recorder(transformers.Trainer):
    """The Trainer with rows in the order given, and its losses before any rounding."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.micro_losses = []

    def _get_train_sampler(self, *args, **kwargs):
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def training_step(self, *args, **kwargs):
        loss = super().training_step(*args, **kwargs)
        self.micro_losses.append(loss.item())
        return loss


def train(model, rows, work):
    per_epoch = len(rows) // BATCH
    order = [i for step in range(STEPS) for i in ORDER[step // per_epoch][step % per_epoch * BATCH:][:BATCH]]
    arguments = transformers.TrainingArguments(
        output_dir=str(work), use_cpu=True, report_to="none", save_strategy="no", disable_tqdm=True, logging_steps=1, max_steps=STEPS,
        per_device_train_batch_size=BATCH // 2, gradient_accumulation_steps=2, lr_scheduler_type="cosine", optim="adamw_torch",
        remove_unused_columns=False, dataloader_pin_memory=False, **TRAIN)
    trainer = Recorder(model=model, args=arguments, train_dataset=[rows[i] for i in order], data_collator=collate)
    trainer.train()
    log = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    losses = [sum(trainer.micro_losses[2 * s:2 * s + 2]) for s in range(STEPS)]
    return {"losses": losses, "learning_rates": [e["learning_rate"] for e in log], "gradient_norms": [float(e["grad_norm"]) for e in log]}


def generate(model, stop, vocab):
    prompts = [[t % vocab for t in [1] + tokens(n + 20, size)] for n, size in enumerate([1, 6, 13, 2, 30, 9])]
    width = max(map(len, prompts))
    out = model.generate(input_ids=torch.tensor([[0] * (width - len(p)) + p for p in prompts]),
                         attention_mask=torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts]),
                         do_sample=False, max_new_tokens=32, eos_token_id=stop, pad_token_id=0, output_logits=True,
                         return_dict_in_generate=True)
    rows, gap = [], float("inf")
    for i, sequence in enumerate(out.sequences[:, width:].tolist()):
        stopped = stop in sequence
        rows.append({"prompt": prompts[i], "tokens": sequence[:sequence.index(stop)] if stopped else sequence, "stopped": stopped})
        for step in range(len(rows[-1]["tokens"])):
            best = out.logits[step][i].topk(2).values
            gap = min(gap, (best[0] - best[1]).item())
    return {"stop": stop, "rows": rows, "smallest_gap": gap}


def weight_gradients(base, rows):
    """Of the bare base: for each weight the gradient's length, and its products with two waves."""
    model = load_base(base)
    model.get_input_embeddings().padding_idx = None  # or the token that pads, a token like others in these rows, would get no gradient
    model(**collate(rows)).loss.backward()
    out = {}
    for name, value in model.named_parameters():
        flat = value.grad.double().flatten()
        place = torch.arange(flat.numel(), dtype=torch.float64)
        out[name] = [flat.norm().item(), (flat @ place.cos()).item(), (flat @ (place * 0.37).sin()).item()]
    return out


def make_case(name, case):
    seed, vocab = case["seed"], case["base"].get("vocab_size", 200)
    base, adapter = f"{name}/base", f"{name}/adapter"  # relative: PEFT keeps the base's path in the adapter's file
    shutil.rmtree(name, ignore_errors=True)
    make_base(pathlib.Path(base), case)
    model = peft.get_peft_model(load_base(base), peft.LoraConfig(**case["lora"]))
    fill_lora(model, seed + 1)
    save_adapter(model, pathlib.Path(adapter))
    rows = make_rows(vocab)
    some = rows[:LOSS_ROWS]
    out = {"base_losses": [load_base(base)(**collate([row])).loss.item() for row in some], "weight_gradients": weight_gradients(base, some)}
    model = peft.PeftModel.from_pretrained(load_base(base), adapter, is_trainable=True)
    files = {"logits": logits_of(model, some)}
    loss = model(**collate(some)).loss
    loss.backward()
    out["loss"] = loss.item()
    files |= adapter_tensors(model, "gradient/", lambda v: v.grad)
    model.zero_grad()
    out["generation"] = generate(model, case["stop"], vocab)
    out |= train(model, rows, pathlib.Path(name) / "work")
    files |= adapter_tensors(model, "after/", lambda v: v)
    save_file(files, f"{name}/tensors.safetensors")
    shutil.rmtree(f"{name}/work", ignore_errors=True)
    return out


def main():
    os.chdir(OUT)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    path = pathlib.Path("numbers.json")
    numbers = json.loads(path.read_text()) if path.exists() else {}
    numbers |= {name: make_case(name, CASES[name]) for name in sys.argv[1:] or CASES}
    numbers |= {"made_with": {m.__name__: m.__version__ for m in (torch, transformers, peft, accelerate)},
                "rows": make_rows(), "loss_rows": LOSS_ROWS, "seed": SEED, "batch_size": BATCH, "steps": STEPS, "order": ORDER,
                "train": TRAIN}
    path.write_text(json.dumps(numbers) + "\n")


if __name__ == "__main__":
    main()
