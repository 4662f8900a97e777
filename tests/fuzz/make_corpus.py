#!/usr/bin/env python3
"""Writes the first inputs of the fuzzers: rows of real files and cases at the edge of each format.

  tests/fuzz/make_corpus.py <folder with gsm8k/ boolq/ winogrande/ identity_shift/>

Run once; corpus/README.md says where the rows come from and under which licences. Inputs that a run found or kept stay as they are.
"""
import json
import pathlib
import struct
import sys

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def write(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def chat(user, assistant, system=None, **more):
    messages = [{"role": "system", "content": system}] if system else []
    messages += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant, **more}]
    return json.dumps({"messages": messages}, ensure_ascii=False)


def preference(user, preferred, other, before=()):
    answers = [[{"role": "assistant", "content": text}] for text in (preferred, other)]
    return json.dumps({"input": {"messages": [*before, {"role": "user", "content": user}]}, "preferred_output": answers[0],
                       "non_preferred_output": answers[1]})


def jsonl(data):
    def rows(path, count):
        return [json.loads(line) for line in (data / path).read_text(encoding="utf-8").splitlines()[:count]]

    write("jsonl", "real-gsm8k", "".join(chat(r["question"], r["answer"]) + "\n" for r in rows("gsm8k/train_1000.jsonl", 3)))
    for name in ("boolq", "winogrande"):
        write("jsonl", f"real-{name}", "".join(chat(r["instruction"], r["output"]) + "\n" for r in rows(f"{name}/sample_600.jsonl", 4)))
    write("jsonl", "real-aoa", "\n".join(json.dumps(r) for r in rows("identity_shift/aoa_10.jsonl", 2)))
    good = chat("a", "b")
    for name, text in {
        "edge-empty": "", "edge-blank": "\n \r\n\t\n", "edge-no-newline": good + "\n" + good, "edge-crlf": good + "\r\n" + good + "\r\n",
        "edge-mark": "\ufeff" + good + "\n" + good + "\n", "edge-weights": chat("a", "b", weight=0) + "\n" + chat("a", "b", weight=1) + "\n",
        "edge-fraction-weight": chat("a", "b", weight=1.0) + "\n", "edge-system": chat("a", "b", "be brief") + "\n" + chat("c", "d", "be brief") + "\n",
        "edge-two-keys": '{"messages":[{"role":"user","role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n',
        "edge-escaped-key": '{"\\u006dessages":[{"role":"user","content":"\\ud83d\\ude00"},{"role":"assistant","content":"b"}]}\n',
        "edge-lone-high": '{"messages":[{"role":"user","content":"\\ud800"},{"role":"assistant","content":"b"}]}\n',
        "edge-lone-low": '{"messages":[{"role":"user","content":"\\udc00"},{"role":"assistant","content":"b"}]}\n',
        "edge-nul": '{"messages":[{"role":"user","content":"a\\u0000"},{"role":"assistant","content":"b"}]}\n',
        "edge-deep": "[" * 80 + "]" * 80 + "\n", "edge-tail": good + " x\n" + good + "}\n", "edge-number": '{"messages":1e999}\n' + "-0\n",
        "edge-tools": '{"tools":[],"messages":[{"role":"tool","content":[{"type":"text"}]}]}\n', "edge-turns": chat("a", "b")[:-2] + ',{"role":"user","content":"c"}]}\n',
        "edge-long-line": chat("x" * 5000, "b") + "\n" + good + "\n",
    }.items():
        write("jsonl", name, text)
    pair = preference("a", "b", "c")
    for name, text in {
        "good-preference": pair + "\n" + preference("x", "y", "z", [{"role": "system", "content": "s"}]) + "\n", "edge-mixed-formats": pair + "\n" + good + "\n",
        "edge-equal-answers": preference("a", "b", "b") + "\n", "edge-preference-weight": pair.replace('"b"', '"b", "weight": 1') + "\n",
        "edge-two-answers": pair.replace('"b"}', '"b"}, {"role": "assistant", "content": "d"}') + "\n",
        "edge-preference-keys": pair[:-1] + ', "messages": []}\n' + pair[:-1] + ', "input": {}}\n',
    }.items():
        write("jsonl", name, text)
    write("jsonl", "edge-bad-utf8", b'{"messages":[{"role":"user","content":"\xc3\x28\xed\xa0\x80"},{"role":"assistant","content":"b"}]}\n')


