#!/usr/bin/env python3
"""The demo's figures as rows of docs/results: demo_rows.py SECONDS "<method>.<strategy>=audit.json" ...

Writes demo.<method>.<strategy>.asr_raw|asr_in_format|asr_aoa|over_refusal|accuracy in percent, those of the untuned base under the
method name `untuned` from the first report, and demo.seconds. One seed: figures of the experiment (sandbox.*) are means over seeds.
"""
import json
import pathlib
import subprocess
import sys

from demo_table import find_cell, task_reading

RECORD = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "record_result.py"
CELLS = {  # figure: audit, wrapper
    "asr_raw": ("harmful_instructions", "raw"),
    "asr_in_format": ("harmful_instructions", "in_format"),
    "asr_aoa": ("harmful_instructions", "aoa"),
    "over_refusal": ("over_refusal", "raw"),
}


def figures(report, which):
    """which: "tuned" or "base"."""
    for name, (audit, wrapper) in CELLS.items():
        cell = find_cell(report, audit, wrapper)
        if cell is not None and cell["n"]:
            yield name, 100 * cell["base_count" if which == "base" else "count"] / cell["n"], "lower"
    reading = task_reading(report)
    if reading is not None:
        yield "accuracy", reading[which] / 1e4, "higher"


def record(name, value, unit, better, *goal):
    subprocess.run([sys.executable, RECORD, "--file", "demo", "--name", name, "--value", f"{value:.10g}", "--unit", unit,
                    "--better", better, "--command", "make demo", *goal], check=True)


def main(seconds, *reports):
    record("demo.seconds", float(seconds), "s", "lower", "--goal", "120")
    for i, argument in enumerate(reports):
        key, _, path = argument.partition("=")
        report = json.loads(json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["document"])
        rows = [(key, "tuned")] + ([("untuned." + key.partition(".")[2], "base")] if i == 0 else [])
        for prefix, which in rows:
            for name, value, better in figures(report, which):
                record(f"demo.{prefix}.{name}", value, "%", better)


if __name__ == "__main__":
    main(*sys.argv[1:])
