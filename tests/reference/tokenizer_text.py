"""Text for the tokenizers' checks: what small tokenizers are trained on, and strings that look for differences.

Prose of the project's own; characters by number, so that every block of Unicode is there.
"""
import random
import unicodedata

PROSE = """
The lighthouse keeper didn't sleep: he'd promised that they'd see the lantern's light, and we're told it's still burning.
How do I paint a wooden box? Please tell me, step by step, how to wash the lantern before the paint is dry.
I'll bring 3 kettles, 12 cups and 2,048 screws; you've got 1999 of them, I'm sure. THEY'RE NOT MINE, AND WE'LL SEE WHOSE.
The question is whether the answer is right. The answer is yes, the reason is that the number of boxes is 42 + 7 = 49.
Question: What is the capital of the island? Answer: the harbour town, because the ferry and the school are there.
def tokenize(text, pattern=None):\n    for word in split(text):\n        yield word.lower()\n\n\nclass Keeper:\n\tname = "Ada"\n
<table><tr><td>lamp</td><td>7.50</td></tr></table> {"messages": [{"role": "user", "content": "hello"}]} https://example.org/a?b=c&d=e#f
Der Leuchtturmw\u00e4rter schl\u00e4ft nicht: gro\u00dfe Schiffe fahren \u00fcber das Meer. Le gardien du phare ne dort pas, \u00e9t\u00e9 comme hiver, \u00e0 c\u00f4t\u00e9 de la c\u00f4te.
El ni\u00f1o pregunt\u00f3 \u00bfcu\u00e1ntas l\u00e1mparas hay ma\u00f1ana? Stra\u017enik latarni nie \u015bpi. Fener bek\u00e7isi uyumuyor, \u0131\u015f\u0131k yan\u0131yor. Ng\u01b0\u1eddi g\u00e1c \u0111\u00e8n kh\u00f4ng ng\u1ee7.
\u039f \u03c6\u03cd\u03bb\u03b1\u03ba\u03b1\u03c2 \u03c4\u03bf\u03c5 \u03c6\u03ac\u03c1\u03bf\u03c5 \u03b4\u03b5\u03bd \u03ba\u03bf\u03b9\u03bc\u03ac\u03c4\u03b1\u03b9. \u0421\u043c\u043e\u0442\u0440\u0438\u0442\u0435\u043b\u044c \u043c\u0430\u044f\u043a\u0430 \u043d\u0435 \u0441\u043f\u0438\u0442, \u0441\u0432\u0435\u0442 \u0433\u043e\u0440\u0438\u0442.
\u706f\u5854\u7684\u770b\u5b88\u4eba\u4e0d\u7761\u89c9\u3002\u706f\u8fd8\u4eae\u7740\u3002 \u706f\u53f0\u5b88\u306f\u7720\u3089\u306a\u3044\u3002\u30e9\u30f3\u30d7\u306f\u307e\u3060\u71c3\u3048\u3066\u3044\u308b\u3002 \ub4f1\ub300\uc9c0\uae30\ub294 \uc790\uc9c0 \uc54a\ub294\ub2e4.
\u062d\u0627\u0631\u0633 \u0627\u0644\u0645\u0646\u0627\u0631\u0629 \u0644\u0627 \u064a\u0646\u0627\u0645. \u05e9\u05d5\u05de\u05e8 \u05d4\u05de\u05d2\u05d3\u05dc\u05d5\u05e8 \u05dc\u05d0 \u05d9\u05e9\u05df. \u092a\u094d\u0930\u0915\u093e\u0936\u0938\u094d\u0924\u0902\u092d \u0915\u093e \u0930\u0915\u094d\u0937\u0915 \u0938\u094b\u0924\u093e \u0928\u0939\u0940\u0902\u0964 \u0e1b\u0e23\u0e30\u0e20\u0e32\u0e04\u0e32\u0e23
Well done \U0001f600\U0001f680 \u2014 \u201cquoted\u201d \u2026 na\u00efve caf\u00e9 \u20ac5 \u00bd \u2264 \u221e \u2713 \u2192 x\u00b2 + y\u00b2
""".strip().split("\n")

