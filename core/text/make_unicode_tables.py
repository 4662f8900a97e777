#!/usr/bin/env python3
"""Writes unicode_classes.inc and unicode_compositions.inc: what the `tokenizers` package takes characters for.

  ~/.cache/tuneward/deps/venv-reference/bin/python core/text/make_unicode_tables.py

Measured rather than taken from one Unicode release, because the package mixes two: its regular expressions know Unicode 16.0, its
NFC knows Unicode 9.0. Python's unicodedata gives the values of the characters that its NFC knows, and the measured set is compared
with the package over every code point before anything is written.
"""
import pathlib
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).resolve().parent
CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
COLUMNS = 100


def matching(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    found = set()
    for i in range(0, len(CODES), 4096):
        block = CODES[i:i + 4096]
        kept = set("".join(p for p, _ in split.pre_tokenize_str("".join(map(chr, block)))))
        found |= {c for c in block if chr(c) not in kept}
    return found


def ranges(codes, value=lambda c: 0):
    out = []
    for c in sorted(codes):
        if out and out[-1][1] == c - 1 and out[-1][2] == value(c):
            out[-1][1] = c
        else:
            out.append([c, c, value(c)])
    return out


def reordering(nfc):
    """Combining classes of the characters that the package's NFC moves."""
    below, above = "\u0334", "\u0345"  # classes 1 and 240, the outermost but for 0
    known = {c: unicodedata.combining(chr(c)) for c in CODES if unicodedata.combining(chr(c))}
    return {c: k for c, k in known.items()
            if (nfc("b" + chr(c) + below) != "b" + chr(c) + below if k > 1 else nfc("b" + above + chr(c)) != "b" + above + chr(c))}


def decompositions(nfc):
    """({composite: (first, second)}, {code: (first, second or 0)} of those that are never made)."""
    pairs, singles = {}, {}
    for c in CODES:
        text = unicodedata.decomposition(chr(c))
        if not text or text.startswith("<"):
            continue
        parts = [int(p, 16) for p in text.split()]
        whole = unicodedata.normalize("NFD", chr(c))
        if nfc(whole) != unicodedata.normalize("NFC", whole):
            continue  # newer than the package's NFC
        if unicodedata.normalize("NFC", chr(c)) == chr(c):
            pairs[c] = parts
        else:
            singles[c] = (parts + [0])[:2]
    return pairs, singles


def table(name, rows):
    lines, line = [], " "
    for row in rows:
        cell = " {" + ", ".join(f"0x{v:x}" for v in row) + "},"
        if len(line) + len(cell) > COLUMNS:
            lines.append(line)
            line = " "
        line += cell
    lines.append(line)
    return f"constexpr {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


def write(name, unicode_version, tables):
    head = f"// Made by make_unicode_tables.py from tokenizers {tokenizers.__version__}: {name} of Unicode {unicode_version}.\n"
    (HERE / f"unicode_{name}.inc").write_text("\n".join([head, *tables]), encoding="ascii")


def main():
    nfc = normalizers.NFC().normalize_str
    marks = reordering(nfc)
    pairs, singles = decompositions(nfc)
    write("classes", "16.0", [
        table("CodeRange kLetters", [r[:2] for r in ranges(matching(r"\p{L}"))]),
        table("CodeRange kNumbers", [r[:2] for r in ranges(matching(r"\p{N}"))]),
        table("CodeRange kSpaces", [r[:2] for r in ranges(matching(r"\s"))])])
    write("compositions", "9.0", [
        "// First, last, canonical combining class.\n" + table("CombiningRange kCombining", ranges(marks, marks.get)),
        "// First, second, what they compose to.\n" + table("Composition kCompositions", sorted((a, b, c) for c, (a, b) in pairs.items())),
        "// What is never made, and what it decomposes to (0: to one character).\n"
        + table("Decomposition kDecompositions", [(c, a, b) for c, (a, b) in sorted(singles.items())])])
    print(f"{len(pairs)} compositions, {len(singles)} decompositions, {len(marks)} combining characters")


if __name__ == "__main__":
    main()
