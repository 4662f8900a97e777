#!/usr/bin/env python3
"""LoRA training beside transformers + PEFT on this machine, one run: full rows, GSM8K's lengths, the same under a system prompt, memory, the machine's own matmul rate.

  make bench-train                        the model of performance.md (12 layers, d 768), bf16, all cores; rows go to train.json
  bench/bench_train.py --turns 7          more repetitions (medians are shown)
  bench/bench_train.py --layers 3 --threads 1 --no-record    a quick look

Every program is warm before the first turn and they take turns, a step each. FLOPs of a step are counted as 4 a weight and token (forward
and the gradient of the input; frozen weights have none), for the head at targets only. Memory is the most the process held, torch included.
"""
import pathlib
import tempfile

from model_bench import PEER, Bench, arguments
from side_by_side import Side, record, table, take_turns

COMMAND = "make bench-train"


class TrainBench(Bench):
    def record(self, name, value, unit, better, goal=None):
        if not self.args.no_record:
            record("train", f"train.{name}", value, unit, COMMAND, better, goal, peer=PEER if "speedup" in name or "ratio" in name else None)


def full_rows(bench):
    sides = take_turns({"tuneward": bench.ours("train", "full"), PEER: bench.peer("full"),
                        "products alone": bench.ours("matmul", "full")}, bench.args.turns)
    ours, peer, limit = sides["tuneward"], sides[PEER], sides["products alone"]
    speedup, memory = ours.rate / peer.rate, ours.peak / peer.peak
    # The turn of `limit` is the products of one full step of 2,048 tokens.
    step_flops = limit.tokens / len(limit.rates)
    share = ours.rate / 2048 * step_flops / limit.rate
    table(["full rows, 8 x 256", "tokens/s", "range", "peak GB"],
          [[s.name, f"{s.rate:,.0f}", s.spread, f"{s.peak / 1e9:.2f}"] for s in (ours, peer)])
    print(f"\n{speedup:.2f} x PEFT (goal 5), {memory:.2f} of its memory (goal 0.4); {100 * share:.0f} % of the {limit.rate / 1e12:.2f} TFLOP/s "
          "that the step's products alone reach (goal 50 %)\n")
    bench.record("full_rows.tokens_per_s", ours.rate, "tok/s", "higher")
    bench.record("full_rows.speedup", speedup, "x", "higher", 5)
    bench.record("memory_ratio", memory, "x", "lower", 0.4)
    bench.record("matmul_share", share, "x", "higher", 0.5)
    bench.record("machine_tflops", limit.rate / 1e12, "TFLOP/s", "higher")


def beside_peft(bench, rows):
    """Tokens/s of us, of PEFT padded and of PEFT grouped by length, by name. The same batches on each side (grouped: of the same rows in another
    order): sums, since batches differ."""
    padded, grouped = f"{PEER}, padded", f"{PEER}, grouped by length"
    sides = take_turns({"tuneward": bench.ours("train", rows), padded: bench.peer(rows), grouped: bench.peer(rows, "--grouped")}, bench.args.batches)
    rates = [side.tokens / side.seconds for side in sides.values()]
    table([f"{rows}, 8 rows", "real tokens/s", "peak GB"],
          [[name, f"{rate:,.0f}", f"{side.peak / 1e9:.2f}"] for (name, side), rate in zip(sides.items(), rates)])
    return rates


def real_lengths(bench):
    ours, padded, grouped = beside_peft(bench, "gsm8k")
    print(f"\n{ours / padded:.2f} x padded (goal 10), {ours / grouped:.2f} x grouped (goal 5)\n")
    bench.record("gsm8k_lengths.tokens_per_s", ours, "tok/s", "higher")
    bench.record("gsm8k_lengths.speedup", ours / padded, "x", "higher", 10)
    bench.record("gsm8k_lengths_grouped.speedup", ours / grouped, "x", "higher", 5)


def system_prompt(bench):
    """The same rows under one system prompt of 128 tokens, which a batch runs once."""
    ours, padded, grouped = beside_peft(bench, "prompted")
    print(f"\n{ours / padded:.2f} x padded, {ours / grouped:.2f} x grouped\n")
    bench.record("system_prompt.tokens_per_s", ours, "tok/s", "higher")
    bench.record("system_prompt.speedup", ours / padded, "x", "higher")
    bench.record("system_prompt_grouped.speedup", ours / grouped, "x", "higher")


def vocabulary(bench):
    """What a larger vocabulary adds beyond its own weights (embedding and head, in the base's type)."""
    peaks, bytes_a_value = {}, 2 if bench.args.precision == "bf16" else 4
    for vocab in (32000, 128000):
        side = Side(f"V {vocab}", bench.ours("train", "full", vocab))
        for _ in range(2):
            side.turn()
        peaks[vocab] = side.finish()
    added_weights = 2 * (128000 - 32000) * 768 * bytes_a_value
    ratio = (peaks[128000] - added_weights) / peaks[32000]
    table(["vocabulary", "peak GB", "without the added weights"],
          [["32,000", f"{peaks[32000] / 1e9:.2f}", f"{peaks[32000] / 1e9:.2f}"],
           ["128,000", f"{peaks[128000] / 1e9:.2f}", f"{(peaks[128000] - added_weights) / 1e9:.2f}"]])
    print(f"\n{ratio:.2f} x beyond the weights (goal 1.1)\n")
    bench.record("vocab_memory_ratio", ratio, "x", "lower", 1.1)


def together(bench):
    """Four jobs that share their steps beside the same jobs in turn, whose rate is that of one."""
    jobs = 4
    shared, alone = f"{jobs} jobs together", f"{jobs} jobs in turn"
    sides = take_turns({shared: [*bench.ours("train-together", "gsm8k"), "--jobs", jobs], alone: bench.ours("train", "gsm8k")},
                       min(bench.args.batches, 16))
    rate = {name: side.tokens / side.seconds for name, side in sides.items()}
    # Master, gradient and two moments of an adapter of rank 16, fp32, for each further job.
    linears = [(768, 768)] * 4 + [(768, 2048)] * 3
    adapter = bench.args.layers * sum(16 * (a + b) for a, b in linears) * 16
    allowed = sides[alone].peak + (jobs - 1) * adapter
    ratio, memory = rate[shared] / rate[alone], sides[shared].peak / allowed
    table(["GSM8K's lengths, 8 rows a job", "real tokens/s", "peak GB"],
          [[name, f"{rate[name]:,.0f}", f"{side.peak / 1e9:.2f}"] for name, side in sides.items()])
    goal = 1.3 if bench.args.device.startswith("cuda") else 1.0
    print(f"\n{ratio:.2f} x in turn (goal {goal}); {memory:.2f} x base + {jobs} adapters + one set of activations (goal 1)\n")
    bench.record("together.tokens_per_s", rate[shared], "tok/s", "higher")
    bench.record("together.throughput", ratio, "x", "higher", goal)
    bench.record("together.memory", memory, "x", "lower", 1.0)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--batches", type=int, default=24, help="of GSM8K's lengths, at most 24: each is taken once")
    parser.add_argument("--only", choices=["full", "lengths", "prompt", "vocabulary", "together"])
    args = parser.parse_args()
    parts = {"full": full_rows, "lengths": real_lengths, "prompt": system_prompt, "vocabulary": vocabulary, "together": together}
    with tempfile.TemporaryDirectory() as folder:
        bench = TrainBench(args, pathlib.Path(folder))
        for name, part in parts.items():
            if args.only in (None, name):
                part(bench)


if __name__ == "__main__":
    main()