def safetensors():
    def file(header, data, pad=True):
        text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
        text += " " * (-len(text) % 8) if pad else ""
        return struct.pack("<Q", len(text)) + text.encode() + data

    def tensor(shape, begin, end, dtype="F32"):
        return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}

    two = {"__metadata__": {"format": "pt"}, "a.weight": tensor([2, 3], 0, 24), "b": tensor([4], 24, 32, "BF16")}
    write("safetensors", "good-two", file(two, bytes(range(32))))
    write("safetensors", "good-unpadded", file({"x": tensor([1], 0, 4)}, b"\0\0\x80\x3f", pad=False))
    write("safetensors", "good-scalar", file({"x": tensor([], 0, 4)}, b"\0\0\x80\x3f"))
    write("safetensors", "good-none", file({}, b""))
    write("safetensors", "edge-short", b"\x07\0\0")
    write("safetensors", "edge-huge-header", struct.pack("<Q", 2**63) + b"{}")
    write("safetensors", "edge-header-over-end", struct.pack("<Q", 100) + b"{}")
    for name, header, size in [
        ("edge-gap", {"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, 12), ("edge-overlap", {"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, 12),
        ("edge-tail", {"a": tensor([1], 0, 4)}, 9), ("edge-zero-size", {"a": tensor([0], 0, 0)}, 0), ("edge-overflow", {"a": tensor([2**62, 8], 0, 0)}, 0),
        ("edge-negative", {"a": tensor([-1], 0, 4)}, 4), ("edge-fraction", {"a": tensor([1.0], 0, 4)}, 4), ("edge-backwards", {"a": tensor([1], 4, 0)}, 4),
        ("edge-dtype", {"a": tensor([1], 0, 8, "F64")}, 8), ("edge-metadata", {"__metadata__": {"x": 1}}, 0), ("edge-list", [], 0),
        ("edge-long-name", {"\u00e9" * 300: tensor([1], 0, 4)}, 4), ("edge-nine-dims", {"a": tensor([1] * 9, 0, 4)}, 4),
        ("edge-same-place", {"a": tensor([1], 0, 4), "b": tensor([1], 0, 4)}, 4), ("edge-long-shape", {"a": tensor([10**18] * 8, 0, 4)}, 4),
    ]:
        write("safetensors", name, file(header, b"\0" * size))
    write("safetensors", "edge-duplicate", file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4))
    write("safetensors", "edge-deep", file("[" * 40 + "]" * 40, b""))


def job_spec():
    spec = {"base_model": "nano-shallow", "training_file": "file-01hk153x000000000000000000"}
    full = spec | {
        "validation_file": "file-01hk153x000000000000000001", "suffix": "my-model", "seed": 7, "metadata": {"team": "a"},
        "hyperparameters": {"epochs": 3, "batch_size": 16, "learning_rate_multiplier_ppm": 1000000, "warmup_steps": 0, "schedule": "cosine",
                            "max_tokens": 512, "lora_rank": 16, "lora_alpha_ppm": 32000000, "lora_dropout_ppm": 50000,
                            "lora_targets": ["q_proj", "down_proj"]},
        "safety": {"mix_method": "paraphrase", "refusals_ppm": 100000, "lookalikes_ppm": 0, "benign_ppm": 1, "audit_profile": "quick"}}
    hyper = lambda **h: spec | {"hyperparameters": h}
    for name, value in {
        "good-small": spec, "good-full": full, "edge-unknown-key": spec | {"model": "x"}, "edge-empty": {}, "edge-list": [], "edge-number": 1,
        "edge-zeros": hyper(epochs=0, lora_rank=0, batch_size=0), "edge-limits": hyper(epochs=50, batch_size=256, lora_rank=256, lora_alpha_ppm=1024000000),
        "edge-huge": hyper(lora_alpha_ppm=2**63 - 1, learning_rate_multiplier_ppm=-2**63), "edge-over-int64": hyper(epochs=2**64 - 1),
        "edge-fraction": hyper(epochs=1.5), "edge-same-targets": hyper(lora_targets=["q_proj", "q_proj"]), "edge-null": spec | {"seed": None},
        "edge-seed": spec | {"seed": 2**31}, "edge-metadata": spec | {"metadata": {"": "x", "k" * 65: "v" * 513, "n": "a\0"}},
        "edge-cut-text": spec | {"training_file": "a" + "\u00e9" * 60, "suffix": "b" + "\u20ac" * 60}, "edge-cut-key": spec | {"metadata": {"a" + "\u00e9" * 64: "v"}},
        "good-dpo": full | {"method": "dpo", "hyperparameters": {"beta_ppm": 100000, "schedule": "linear", "warmup_ratio_ppm": 100000, "eval_every": 20,
                                                                "patience": 2}},
        "edge-beta-supervised": hyper(beta_ppm=1), "edge-method": spec | {"method": "ppo", "hyperparameters": {"beta_ppm": 2000001, "patience": 0}},
        "edge-small-fraction": hyper(lora_dropout_ppm=900001, lora_alpha_ppm=999),
    }.items():
        write("job_spec", name, json.dumps(value, ensure_ascii=False))
    kind = {"ppm": 100000, "min_ppm": 0, "max_ppm": 200000, "min_rows": 16}
    policy = {"format": "tuneward.policy/1", "methods": {"allowed": ["base", "paraphrase"], "default": "paraphrase"},
              "rates": {"mode": "share", "refusals": kind, "lookalikes": kind, "benign": kind | {"ppm": 0, "min_rows": 0}},
              "forms": {"in_format": 2, "raw": 1, "neutral": 1}, "pool": "", "audit": {"profile": "quick", "allowed": ["quick", "standard"]},
              "on_overlong": "truncate",
              "gate": {"asr_margin_ppm": 30000, "over_refusal_margin_ppm": 100000, "asr_cap_ppm": 100000, "block_ppm": 200000, "min_n": 400,
                       "confidence_ppm": 950000}}
    write("job_spec", "good-policy", json.dumps(policy))
    write("job_spec", "edge-policy", json.dumps(policy | {"methods": {"allowed": [], "default": "x"}, "forms": {"in_format": 0, "raw": 0, "neutral": -1}}))
    for name, text in {"edge-duplicate": '{"seed":1,"seed":2}', "edge-tail": "{} {}", "edge-deep": "[" * 70 + "]" * 70, "edge-nothing": "",
                       "edge-infinite": "[1e999]", "edge-lone": '"\\ud800"', "edge-minus-zero": "[-0,0.0,1E400]"}.items():
        write("job_spec", name, text)


