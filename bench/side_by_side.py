"""Programs that take turns: each runs one measurement while the others wait, so that all see the same machine. A program is one side
of bench/engine/turns.h; its first answer (peak memory) says that it is warm."""
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT / "tests/support"))
from results import record  # noqa: E402,F401

DEPS = pathlib.Path.home() / ".cache/tuneward/deps"
PEER_PYTHON = DEPS / "venv-reference/bin/python"


class Side:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.rates, self.tokens, self.seconds = [], 0, 0.0
        self.warm_peak = self._read()["peak_bytes"]

    def _read(self):
        while line := self.process.stdout.readline():
            if line.startswith("{"):
                return json.loads(line)
        sys.exit(f"bench: {self.name} ended with status {self.process.wait()}")

    def turn(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self._read()
        self.tokens += answer["tokens"]
        self.seconds += answer["seconds"]
        self.rates.append(answer["tokens"] / answer["seconds"])

    def finish(self):
        """Ends the program; its peak memory in bytes."""
        self.process.stdin.close()
        peak = self._read()["peak_bytes"]
        self.process.wait()
        return peak

    @property
    def rate(self):
        return statistics.median(self.rates)

    @property
    def spread(self):
        return f"{min(self.rates):,.0f}-{max(self.rates):,.0f}"


def take_turns(commands, turns):
    """{name: command} -> {name: Side}, all ended."""
    sides = {name: Side(name, command) for name, command in commands.items()}
    for _ in range(turns):
        for side in sides.values():
            side.turn()
    for side in sides.values():
        side.peak = side.finish()
    return sides


def table(header, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [header, ["---"] * len(header), *rows]]
    print("\n".join(lines), flush=True)
