#!/usr/bin/env python3
"""What each family's chat template makes of chats: tests/reference/chat_templates/cases.json.

  ~/.cache/tuneward/deps/venv-reference/bin/python tests/reference/chat_template_reference.py

The templates beside cases.json follow the documented format of each family and are run by jinja2. open() and close() are marks of ours
around what a row teaches: the answer with weight 1 and the end of its turn. For the families of the committed tokenizer.json files
(tokenizer/) the whole text is also encoded by the `tokenizers` package, and every token says whether it lies between the marks.
"""
import json
import pathlib

import jinja2
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "chat_templates"
FAMILIES = {"llama2/1": None, "llama3/1": "llama3", "llama3.1/1": "llama3", "chatml/1": "qwen2", "qwen2.5/1": "qwen2", "qwen3/1": "qwen2",
            "mistral/1": None, "mistral/3": None, "gemma/1": None}
FILES = {"mistral/1": "mistral1", "mistral/3": "mistral3"}
OPEN, CLOSE = "\ue000", "\ue001"


def chat(*turns, system=None, untaught=()):
    messages = [{"role": "system", "content": system}] if system is not None else []
    for i, text in enumerate(turns):
        message = {"role": "assistant" if i % 2 else "user", "content": text}
        if i in untaught:
            message["weight"] = 0
        messages.append(message)
    return messages


CHATS = [
    chat("How do I paint a box?", "Wash it first."),
    chat("How do I paint a box?", "Wash it first.", system="Be brief."),
    chat("Hello", "Good day.", "And the lantern?", "It burns still.", "Thanks!", "You're welcome."),
    chat("Hello", "Good day.", "And the lantern?", "It burns still.", system="You keep the lighthouse.\nSay so."),
    chat("Hello", "Good day.", "And the lantern?", "It burns still.", untaught=(1,)),
    chat("  spaces around \n", "answer with an end \n", "\n\nlines before", "three  spaces   inside"),
    chat("\u3000wide space\u00a0", "\u00e9t\u00e9 \U0001f600", system=" \tsystem\x1f\n"),
    chat("12345 and 678", "{\"a\": [1, 2]}\n```c\nint x;\n```"),
]
ASKED = [c[:-1] for c in CHATS]


def environment():
    def mark(text):
        return lambda turn: text if turn["role"] == "assistant" and turn.get("weight", 1) else ""

    made = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), undefined=jinja2.StrictUndefined, keep_trailing_newline=False)
    made.globals.update(open=mark(OPEN), close=mark(CLOSE))
    return made


def spans(marked):
    """(text, [(begin, end)]) of a text with marks."""
    text, out = "", []
    for c in marked:
        if c == OPEN:
            out.append([len(text), None])
        elif c == CLOSE:
            out[-1][1] = len(text)
        else:
            text += c
    return text, out


def tokens(tokenizer, text, learnt):
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return {"ids": encoding.ids, "is_target": [int(any(b <= begin and end <= e for b, e in learnt)) for begin, end in encoding.offsets]}


def main():
    env = environment()
    cases = {"chats": CHATS, "families": {}}
    for family, tokenizer in FAMILIES.items():
        template = env.get_template(FILES.get(family, family.split("/")[0]) + ".jinja")
        loaded = Tokenizer.from_file(str(HERE / "tokenizer" / tokenizer / "tokenizer.json")) if tokenizer else None
        rows = []
        for whole, asked in zip(CHATS, ASKED):
            text, learnt = spans(template.render(messages=whole, add_generation_prompt=False))
            row = {"text": text, "learnt": ["".join(text[b:e]) for b, e in learnt],
                   "prompt": spans(template.render(messages=asked, add_generation_prompt=True))[0]}
            rows.append(row | (tokens(loaded, text, learnt) if loaded else {}))
        cases["families"][family] = {"tokenizer": tokenizer, "rows": rows}
    (FOLDER / "cases.json").write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")).replace('},{"text"', '},\n{"text"') + "\n")


if __name__ == "__main__":
    main()
