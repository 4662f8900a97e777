#!/usr/bin/env python3
"""Encoding beside the Hugging Face tokenizers package, one run, one thread each: byte-level BPE with Llama 3's split, trained on the texts.

  make bench-tokenizer                                            the row goes to tokenizer.json
  bench/bench_tokenizer.py --turns 1 --rows 5 --no-record         does it run?

Texts are the contents of GSM8K's, BoolQ's and WinoGrande's rows in tests/data/real. Both sides must give as many tokens.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from side_by_side import PEER_PYTHON, ROOT, record, table, take_turns

COMMAND = "make bench-tokenizer"
PEER = "tokenizers 0.23"
SCRIPT = ROOT / "bench/peer/hf_tokenizer.py"


def texts(rows):
    for path in sorted((ROOT / "tests/data/real").glob("*_200.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in list(lines)[:rows]:
                yield from (message["content"] for message in json.loads(line)["messages"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=lambda p: ROOT / p, default=ROOT / "build")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--rows", type=int, default=200, help="of each file")
    parser.add_argument("--repeat", type=int, default=10, help="times that a turn encodes them all")
    parser.add_argument("--vocab", type=int, default=32000, help="at most")
    parser.add_argument("--no-record", action="store_true")
    args = parser.parse_args()
    if not os.access(PEER_PYTHON, os.X_OK):
        sys.exit(f"{PEER_PYTHON} is not there: scripts/setup.sh --reference installs the peer")
    with tempfile.TemporaryDirectory() as folder:
        once, often, model = (pathlib.Path(folder) / name for name in ("once.jsonl", "texts.jsonl", "tokenizer.json"))
        lines = "".join(json.dumps(text) + "\n" for text in texts(args.rows))
        once.write_text(lines, encoding="utf-8")
        often.write_text(lines * args.repeat, encoding="utf-8")
        subprocess.run([PEER_PYTHON, SCRIPT, "make", once, model, str(args.vocab)], check=True)
        sides = take_turns({"tuneward": [args.build / "bin/tw-bench-tokenizer", folder, often],
                            PEER: [PEER_PYTHON, SCRIPT, "encode", often, model]}, args.turns)
        megabytes = sum(len(json.loads(line).encode()) for line in often.open(encoding="utf-8")) / 1e6
        vocab = len(json.loads(model.read_text(encoding="utf-8"))["model"]["vocab"])
    ours, peer = sides["tuneward"], sides[PEER]
    if ours.tokens != peer.tokens:
        sys.exit(f"bench: {ours.tokens} tokens against the peer's {peer.tokens}")
    per_turn = ours.tokens / args.turns
    table([f"{megabytes:.1f} MB a turn, {vocab:,} tokens in the vocabulary", "tokens/s", "range", "MB/s"],
          [[s.name, f"{s.rate:,.0f}", s.spread, f"{s.rate / per_turn * megabytes:.1f}"] for s in (ours, peer)])
    ratio = ours.rate / peer.rate
    print(f"\n{ratio:.2f} x the tokenizers package (goal 1)\n")
    if not args.no_record:
        record("tokenizer", "tokenizer.tokens_per_s", ours.rate, "tok/s", COMMAND, "higher")
        record("tokenizer", "tokenizer.encode_ratio", ratio, "x", COMMAND, "higher", 1, peer=PEER)


if __name__ == "__main__":
    main()
