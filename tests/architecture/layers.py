"""Who may include what. LAYERS is the one table; everything else here reads it.

A folder is ruled by the longest row that it lies under. It may include itself, what its row names, and generated headers of
GENERATED that are not forbidden to it. A folder without a row is an error: a new folder says what it may see.
"""
import os
import re

from tree import includes

_CORE = ["core/base", "core/text", "core/model", "core/data", "core/judge", "core/policy", "core/job"]
_STORE = ["core/store", "core/store/pg", "core/store/blob"]

LAYERS = {
    # core: no gRPC, protobuf, torch or HTTP (THIRD_PARTY below)
    "core/base": [],
    "core/text": ["core/base"],
    "core/model": ["core/base"],
    "core/data": ["core/base", "core/text"],
    "core/judge": ["core/base", "core/data"],
    "core/policy": ["core/base", "core/text", "core/data", "core/judge"],
    "core/job": ["core/base", "core/text", "core/data", "core/judge", "core/policy"],
    "core/store": ["core/base", "core/job", "core/store/pg", "core/store/blob"],
    "core/store/pg": ["core/base", "core/job", "core/store"],
    "core/store/blob": ["core/base"],
    # what processes share
    "net": ["core/base"],
    "migrations": ["core/base", "core/store/pg"],
    "sandbox/world": _CORE,
    "sandbox/english": _CORE + ["sandbox/world"],
    "sandbox/experiment": _CORE + ["sandbox/world"],
    # the processes: none sees another
    "server": _CORE + _STORE + ["net", "migrations", "sandbox/world"],
    "client": ["core/base", "core/job", "net"],
    "worker": _CORE + _STORE + ["net", "migrations", "sandbox/world"],
    "worker/engine": ["core/base", "core/text", "core/model", "core/data"],
    "worker/audits": _CORE + ["sandbox/world", "worker/engine"],
    "worker/serving": ["core/base", "core/text", "net", "worker/engine", "worker/runner"],
    "worker/runner": ["core/base", "core/job", "core/store/pg", "worker/serving"],
    "worker/tasks": _CORE + _STORE + ["sandbox/world", "worker/audits", "worker/engine", "worker/runner", "worker/serving"],
    # nothing but tests sees this
    "sandbox/tool": _CORE + ["sandbox/english", "sandbox/experiment", "sandbox/world", "worker/engine", "worker/audits"],
    "bench": ["core/base", "core/text", "core/model", "core/data", "worker/engine"],
    "tests": ["*"],
}
# `worker` itself (app, main) wires its parts.
LAYERS["worker"] += ["worker/engine", "worker/audits", "worker/serving", "worker/runner", "worker/tasks"]

# Our generated headers, and who must not see them.
GENERATED = {"tuneward/": ["core", "sandbox"], "google/rpc/": ["core", "sandbox", "client", "server", "worker"]}

_ENGINE = ["worker/engine", "tests/unit/worker/engine"]
_TESTS = "tests"

# header prefixes of a library -> the folders (or files) that may name them. A header with a slash that is in no row is an error.
THIRD_PARTY = {
    "torch": (["torch/", "ATen/", "c10/"], [*_ENGINE, "bench/engine/matmul.cc"]),
    "libpqxx": (["pqxx/"], ["core/store/pg"]),
    "gRPC and protobuf": (["grpc/", "grpcpp/", "google/"], ["net", "server", "client", "worker/app.cc", "worker/serving", _TESTS]),
    "HTTP": (["httplib.h"], ["net/http_server.cc", _TESTS]),
    "prometheus-cpp": (["prometheus/"], ["net", "server", "worker", _TESTS]),
    "sentencepiece": (["sentencepiece_"], ["core/text/sentencepiece_bridge.cc", "core/text/sentencepiece_train_bridge.cc"]),
    "nlohmann-json": (["nlohmann/"], ["core/base/json.h"]),
    "simdjson": (["simdjson.h"], ["core/data"]),
    "OpenSSL": (["openssl/"], ["core/base/sha256.cc", "worker/serving"]),
    "spdlog": (["spdlog/"], ["core/base/log.cc"]),
    "fmt": (["fmt/"], ["core", "client", "sandbox/experiment", "sandbox/tool", "server", "worker", _TESTS]),
    "CLI11": (["CLI/"], ["client/cli", "sandbox/tool"]),
    "abseil": (["absl/"], ["core", "net", "migrations", "server", "client", "worker", "sandbox", "bench", _TESTS]),
    "GoogleTest": (["gtest/", "gmock/"], [_TESTS]),
    "the system": (["sys/", "arpa/", "netinet/", "linux/", "bits/"], ["core", "net", "client", "worker", "sandbox/tool", _TESTS]),
}
# What a file must not reach through our own headers either: library -> the folders whose headers may lead to it.
HIDDEN = {"torch": _ENGINE, "libpqxx": ["core/store/pg", "tests/integration/store", "tests/support/sql.cc"], "sentencepiece": [], "HTTP": []}


def under(path, folders):
    return any(path == f or path.startswith(f + "/") for f in folders)


