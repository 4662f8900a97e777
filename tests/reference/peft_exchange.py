"""Adapters across the border, for tests/unit/worker/engine/peft_test.cc.

  peft_exchange.py BASE FOLDER

FOLDER/rows.json holds rows; each FOLDER/ours/NAME an adapter written by the engine with its logits. PEFT loads them onto BASE, or onto the
base whose path ours/NAME/base holds, and the largest difference goes to FOLDER/report.json. Then PEFT trains none but saves adapters of many kinds: FOLDER/theirs/NAME with their
logits, and FOLDER/refused/NAME, kinds that the engine does not compute; report.json says by which key each is to be refused.
"""
import json
import pathlib
import sys

from peft_reference import fill_lora, load_base, logits_of, save_adapter

import peft
import torch
from safetensors.torch import load_file, save_file

THEIRS = {
    "list": dict(target_modules=["v_proj", "q_proj"]),
    "suffix": dict(target_modules=["self_attn.o_proj", "mlp.down_proj"]),
    "all_linear": dict(target_modules="all-linear"),
    "pattern": dict(target_modules=r".*\.(k_proj|up_proj)"),
    "default": dict(),
    "excluded": dict(target_modules="all-linear", exclude_modules=["down_proj"]),
    "rslora": dict(target_modules="all-linear", use_rslora=True, r=16),
    "gaussian": dict(target_modules=["gate_proj"], init_lora_weights="gaussian", lora_alpha=3.5, r=3),
    "dropout": dict(target_modules=["q_proj"], lora_dropout=0.3),
    "no_task": dict(target_modules=["up_proj"], task_type=None),
}
REFUSED = {
    "use_dora": dict(use_dora=True),
    "bias": dict(bias="lora_only"),
    "lora_bias": dict(lora_bias=True),
    "modules_to_save": dict(modules_to_save=["lm_head"]),
    "rank_pattern": dict(rank_pattern={"v_proj": 4}),
    "alpha_pattern": dict(alpha_pattern={"v_proj": 4}),
    "layers_to_transform": dict(layers_to_transform=[0]),
    "init_lora_weights": dict(init_lora_weights="pissa"),
    "trainable_token_indices": dict(trainable_token_indices=[3]),
    "target_modules": dict(target_modules=["q_proj", "lm_head"]),
    "peft_type": None,
}


def main():
    base, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = json.loads((folder / "rows.json").read_text())
    errors = {}
    for ours in sorted((folder / "ours").iterdir()):
        own = ours / "base"
        model = peft.PeftModel.from_pretrained(load_base(own.read_text() if own.exists() else base), str(ours)).eval()
        some = [r | {"tokens": [t % model.config.vocab_size for t in r["tokens"]]} for r in rows]
        difference = logits_of(model, some) - load_file(ours / "logits.safetensors")["logits"]
        errors[ours.name] = difference.abs().max().item()

    for seed, (name, options) in enumerate(THEIRS.items()):
        config = peft.LoraConfig(**(dict(r=8, lora_alpha=12, task_type="CAUSAL_LM") | options))
        model = peft.get_peft_model(load_base(base), config).eval()
        fill_lora(model, 100 + seed)
        save_adapter(model, folder / "theirs" / name)
        save_file({"logits": logits_of(model, rows)}, folder / "theirs" / name / "logits.safetensors")
    for name, options in REFUSED.items():
        config = peft.IA3Config(task_type="CAUSAL_LM") if options is None else peft.LoraConfig(
            **(dict(r=8, lora_alpha=12, task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"]) | options))
        save_adapter(peft.get_peft_model(load_base(base), config), folder / "refused" / name)
    (folder / "report.json").write_text(json.dumps({"errors": errors, "theirs": list(THEIRS), "refused": list(REFUSED)}))


if __name__ == "__main__":
    main()
