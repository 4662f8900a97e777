#!/usr/bin/env python3
"""The GPU rows of the performance goals: the kernels against the CPU's, and LoRA steps of an 8B shape beside transformers + PEFT on one GPU.

  make bench-gpu        bf16, rank 16 on all linears; rows of 4,096 tokens, and GSM8K's lengths padded as PEFT's collator does

Writes docs/results/gpu.json. Where there is no GPU, no nvcc or no LibTorch with CUDA every row is written as not run, with the reason.
Memory is what each side's allocator took from the GPU. Both models are on the GPU at once: it needs about 120 GB.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from side_by_side import PEER_PYTHON, ROOT, table, take_turns

COMMAND = "make bench-gpu"
PEER = "transformers + PEFT"
# name -> unit, better, goal, peer
ROWS = {
    "gpu.kernels_passed": ("tests", "higher", None, None),
    "gpu.full_rows.tokens_per_s": ("tok/s", "higher", 15000, None),
    "gpu.full_rows.speedup": ("x", "higher", 1.6, PEER),
    "gpu.short_rows.tokens_per_s": ("tok/s", "higher", None, None),
    "gpu.short_rows.speedup": ("x", "higher", 3, PEER),
    "gpu.memory_ratio": ("x", "lower", 0.6, PEER),
}
CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
          "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "max_position_embeddings": 8192, "hidden_act": "silu",
          "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False}


def record(name, value=None, why=None):
    unit, better, goal, peer = ROWS[name]
    options = ["--file", "gpu", "--name", name, "--unit", unit, "--command", COMMAND]
    if value is None:
        options += ["--not-run", why]
    else:
        options += ["--value", value, "--better", better, *(["--goal", goal] if goal else []), *(["--peer", peer] if peer else [])]
    subprocess.run([ROOT / "scripts/record_result.py", *map(str, options)], check=True)


def lacking(torch_root):
    """What keeps this machine from running it, or None."""
    if not list(pathlib.Path("/dev").glob("nvidia[0-9]*")):
        return "no GPU on this machine"
    if shutil.which("nvcc") is None and not pathlib.Path("/usr/local/cuda/bin/nvcc").exists():
        return "no nvcc on this machine"
    if not (torch_root / "lib/libtorch_cuda.so").exists():
        return "LibTorch is the CPU build"
    return None


def kernels(build):
    """How many tests passed; a failure ends the program."""
    run = subprocess.run([build / "tests/cuda_kernels_test"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"bench_gpu: cuda_kernels_test ended with status {run.returncode}\n{run.stdout[-4000:]}{run.stderr[-4000:]}")
    record("gpu.kernels_passed", run.stdout.count("[       OK ]"))


def train(args, folder):
    program = args.build / "bin/tw-bench-engine"
    config = folder / "config.json"
    config.write_text(json.dumps(CONFIG), encoding="utf-8")
    rows = {"short": folder / "short.rows", "full": folder / "full.rows"}
    subprocess.run([program, "rows", "--data", ROOT / "tests/data/real/gsm8k_200.jsonl", "--out", rows["short"], "--full-out", rows["full"],
                    "--full-length", "4096"], check=True)
    for kind, batch in (("full", 1), ("short", 16)):
        options = ["--config", config, "--rows", rows[kind], "--precision", "bf16", "--threads", 4, "--batch", batch, "--device", "cuda:0"]
        sides = take_turns({"tuneward": [program, "train", *options], PEER: [PEER_PYTHON, ROOT / "bench/peer/peft_train.py", *options]}, args.turns)
        rate = {name: side.tokens / side.seconds for name, side in sides.items()}
        table([f"{kind} rows", "real tokens/s", "GPU GB"], [[n, f"{rate[n]:,.0f}", f"{s.peak / 1e9:.1f}"] for n, s in sides.items()])
        record(f"gpu.{kind}_rows.tokens_per_s", rate["tuneward"])
        record(f"gpu.{kind}_rows.speedup", rate["tuneward"] / rate[PEER])
        if kind == "full":
            record("gpu.memory_ratio", sides["tuneward"].peak / sides[PEER].peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=lambda p: ROOT / p, default=ROOT / "build")
    parser.add_argument("--turns", type=int, default=7, help="steps of each side; short rows have 12 batches, full ones 9")
    args = parser.parse_args()
    cache = (args.build / "CMakeCache.txt").read_text(encoding="utf-8")
    torch_root = next(line.split("=", 1)[1] for line in cache.splitlines() if line.startswith("TUNEWARD_TORCH_ROOT:"))
    why = lacking(pathlib.Path(torch_root))
    if why:
        print(f"bench_gpu: not run: {why}")
        for name in ROWS:
            record(name, why=why)
        return
    subprocess.run(["cmake", "-DTUNEWARD_CUDA=ON", args.build], check=True)
    subprocess.run(["cmake", "--build", args.build, "--target", "cuda_kernels_test", "tw-bench-engine"], check=True)
    kernels(args.build)
    with tempfile.TemporaryDirectory() as folder:
        train(args, pathlib.Path(folder))


if __name__ == "__main__":
    main()
