"""What users of a release rely on, as text files that are committed: a change is seen in review and made by `make freeze`.

Flags and commands come from the binaries' own --help; migrations by SHA-256 (an applied file must never change); protos as in
protos.py. The schema's dump is a test of its own (tests/integration/store/schema_test.cc), because it needs PostgreSQL.
"""
import hashlib
import os
import pathlib
import re
import subprocess

import protos
from tree import ROOT

FOLDER = ROOT / "tests" / "architecture" / "frozen"
DAEMONS = ["tuneward-server", "tuneward-worker", "tuneward-migrate"]
PROGRAMS = ["tuneward", "tuneward-sandbox"]


def help_of(binary, words=(), option="--help"):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TUNEWARD_")}
    run = subprocess.run([binary, *words, option], capture_output=True, text=True, check=False, env=environment, timeout=60)
    return run.stdout


def flags_of(text):
    """--name = default, one a line, from abseil's --help."""
    joined = re.sub(r"\n {6,}", " ", text)
    found = re.findall(r"^ {4}--(\w+) \(.*\);? +default: (.*);\s*$", joined, re.M)
    return "".join(f"--{name} = {default.strip()}\n" for name, default in sorted(found))


def commands_of(ask, words=()):
    """Each command with its positionals and options, from the help texts; `ask(words)` gives one."""
    text = ask(words)
    lines = [" ".join(words) or "(no command)"]
    sections = re.split(r"^(\S[^\n]*):\n", text, flags=re.M)
    titled = list(zip(sections[1::2], sections[2::2]))
    for title, body in titled:
        if title in ("Subcommands", "Exit status"):
            continue
        for entry in re.findall(r"^  (\S.*)$", body, re.M):
            lines.append("    " + re.split(r" {2,}", entry)[0])
    for title, body in titled:
        if title == "Subcommands":
            for name in re.findall(r"^  ([a-z][\w-]*)", body, re.M):
                lines += commands_of(ask, (*words, name))
    return lines


def migration_hashes():
    files = sorted((ROOT / "migrations").glob("[0-9]*.sql"))
    return "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files)


def texts(bin_folder):
    """committed file -> what it should hold. Programs that are not built are left out."""
    made = {ROOT / "migrations" / "frozen.sha256": migration_hashes(), protos.FROZEN: protos.descriptor_text()}
    for name in DAEMONS + PROGRAMS:
        binary = pathlib.Path(bin_folder) / name
        if not binary.exists():
            continue
        if name in DAEMONS:
            made[FOLDER / f"{name}.flags"] = flags_of(help_of(binary))
        else:
            made[FOLDER / f"{name}.commands"] = "\n".join(commands_of(lambda words, b=binary: help_of(b, words))) + "\n"
    return made


def main():
    build = pathlib.Path(os.environ.get("TUNEWARD_BUILD", ROOT / "build"))
    FOLDER.mkdir(exist_ok=True)
    for path, text in texts(build / "bin").items():
        path.write_text(text, encoding="utf-8")
        print(f"froze {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