def row_of(path):
    """The row of LAYERS that rules a file."""
    folder = os.path.dirname(path)
    while folder and folder not in LAYERS:
        folder = os.path.dirname(folder)
    return folder


def library_of(header):
    for library, (prefixes, _) in THIRD_PARTY.items():
        if header.startswith(tuple(prefixes)):
            return library
    return None


def include_problems(tree):
    """Includes of our own headers that LAYERS does not allow."""
    problems = []
    code = tree.code()
    for path, text in code.items():
        row = row_of(path)
        if not row:
            problems.append(f"{path}: its folder has no row in LAYERS (tests/architecture/layers.py)")
            continue
        for kind, name, line in includes(text):
            if kind != '"' or name not in code:
                continue
            seen = row_of(name)
            if seen != row and seen not in LAYERS[row] and "*" not in LAYERS[row]:
                problems.append(f'{path}:{line}: {row} may not include {seen} ("{name}")')
    return problems


def third_party_problems(tree):
    """Headers of libraries and generated headers named where they must not be."""
    problems = []
    code = tree.code()
    for path, text in code.items():
        for kind, name, line in includes(text):
            if kind == '"' and (name in code or (name.endswith(".inc") and name in tree.texts)):
                continue
            generated = next((p for p in GENERATED if name.startswith(p)), None) if kind == '"' else None
            library = library_of(name)
            if generated:
                if under(path, GENERATED[generated]):
                    problems.append(f'{path}:{line}: generated header "{name}" is not for this folder')
            elif library:
                if not under(path, THIRD_PARTY[library][1]):
                    problems.append(f"{path}:{line}: {library} (<{name}>) is only for {', '.join(THIRD_PARTY[library][1])}")
            elif kind == '"' and os.path.join(os.path.dirname(path), name) not in code:
                problems.append(f'{path}:{line}: "{name}" is not a file of the tree')
            elif kind == "<" and "/" in name:
                problems.append(f"{path}:{line}: <{name}> belongs to no library of THIRD_PARTY (tests/architecture/layers.py)")
    return problems


def hidden_problems(tree):
    """Files that reach a hidden library through a chain of our own headers."""
    problems = []
    code = tree.code()
    direct = {path: {n for _, n, _ in includes(text)} for path, text in code.items()}
    for library, owners in HIDDEN.items():
        reach = {p for p in code if p.endswith(".h") and any(library_of(n) == library for n in direct[p])}
        while True:
            more = {p for p in code if p.endswith(".h") and p not in reach and direct[p] & reach}
            if not more:
                break
            reach |= more
        for path in code:
            through = sorted(direct[path] & reach)
            if through and not under(path, owners):
                problems.append(f'{path}: sees {library} through "{through[0]}"')
    return problems


def cmake_targets(tree):
    """target -> (path of its CMakeLists.txt, DEPS) of every tw_library, tw_executable and tw_test."""
    targets = {}
    for path, text in tree.texts.items():
        if os.path.basename(path) != "CMakeLists.txt":
            continue
        text = re.sub(r"#[^\n]*", "", text)
        for found in re.finditer(r"\btw_(?:library|executable|test|proto_library)\(\s*(\S+)([^)]*)\)", text):
            words, deps, inside = found[2].split(), [], False
            for word in words:
                if word.isupper():
                    inside = word == "DEPS"
                elif inside:
                    deps.append(word)
            targets[found[1]] = (path, deps)
        for found in re.finditer(r"target_link_libraries\(\s*(\S+)([^)]*)\)", text):
            if found[1] in targets:
                targets[found[1]][1].extend(w for w in found[2].split() if not w.isupper())
        for found in re.finditer(r"\btw_torch\(\s*(\S+)\s*\)", text):
            if found[1] in targets:
                targets[found[1]][1].append("tp::torch")
    return targets


# third-party targets -> folders whose targets may name them
LINKS = {"tp::torch": [*_ENGINE, "bench"], "tp::pqxx": ["core/store/pg"], "tp::grpc": ["net", "client", "proto", "server", "worker"],
         "tp::httplib": ["net"], "tp::sentencepiece": ["core/text"], "tp::sentencepiece_train": ["core/text"]}


def cmake_problems(tree):
    """DEPS that the include table does not allow: a library must not be linked where its headers may not be seen."""
    problems = []
    targets = cmake_targets(tree)
    for target, (path, deps) in targets.items():
        row = row_of(path)
        if not row or row == "tests":
            continue
        for dep in deps:
            if dep in LINKS and not under(path, LINKS[dep]):
                problems.append(f"{path}: {target} may not link {dep}")
            if dep in targets:
                seen = row_of(targets[dep][0]) or os.path.dirname(targets[dep][0])
                if seen == "proto":
                    if under(path, GENERATED["tuneward/"]):
                        problems.append(f"{path}: {target} may not link {dep}")
                elif seen != row and seen not in LAYERS[row]:
                    problems.append(f"{path}: {target} of {row} may not link {dep} of {seen}")
    return problems
