#!/usr/bin/env python3
"""Batched greedy generation beside transformers.generate on this machine, one run: 64 prompts (GSM8K's questions), 64 new tokens each.

  make bench-generate                     the model of performance.md, bf16, all cores; rows go to generate.json
  bench/bench_generate.py --layers 3 --threads 1 --turns 3 --no-record     a quick look
"""
import pathlib
import tempfile

from model_bench import PEER, Bench, arguments
from side_by_side import PEER_PYTHON, ROOT, record, table, take_turns

COMMAND = "make bench-generate"


def main():
    args = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, pathlib.Path(folder))
        shape = ["--batch", 64, "--new-tokens", 64]
        sides = take_turns({"tuneward": [*bench.ours("generate", "gsm8k"), *shape],
                            PEER: [PEER_PYTHON, ROOT / "bench/peer/transformers_generate.py", *bench.options("gsm8k"), *shape]}, args.turns)
    ours, peer = sides["tuneward"], sides[PEER]
    table(["64 prompts x 64 new tokens", "new tokens/s", "range", "peak GB"],
          [[s.name, f"{s.rate:,.0f}", s.spread, f"{s.peak / 1e9:.2f}"] for s in (ours, peer)])
    print(f"\n{ours.rate / peer.rate:.2f} x transformers.generate (goal 4)\n")
    if not args.no_record:
        record("generate", "generate.tokens_per_s", ours.rate, "tok/s", COMMAND, "higher")
        record("generate", "generate.speedup", ours.rate / peer.rate, "x", COMMAND, "higher", 4, peer="transformers 5.23")
        record("generate", "generate.memory_ratio", ours.peak / peer.peak, "x", COMMAND, "lower", peer="transformers 5.23")


if __name__ == "__main__":
    main()
