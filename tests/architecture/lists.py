"""Explicit lists (defences, audits, judges, mixing methods, chat templates, commands): what exists is in its list."""
import os
import re

# kind -> (base class, folders where implementations lie, the list). tests/unit compares names with the catalogues.
KINDS = {
    "mixing method": ("MixMethod", ["core/policy"], "core/policy/policies.cc"),
    "audit": ("Audit", ["worker/audits"], "worker/audits/audits.cc"),
    "judge": ("Judge", ["core/judge", "sandbox/world", "worker/judges"], "worker/audits/audits.cc"),
    "defence": ("Defence", ["worker/engine", "worker/defences"], "worker/engine/defence.cc"),
    "chat template": ("ChatTemplate", ["core/data/templates"], "core/data/chat_template.cc"),
}
COMMANDS = ("client/cli/", "client/cli/commands.cc")


def list_problems(tree):
    problems = []
    code = tree.code()
    for kind, (base, folders, list_path) in KINDS.items():
        if list_path not in code:
            problems.append(f"{list_path}, the list of {kind}s, is not there: mend KINDS (tests/architecture/lists.py)")
            continue
        found = False
        for path, text in code.items():
            if os.path.dirname(path) not in folders or not re.search(rf":\s*public {base}\b", text):
                continue
            found = True
            header = os.path.splitext(path)[0] + ".h"
            if path != list_path and f'#include "{header}"' not in code[list_path]:
                problems.append(f"{path}: this {kind} is not in the list, {list_path}")
        if not found:
            problems.append(f"no {kind} found in {', '.join(folders)}: mend KINDS (tests/architecture/lists.py)")
    return problems + command_problems(code)


def command_problems(code):
    folder, list_path = COMMANDS
    listed = code.get(list_path, "")
    defined = {name: path for path, text in code.items() if path.startswith(folder) and path != list_path and path.endswith(".cc")
               for name in re.findall(r"^void (Add\w+Commands?)\(CLI::App& \w+, Context& \w+\) \{", text, re.M)}
    if not defined:
        return [f"no command found in {folder}: mend command_problems (tests/architecture/lists.py)"]
    return [f"{path}: {name} is not called in {list_path}" for name, path in defined.items() if f"  {name}(" not in listed]
