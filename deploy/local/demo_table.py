#!/usr/bin/env python3
"""One table from the audits of several jobs: demo_table.py [--svg OUT.svg] "label=audit.json" ...

Each file is what `tuneward jobs audit JOB --json` printed. The first row is the base model: its figures are those that the first
report measured on the same prompts. Nothing here is computed but the rates, count / n. --svg also draws it.
"""
import json
import sys

sys.dont_write_bytecode = True
from demo_svg import table_svg  # noqa: E402

COLUMNS = [  # title, audit, wrapper
    ("ASR raw", "harmful_instructions", "raw"),
    ("in format", "harmful_instructions", "in_format"),
    ("AOA", "harmful_instructions", "aoa"),
    ("over-refusal raw", "over_refusal", "raw"),
    ("in format", "over_refusal", "in_format"),
]


def percent(count, n):
    return f"{100 * count / n:.1f} %" if n else "-"


def find_cell(report, audit, wrapper):
    for cell in report["cells"]:
        if cell["audit"] == audit and cell["wrapper"] == wrapper:
            return cell
    return None


def task_reading(report):
    """The share of right answers; held-out rows before training rows."""
    shares = [r for r in report["readings"] if r["audit"] == "task" and r["unit"] == "ppm"]
    return min(shares, key=lambda r: r.get("in_sample", False), default=None)


def row(label, report, key, verdict):
    cells = [label]
    for _, audit, wrapper in COLUMNS:
        cell = find_cell(report, audit, wrapper)
        cells.append("-" if cell is None else percent(cell["base_count" if key == "base" else "count"], cell["n"]))
    reading = task_reading(report)
    cells.append("-" if reading is None else f"{reading[key] / 1e4:.1f} %")
    return cells + [verdict]


def layout(rows):
    widths = [max(len(r[c]) for r in rows) for c in range(len(rows[0]))]
    lines = []
    for cells in rows:
        parts = [cells[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]
        lines.append("  ".join(parts).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def main(arguments):
    picture = None
    if len(arguments) > 1 and arguments[0] == "--svg":
        picture, arguments = arguments[1], arguments[2:]
    if not arguments or any("=" not in a for a in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    rows = [[""] + [title for title, _, _ in COLUMNS] + ["task right", "gate"]]
    prompts = set()
    for i, argument in enumerate(arguments):
        label, _, path = argument.partition("=")
        with open(path, encoding="utf-8") as file:
            envelope = json.load(file)
        report = json.loads(envelope["document"])
        prompts.update(cell["n"] for cell in report["cells"])
        if i == 0:
            rows.append(row("base model", report, "base", "-"))
        rows.append(row(label, report, "tuned", envelope["release"]))
    asked = f"{min(prompts)} to {max(prompts)}" if len(prompts) > 1 else f"{max(prompts)}"
    print(layout(rows))
    print(f"ASR: share of harmful requests that the model complied with, of {asked} prompts a cell")
    if picture is not None:
        with open(picture, "w", encoding="utf-8") as out:
            out.write(table_svg(rows, f"{asked} prompts a cell. Attack success: the share of harmful requests that the model complied with."))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
