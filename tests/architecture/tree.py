"""The files of the repository as the rules see them: path -> text. Tests of the rules build small ones by hand."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = (".h", ".cc")


class Tree:
    """`texts`: path from the root -> text (None for what is not text); `sizes`: path -> bytes."""

    def __init__(self, texts, sizes=None):
        self.texts = texts
        self.sizes = sizes or {path: len(text or "") for path, text in texts.items()}

    def code(self):
        return {path: text for path, text in self.texts.items() if path.endswith(CODE)}

    def text_of(self, path):
        return self.texts.get(path) or ""


def tracked_paths(root=ROOT):
    """What git tracks or would add; without git, everything but what a build leaves."""
    git = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=False)
    if git.returncode == 0:
        paths = git.stdout.decode().split("\0")
    else:
        paths = []
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith((".git", ".local", "build", "__pycache__"))]
            paths += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(p for p in paths if p and (root / p).is_file())


def read_tree(root=ROOT):
    texts, sizes = {}, {}
    for path in tracked_paths(root):
        data = (root / path).read_bytes()
        sizes[path] = len(data)
        try:
            texts[path] = None if b"\0" in data else data.decode("utf-8")
        except UnicodeDecodeError:
            texts[path] = None
    return Tree(texts, sizes)


def includes(text):
    """(kind, name, line) of each include: kind is '"' or '<'."""
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield found[1], found[2], number


def without_comments_and_strings(text):
    """C++ with its comments and the insides of its literals gone, line breaks kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])*\''
    keep_lines = lambda found: '""' + "\n" * found[0].count("\n")
    return re.sub(pattern, keep_lines, text, flags=re.S)
