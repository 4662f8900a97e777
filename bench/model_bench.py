"""The model, the rows and the two programs that the training and generation benchmarks share (performance.md's shape by default)."""
import argparse
import json
import os
import subprocess

from side_by_side import PEER_PYTHON, ROOT

DATA = ROOT / "tests/data/real/gsm8k_200.jsonl"
PEER = "transformers 5.23 + PEFT 0.21"


def arguments(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=lambda p: ROOT / p, default=ROOT / "build")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-record", action="store_true")
    return parser


def config(args, vocab=32000):
    return {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 768, "num_hidden_layers": args.layers,
            "num_attention_heads": 12, "num_key_value_heads": 12, "intermediate_size": 2048, "vocab_size": vocab,
            "max_position_embeddings": 1024, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False}


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.program = args.build / "bin/tw-bench-engine"
        self.rows = {"gsm8k": folder / "gsm8k.rows", "full": folder / "full.rows", "prompted": folder / "prompted.rows"}
        subprocess.run([self.program, "rows", "--data", DATA, "--out", self.rows["gsm8k"], "--full-out", self.rows["full"]], check=True)
        self._put_under_a_prompt()

    def _put_under_a_prompt(self, length=128):
        """GSM8K's rows after the same `length` tokens, as under a system prompt."""
        prompt = self.rows["full"].read_text(encoding="utf-8").split()[1:length + 1]
        rows = [line.split() for line in self.rows["gsm8k"].read_text(encoding="utf-8").splitlines()]
        self.rows["prompted"].write_text("".join(" ".join([targets, *prompt, *tokens]) + "\n" for targets, *tokens in rows), encoding="utf-8")

    def options(self, rows, vocab=32000):
        path = self.folder / f"config-{vocab}.json"
        path.write_text(json.dumps(config(self.args, vocab)), encoding="utf-8")
        return ["--config", path, "--rows", self.rows[rows], "--precision", self.args.precision, "--threads", self.args.threads, "--device", self.args.device]

    def ours(self, mode, rows, vocab=32000):
        return [self.program, mode, *self.options(rows, vocab)]

    def peer(self, rows, *more):
        return [PEER_PYTHON, ROOT / "bench/peer/peft_train.py", *self.options(rows), *more]
