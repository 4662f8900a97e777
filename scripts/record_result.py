#!/usr/bin/env python3
"""Writes one figure into docs/results/<file>.json (or $TUNEWARD_RESULTS/<file>.json), replacing the row of that name.

  scripts/record_result.py --file ci --name ci.build_minutes --value 12.3 --unit min --better lower --goal 20 --command .ci/run
  scripts/record_result.py --file gpu --name train.h200 --unit tok/s --command "make bench-gpu" --not-run "no GPU on this machine"

A result file is a list of rows {"name", "value", "unit", "better", "goal", "peer", "command", "commit", "machine", "date"}. A row
without a goal is only reported; a row that could not run has "status": "not_run: why" and neither value nor goal.
"""
import argparse
import datetime
import fcntl
import json
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def commit():
    out = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return out.stdout.strip() or "unknown"


def machine():
    model = platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} cores, {model}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", required=True, help="name of the result file, without .json")
    parser.add_argument("--name", required=True, help="dotted name of the figure")
    parser.add_argument("--value", type=float)
    parser.add_argument("--unit", required=True)
    parser.add_argument("--better", choices=["higher", "lower"])
    parser.add_argument("--goal", type=float)
    parser.add_argument("--peer")
    parser.add_argument("--command", required=True)
    parser.add_argument("--not-run", help="why the figure could not be measured")
    args = parser.parse_args()
    if (args.value is None) == (args.not_run is None):
        parser.error("give either --value or --not-run")

    row = {"name": args.name, "unit": args.unit}
    if args.not_run is not None:
        row["status"] = f"not_run: {args.not_run}"
    else:
        row["value"] = args.value
        for key in ("better", "goal", "peer"):
            if getattr(args, key) is not None:
                row[key] = getattr(args, key)
    row |= {"command": args.command, "commit": commit(), "machine": machine(), "date": datetime.date.today().isoformat()}

    folder = pathlib.Path(os.environ.get("TUNEWARD_RESULTS", ROOT / "docs" / "results"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{args.file}.json"
    # Tests run side by side: one writer at a time, and a reader never sees half a file.
    lock = open(folder / ".lock", "w", encoding="utf-8")  # held until this process ends
    fcntl.flock(lock, fcntl.LOCK_EX)
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rows = [r for r in rows if r["name"] != args.name] + [row]
    part = path.with_suffix(".part")
    part.write_text(json.dumps(sorted(rows, key=lambda r: r["name"]), indent=1) + "\n", encoding="utf-8")
    part.rename(path)


if __name__ == "__main__":
    main()
