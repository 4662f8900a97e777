"""The peer's side of bench/engine/turns.h: a line asks for one measurement, a JSON line answers; and the rows both sides read."""
import json
import sys


def await_turn():
    return bool(sys.stdin.readline())


def answer(tokens, seconds):
    print(json.dumps({"tokens": tokens, "seconds": seconds}), flush=True)


def answer_peak_memory():
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        print(json.dumps({"peak_bytes": torch.cuda.max_memory_reserved()}), flush=True)
        return
    with open("/proc/self/status", encoding="utf-8") as status:
        kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    print(json.dumps({"peak_bytes": kib * 1024}), flush=True)


def read_rows(path):
    """[(tokens, number of targets at the end)]"""
    rows = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            targets, *tokens = map(int, line.split())
            rows.append((tokens, targets))
    return rows
