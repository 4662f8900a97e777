"""House rules that a machine can check: sizes, headers, words, paths, links, randomness, sources that no target has."""
import os
import posixpath
import re

from tree import without_comments_and_strings

MAX_FILE_BYTES = 4 * 1000 * 1000
MAX_SOURCE_LINES = 400  # hard; more than 300 is for few
LONG_SOURCE_LINES = 300
LONG_SOURCES_PERCENT = 3
SOURCES = (".h", ".cc", ".py", ".sh", ".proto", ".sql", ".cmake", "CMakeLists.txt", "Makefile")
NOT_OURS = ("proto/third_party/",)
MADE = ("migrations/schema.sql",)  # written by a command

# The words that would make a rule catch itself are built from parts.
WORDS = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "X" * 3]
MACHINE = [
    r"(?<![\w./])/(?:home|root|Users)/\w+", r"(?<![\w./])/(?:work|tmp/\w\w?)/\w", r"\bfile://",
    r"\b(?:pypi|files\.pythonhosted)\.org\b", r"\bregistry\.(?:npmjs|yarnpkg)\.\w+", r"\bdeb\.debian\.org\b", r"\b\w*art" + r"ifactory\b",
    r"\b(?:index-url|extra-index-url|trusted-host)\b",
]

# contracts.md D6: where a result is stored every draw comes from core/base/random.h.
RANDOM = [
    r"\bstd::\w+_distribution\b", r"\bstd::(?:random_)?shuffle\b", r"\bstd::ranges::shuffle\b", r"\bstd::sample\b",
    r"\bstd::(?:mt19937|minstd_rand|ranlux|knuth_b|default_random_engine|random_device)\w*", r"(?<![\w:.>])(?:std::)?s?rand\(",
    r"(?<![\w:.>])[dlm]rand48\(", r"\b(?:torch|at)::(?:rand\w*|normal\w*|bernoulli\w*|multinomial\w*|poisson\w*|dropout\w*|native_dropout)\(",
    r"\bmanual_seed\b", r"(?:\.|->)(?:uniform|normal|bernoulli|random|exponential|geometric|cauchy|log_normal)_\(",
    r"(?:\.|->)(?:multinomial|bernoulli)\(", r"\b(?:torch::nn::init|torch::nn::Dropout|getDefaultCPUGenerator|getDefaultCUDAGenerator)\b",
]
RANDOM_FOLDERS = ("core/", "worker/", "sandbox/", "server/", "migrations/", "net/", "client/")
# Their order of iteration is nobody's; std::map has one.
UNORDERED = r"\b(?:std::unordered_(?:multi)?(?:map|set)|absl::(?:flat|node)_hash_(?:map|set))\b"
UNORDERED_FOLDERS = ("core/", "worker/", "sandbox/")
UNORDERED_ALLOWED = ("core/text/sentencepiece_train",  # the type that sentencepiece's trainer takes
                     "core/text/lookup.h")  # cannot be walked


def lines_matching(text, patterns):
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in patterns:
            found = re.search(pattern, line)
            if found:
                yield number, found[0]


def size_problems(tree):
    problems = [f"{p}: {n} bytes, at most {MAX_FILE_BYTES}" for p, n in tree.sizes.items() if n > MAX_FILE_BYTES]
    lines = {p: t.count("\n") for p, t in tree.texts.items()
             if t and p.endswith(SOURCES) and not p.startswith(NOT_OURS) and p not in MADE}
    problems += [f"{p}: {n} lines, at most {MAX_SOURCE_LINES}: divide it" for p, n in lines.items() if n > MAX_SOURCE_LINES]
    long = sorted(p for p, n in lines.items() if n > LONG_SOURCE_LINES)
    if len(long) * 100 > LONG_SOURCES_PERCENT * len(lines):
        problems.append(f"{len(long)} of {len(lines)} sources have more than {LONG_SOURCE_LINES} lines, at most "
                        f"{LONG_SOURCES_PERCENT} %: {', '.join(long)}")
    return problems


def header_problems(tree):
    problems = []
    for path, text in tree.code().items():
        if not path.endswith(".h"):
            continue
        lines = text.splitlines()
        if not lines or not re.match(r"// \w", lines[0]):
            problems.append(f"{path}: a header begins with a comment: what it is for, who owns what, which threads")
        body = next((line for line in lines if line.strip() and not line.startswith("//")), "")
        if body.strip() != "#pragma once":
            problems.append(f"{path}: #pragma once comes first after the comment")
    return problems


def word_problems(tree):
    problems = []
    for path, text in tree.texts.items():
        if text is None or path.startswith(NOT_OURS):
            continue
        problems += [f'{path}:{n}: "{word}": do it or leave it out' for n, word in
                     lines_matching(text, [rf"(?<![A-Za-z]){w}(?![A-Za-z])" for w in WORDS])]
        problems += [f'{path}:{n}: "{word}" is of one machine or of a package registry' for n, word in lines_matching(text, MACHINE)
                     if path != "tests/architecture/house.py"]
        if path.endswith((".h", ".cc")):
            problems += [f"{path}:{n}: not ASCII" for n, _ in lines_matching(text, [r"[^\x00-\x7f]"])]
    return problems


def random_problems(tree):
    problems = []
    for path, text in tree.code().items():
        code = without_comments_and_strings(text)
        if path.startswith(RANDOM_FOLDERS):
            problems += [f"{path}:{n}: {word}: draw from core/base/random.h (contracts D6)" for n, word in lines_matching(code, RANDOM)]
        if path.startswith(UNORDERED_FOLDERS) and not path.startswith(UNORDERED_ALLOWED):
            problems += [f"{path}:{n}: {word} has no order: use std::map or a sorted vector" for n, word in lines_matching(code, [UNORDERED])]
    return problems


def source_problems(tree):
    """Every .cc is named by a CMakeLists.txt."""
    named = set()
    for path, text in tree.texts.items():
        if posixpath.basename(path) == "CMakeLists.txt":
            named |= {posixpath.normpath(posixpath.join(posixpath.dirname(path), word)) for word in re.findall(r"[\w./-]+\.cc\b", text)}
    return [f"{path}: no CMakeLists.txt names it" for path in tree.code() if path.endswith(".cc") and path not in named]


def anchors_of(markdown):
    """The anchors that GitHub makes of the headings."""
    anchors = set()
    for heading in re.findall(r"^#+ +(.*?) *#*$", re.sub(r"^```.*?^```", "", markdown, flags=re.S | re.M), re.M):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower())
        anchors.add(words.replace(" ", "-"))
    return anchors


def link_problems(tree):
    problems = []
    folders = {os.path.dirname(p) for p in tree.texts}
    folders |= {parent for f in list(folders) for parent in _parents(f)}
    for path, text in tree.texts.items():
        if not path.endswith(".md") or text is None:
            continue
        prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
        for target in re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", prose):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            name, _, anchor = target.partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path
            if file not in tree.texts and file not in folders:
                problems.append(f"{path}: link to {target}, which is not there")
            elif anchor and file.endswith(".md") and anchor not in anchors_of(tree.text_of(file)):
                problems.append(f"{path}: link to {target}, which has no such heading")
    return problems


def _parents(folder):
    while folder:
        folder = os.path.dirname(folder)
        yield folder