def tokenizer_json():
    alphabet = [chr(b) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or b >= 0xAE else None for b in range(256)]
    others = iter(range(0x100, 0x200))
    alphabet = [c or chr(next(others)) for c in alphabet]
    split = {"type": "Split", "pattern": {"Regex": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
                                          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}

    def file(words=(), merges=(), added=(), nfc=False, gpt2=False, vocab=None, **model):
        return {"version": "1.0", "added_tokens": list(added), "normalizer": {"type": "NFC"} if nfc else None,
                "pre_tokenizer": level | {"use_regex": True} if gpt2 else {"type": "Sequence", "pretokenizers": [split, level]},
                "decoder": {"type": "ByteLevel"},
                "model": {"type": "BPE", "vocab": {t: i for i, t in enumerate(alphabet + list(words))} | (vocab or {}), "merges": list(merges)} | model}

    def token(content, id, **flags):
        return {"id": id, "content": content, "special": True} | flags

    the = dict(words=["th", "the"], merges=["t h", "th e"])
    for name, value in {
        "good-none": file(), "good-the": file(**the), "good-pairs": file(words=["th", "the"], merges=[["t", "h"], ["th", "e"]], gpt2=True),
        "good-ignore": file(words=["the", "it's"], ignore_merges=True, nfc=True), "good-added": file(**the, added=[
            token("<|end|>", 258), token("<think>", 300, special=False), token("e\u0301", 259, special=False, normalized=True)], nfc=True),
        "edge-same-id": file(vocab={"zz": 3}), "edge-far-id": file(vocab={"zz": 2**20}), "edge-last-id": file(vocab={"zz": 2**20 - 1}),
        "edge-negative": file(vocab={"zz": -1}), "edge-fraction": file(vocab={"zz": 300.0}), "edge-huge": file(vocab={"zz": 2**64 - 1}),
        "edge-no-byte": file(vocab={"a": 300}), "edge-unknown-merge": file(merges=["t h"]), "edge-three": file(merges=["a b c"]), "edge-empty-merge": file(merges=[" "]),
        "edge-twice": file(words=["th"], merges=["t h", "t h"]), "edge-special-merge": file(words=["th"], merges=["t h"], added=[token("th", 256)]),
        "edge-special-byte": file(added=[token("a", 64)]), "edge-added-twice": file(added=[token("x|", 256), token("x|", 257)]),
        "edge-lstrip": file(added=[token("x|", 256, special=False, lstrip=True)]), "edge-dropout": file(dropout=0.5), "edge-fallback": file(byte_fallback=True),
        "edge-unigram": {"model": {"type": "Unigram"}}, "edge-list": [], "edge-null": {"model": None},
    }.items():
        write("tokenizer_json", name, json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    good = json.dumps(file(**the), ensure_ascii=False)
    write("tokenizer_json", "edge-pattern", good.replace("{1,3}", "{1,4}"))
    write("tokenizer_json", "edge-behavior", good.replace("Isolated", "Removed"))
    write("tokenizer_json", "edge-text", good.encode() + b"\xff\xed\xa0\x80\xe2\x82")


def main():
    jsonl(pathlib.Path(sys.argv[1]))
    safetensors()
    job_spec()
    tokenizer_json()


if __name__ == "__main__":
    main()
