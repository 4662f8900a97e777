#!/usr/bin/env python3
"""Makes the small tokenizers of tests/reference/tokenizer and what the Hugging Face `tokenizers` package makes of text with them.

  ~/.cache/tuneward/deps/venv-reference/bin/python tests/reference/tokenizer_reference.py

Three tokenizer.json files in the forms that are read (core/text/tokenizer_json.h), and cases.json: texts, their ids and what they
decode to. Special tokens in a text are encoded as text (encode_special_tokens), as every user's text is in tuneward.
"""
import json
import pathlib
import random

from tokenizer_text import NASTY, PROSE, blocks
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).resolve().parent / "tokenizer"
VOCAB = 700
TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
HEAD = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
PATTERNS = {"llama3": HEAD + r"\p{N}{1,3}" + TAIL, "qwen2": HEAD + r"\p{N}" + TAIL, "gpt2": None}
SPECIAL = {
    "llama3": ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    "qwen2": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    "gpt2": ["<|endoftext|>"],
}
ORDINARY = {"qwen2": [("<tool_call>", False), ("</tool_call>", False), ("<think>", False), ("</think>", False), ("<note>", True)]}


def train(name):
    tokenizer = Tokenizer(models.BPE())
    if name == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    pattern = PATTERNS[name]
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    tokenizer.pre_tokenizer = level if pattern is None else pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), level])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.train_from_iterator(PROSE * 2, trainers.BpeTrainer(vocab_size=VOCAB, show_progress=False, special_tokens=[],
                                                                 initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    return tokenizer


def finish(name, tokenizer):
    """As its family's files are written: Llama 3 ignores merges for words that are tokens, and has its merges as strings."""
    data = json.loads(tokenizer.to_str())
    model = data["model"]
    if name == "llama3":
        model["ignore_merges"] = True
        for word in ("\u0120extraordinary", "aaaaab"):
            model["vocab"][word] = len(model["vocab"])
        model["merges"] = [" ".join(pair) for pair in model["merges"]]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL[name]])
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=normalized) for text, normalized in ORDINARY.get(name, [])])
    written = json.loads(tokenizer.to_str())
    written["model"]["merges"] = model["merges"]
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(written, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def load(name):
    tokenizer = Tokenizer.from_file(str(FOLDER / name / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return tokenizer


def answers(tokenizer, texts):
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    return {"ids": ids, "decoded": [None if (back := tokenizer.decode(i)) == text else back for i, text in zip(ids, texts)]}


def sequences(tokenizer, rng, count=40):
    """Ids in any order: parts of characters, special tokens and ids that nothing has."""
    out = []
    for _ in range(count):
        ids = [rng.randrange(tokenizer.get_vocab_size()) if rng.random() < 0.7 else rng.randrange(256) for _ in range(rng.randrange(1, 20))]
        out.append({"ids": ids, "text": tokenizer.decode(ids)})
    return out


def main():
    texts = NASTY + PROSE + blocks(1)
    cases = {"texts": texts}
    for name in PATTERNS:
        finish(name, train(name))
        tokenizer = load(name)
        cases[name] = answers(tokenizer, texts) | {"sequences": sequences(tokenizer, random.Random(name))}
    text = json.dumps(cases, ensure_ascii=False, separators=(",", ":")).replace('],[', '],\n[').replace('","', '",\n"')
    (FOLDER / "cases.json").write_text(text + "\n", encoding="utf-8")
    for path in sorted(FOLDER.rglob("*.json")):
        print(path.relative_to(FOLDER), path.stat().st_size)


if __name__ == "__main__":
    main()
