"""Rows of docs/results/packaging.json, through the one writer of that format; into docs/results/tmp unless TUNEWARD_RESULTS says."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def record(name, value, unit, command, better=None, goal=None):
    arguments = ["--file", "packaging", "--name", name, "--value", f"{value:g}", "--unit", unit, "--command", command]
    arguments += ["--better", better] if better else []
    arguments += ["--goal", f"{goal:g}"] if goal is not None else []
    environment = {"TUNEWARD_RESULTS": str(ROOT / "docs/results/tmp"), **os.environ}
    subprocess.run([ROOT / "scripts/record_result.py", *arguments], check=True, env=environment)
