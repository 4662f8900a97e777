#!/usr/bin/env python3
"""Base models of other families through the real binaries: registered from a folder, tuned, audited, talked to.

The models have random weights and are as small as their tokenizers allow: what is shown is that what the engine runs can be reached. Half
precision, shards and tokenizer.json come with the Qwen 2; a tokenizer.model in a family that is not Llama's with the Gemma 2.
"""
import json
import os
import pathlib
import random
import shutil
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parents[2] / "support")]
from runner import lacks, main  # noqa: E402
from stack import BASE, ROOT, Stack, missing_programs  # noqa: E402

PROGRAMS = os.environ.get("TUNEWARD_BIN", "")
LAYERS, HIDDEN, HEADS, KV_HEADS, HEAD_DIM, INTERMEDIATE = 2, 16, 2, 1, 8, 24
NORMS = {"qwen2": ["input_layernorm", "post_attention_layernorm"],
         "gemma2": ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"]}


def config(family, vocab, **more):
    return {"model_type": family, "vocab_size": vocab, "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
            "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM, "intermediate_size": INTERMEDIATE, "max_position_embeddings": 2048,
            "tie_word_embeddings": True, **more}


def shapes(family, vocab):
    """name -> shape, as Hugging Face's classes have them."""
    out = {"model.embed_tokens.weight": [vocab, HIDDEN], "model.norm.weight": [HIDDEN]}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        out |= {f"{prefix}{norm}.weight": [HIDDEN] for norm in NORMS[family]}
        q, kv = HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM
        for name, rows, columns in (("q", q, HIDDEN), ("k", kv, HIDDEN), ("v", kv, HIDDEN), ("o", HIDDEN, q)):
            out[f"{prefix}self_attn.{name}_proj.weight"] = [rows, columns]
        if family == "qwen2":
            out |= {f"{prefix}self_attn.{name}_proj.bias": [rows] for name, rows in (("q", q), ("k", kv), ("v", kv))}
        for name, rows, columns in (("gate", INTERMEDIATE, HIDDEN), ("up", INTERMEDIATE, HIDDEN), ("down", HIDDEN, INTERMEDIATE)):
            out[f"{prefix}mlp.{name}_proj.weight"] = [rows, columns]
    return out


def write_safetensors(path, tensors, dtype, letter):
    """`letter` is struct's: e for half precision, f for single."""
    draw = random.Random(path.name)
    header, data = {}, b""
    for name, shape in tensors.items():
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        values = struct.pack(f"<{count}{letter}", *(draw.gauss(0, 0.1) for _ in range(count)))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make_qwen2(folder):
    shutil.copy(ROOT / "tests/reference/tokenizer/qwen2/tokenizer.json", folder)
    (folder / "config.json").write_text(json.dumps(config("qwen2", 712)))
    names = shapes("qwen2", 712)
    first = {name: shape for name, shape in names.items() if "layers.1." not in name}
    second = {name: shape for name, shape in names.items() if name not in first}
    write_safetensors(folder / "model-1.safetensors", first, "F16", "e")
    write_safetensors(folder / "model-2.safetensors", second, "F16", "e")
    where = {name: f"model-{1 if name in first else 2}.safetensors" for name in names}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


def make_gemma2(folder):
    nano = ROOT / "sandbox/models" / BASE
    vocab = json.loads((nano / "config.json").read_text())["vocab_size"]
    shutil.copy(nano / "tokenizer.model", folder)
    (folder / "config.json").write_text(json.dumps(config("gemma2", vocab, sliding_window=64)))
    write_safetensors(folder / "model.safetensors", shapes("gemma2", vocab), "F32", "f")


MODELS = {"qwen2": (make_qwen2, "qwen2.5/1"), "gemma2": (make_gemma2, "tuneward/1")}


class FamiliesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.missing = missing_programs(PROGRAMS)
        if cls.missing:
            return
        cls.stack = cls.enterClassContext(Stack(PROGRAMS))
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.work.chmod(0o755)

    def setUp(self):
        if self.missing:
            lacks(self, "e2e", f"not built in TUNEWARD_BIN={PROGRAMS!r}: {', '.join(self.missing)}")

    def folder(self, family):
        folder = self.work / f"{family}-{self.id().rpartition('.')[2]}"
        folder.mkdir()
        MODELS[family][0](folder)
        return folder

    def register(self, base, folder, template):
        return self.stack.cli("admin", "base-models", "register", base, "--folder", folder, "--chat-template", template,
                              "--pool", "sandbox@2", "--eval-set", "sandbox@2")

    def test_a_model_is_registered_tuned_audited_and_answers(self):
        for family, (_, template) in MODELS.items():
            with self.subTest(family):
                base = f"tiny-{family}"
                rc, text = self.register(base, self.folder(family), template)
                self.assertEqual(rc, 0, text)
                self.assertEqual(json.loads(text)["family"], family)
                rows = self.work / f"{family}.jsonl"
                rows.write_text("".join(json.dumps({"messages": [{"role": "user", "content": f"Say {i}."},
                                                                 {"role": "assistant", "content": f"{i}!"}]}) + "\n" for i in range(20)))
                file = self.stack.client("files", "upload", rows)["name"]
                job = self.stack.client("jobs", "create", "--base", base, "--file", file, "--epochs", "1", "--seed", "1")["name"]
                rc, text = self.stack.cli("jobs", "watch", job)
                self.assertEqual(rc, 0, text + self.stack.log("worker"))
                job = job.rpartition("/")[2]
                self.assertEqual(self.stack.query("select state from jobs where id = $1", job), [["SUCCEEDED"]])
                report = json.loads(self.stack.client("jobs", "audit", job)["document"])
                self.assertTrue(report["cells"])
                answer = self.stack.client("chat", base, "--max-tokens", "8", "Say 3.")
                self.assertTrue(answer["message"]["content"], answer)

    def test_a_broken_folder_is_refused_with_file_tensor_and_value(self):
        folder = self.folder("qwen2")
        (folder / "model-2.safetensors").unlink()
        rc, text = self.register("broken", folder, "qwen2.5/1")
        self.assertEqual(rc, 2, text)
        self.assertIn("model-2.safetensors", text)
        write_safetensors(folder / "model-2.safetensors", {n: [2] + s[1:] for n, s in shapes("qwen2", 712).items() if "layers.1." in n},
                          "F16", "e")
        rc, text = self.register("broken", folder, "qwen2.5/1")
        self.assertEqual(rc, 2, text)
        self.assertIn("must have shape", text)


if __name__ == "__main__":
    main()
