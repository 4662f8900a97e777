"""Rows of docs/results/<file>.json, through the one writer of that format; into docs/results/tmp unless TUNEWARD_RESULTS says."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def record(file, name, value, unit, command, better=None, goal=None, peer=None):
    arguments = ["--file", file, "--name", name, "--value", f"{value:.10g}", "--unit", unit, "--command", command]
    arguments += ["--better", better] if better else []
    arguments += ["--goal", f"{goal:.10g}"] if goal is not None else []
    arguments += ["--peer", peer] if peer else []
    environment = {"TUNEWARD_RESULTS": str(ROOT / "docs/results/tmp"), **os.environ}
    subprocess.run([sys.executable, ROOT / "scripts/record_result.py", *arguments], check=True, env=environment)