NASTY = [
    "", " ", "  ", "   ", "\n", "\n\n", " \n", "\n ", " \n ", "\t\t x", "a\r\nb\r\n\r\nc", "\r\r\n\n x", "  \n\n   x", "x   ", "x \n", "\u00a0\u00a0x", " \u00a0 x",
    "\u3000\u3000\u706f", "\u2028\u2029 x", "\x1c\x1dx\x1f", "\x85x", "\u200bx\u200b y", "\ufeffx", "\x00\x01\x7f", "a\x00b",
    "it's IT'S we'Re I'LL 'Ve 'd'D'm 't's", "'s", "'ll'", "''s", "'\u017fa 'l\u017f", "can't\u2019t can\u2019t", " 's 't x's", "'sx 'rex 'lx", "O'Reilly's", "'\u212a 'S\u0301", "'", "'r", "'v'", "'l",
    "1 12 123 1234 12345 1234567890", "3.14159 -2,718", "\u0661\u0662\u0663\u0664 \u00bd\u00b2\u2167\u2480 \u0968\u0969", "x1y22z333", "1\u0301 2\ufe0f\u20e3",
    "e\u0301 \u00e9 e\u0323\u0301 e\u0301\u0323 \u1ec7", "\u1100\u1161\u11a8 \uac00\u11a8 \uac01 \u1100\uac00 \u1161\u11a8", "\u212b \u2126 \ufb01 \ufb2a \u0958 \u0344 \u0f73 \u2adc",
    "a\u0315\u0300\u05ae\u0062 o\u0328\u0302\u0301", "\u0301\u0302 \u0334\u0301", "\u09c7\u09be \u0b47\u0b57 \U00011131\U00011127 \U00011935\U00011930", "n\u0303" * 40, "\u0300\u0316" * 30,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd", "\U0001f600" * 12, "\u2764\ufe0f\u200d\U0001f525",
    "!?!?...", "---\n===\n***\n", "a...\n\nb", "->\r\n", " //comment\n    code();\n", "}\n\n}\n", "$%^&*()\n\n\nx", "# Title\n\n- item\n  - item\n", "<>[]{}|\\~`",
    "<|begin_of_text|><|im_start|>user\n<|im_end|><|eot_id|>", "<think>\n\n</think>\n\nYes.", "<think", "<tool_call></tool_call><<think>>", "<think>\u0338 <note>\u0338 <note> x<note>", "e\u0301<think>e\u0301",
    "<|im_<think>start|>", "<|a<think>b|>", " extraordinary extraordinary", "extraordinary",
    "a" * 300, "ab" * 200, "the the" * 60, "=" * 500, " " * 300 + "x", "\n" * 200, " \n" * 100 + "y", "\u706f" * 120, "9" * 100, "'s" * 50, "lighthouse" * 30, "aaaaab" * 40,
    "\ufffd \ufffe \U0010ffff \ue000 \U000f0000", "\u0130\u0131 \u1e9e\u00df \u01c5\u01c8", "\u02b0\u02ee\u0374\u1d2c", "\u16ee\u3007\u3021", "\u0e01\u0e33\u0e49", "\u0b95\u0bbf \u0915\u094d\u0937\u093f", "\U0001d400\U0001d7d8",
]

# Rows of 32 characters inside these are alike: one in so many is enough.
BULK = [(0x3400, 0x9FFF, 64), (0xAC00, 0xD7A3, 32), (0xE000, 0xF8FF, 64), (0x17000, 0x18CFF, 64), (0x20000, 0x3FFFF, 256), (0xF0000, 0x10FFFF, 512),
        (0x12000, 0x1254F, 8), (0x13000, 0x1467F, 8), (0x1B000, 0x1B2FF, 8), (0xA000, 0xA4CF, 8), (0xF900, 0xFAFF, 2)]


def _rows():
    """First code points of rows of 32 that hold an assigned character."""
    for row in range(0, 0x110000, 32):
        if 0xD800 <= row < 0xE000:
            continue
        stride = next((s for first, last, s in BULK if first <= row <= last), 1)
        if (row // 32) % stride == 0:
            codes = [c for c in range(row, row + 32) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
            if codes:
                yield codes


def blocks(seed):
    """A string for each 256 code points: two characters of each row, between letters, digits, spaces and marks."""
    rng = random.Random(seed)
    between = ["", "", " ", "a", "7", "\u0301", ".", "\n", "  "]
    strings = {}
    for codes in _rows():
        text = "".join(rng.choice(between) + chr(c) for c in rng.sample(codes, min(2, len(codes))))
        strings[codes[0] >> 8] = strings.get(codes[0] >> 8, "") + text
    return [strings[key] for key in sorted(strings)]


def wild(rng):
    """A random string: words, spaces, contractions, numbers and characters from anywhere."""
    def anywhere():
        while True:
            c = rng.choice([rng.randrange(0x80), rng.randrange(0x800), rng.randrange(0x3000), rng.randrange(0x110000)])
            if not 0xD800 <= c < 0xE000:
                return chr(c)

    def piece():
        kind = rng.randrange(12)
        if kind < 3:
            return rng.choice(rng.choice(PROSE).split(" "))
        if kind < 5:
            return rng.choice([" ", "  ", "\n", "\r\n", "\t", " \n", "\u00a0", "\u3000", "   "])
        if kind == 5:
            return "'" + rng.choice(["s", "T", "re", "VE", "m", "Ll", "D", "x", "\u017f", ""])
        if kind == 6:
            return "".join(rng.choice("0123456789\u0663\u00bd") for _ in range(rng.randrange(1, 8)))
        if kind == 7:
            return rng.choice("aeioucsn\u0915\u1100") + "".join(rng.choice("\u0300\u0301\u0302\u0308\u0323\u0327\u0328\u0338\u1161\u11a8\u093c") for _ in range(rng.randrange(4)))
        if kind == 8:
            return rng.choice(NASTY)[:40]
        if kind == 9:
            return rng.choice(["<think>", "<note>", "<|im_end|>", "<|eot_id|>", "<tool_call>", "...", "!=", "->"])
        return "".join(anywhere() for _ in range(rng.randrange(1, 6)))

    return "".join(piece() for _ in range(rng.randrange(1, 14)))
