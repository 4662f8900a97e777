"""Rotary frequencies as transformers takes them from a config.json, for tests/unit/worker/engine/rope_config_test.cc: rope.json.

  ~/.cache/tuneward/deps/venv-reference/bin/python tests/reference/rope_reference.py
"""
import json
import pathlib

import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

BANDS = dict(rope_type="llama3", low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
CASES = [
    dict(head_dim=64, rope=dict(rope_type="default", rope_theta=10000.0)),
    dict(head_dim=128, rope=BANDS | dict(factor=8.0, rope_theta=500000.0)),
    dict(head_dim=64, rope=BANDS | dict(factor=32.0, rope_theta=500000.0)),
    dict(head_dim=32, rope=BANDS | dict(factor=4.0, rope_theta=10000.0, original_max_position_embeddings=256, low_freq_factor=2.0)),
    dict(head_dim=80, rope=dict(rope_type="linear", factor=2.5, rope_theta=10000.0)),
]


def frequencies(config):
    rope = config.rope_parameters
    if rope["rope_type"] == "default":
        return transformers.models.llama.modeling_llama.LlamaRotaryEmbedding(config).inv_freq
    values, factor = ROPE_INIT_FUNCTIONS[rope["rope_type"]](config, torch.device("cpu"))
    assert factor == 1.0
    return values


def main():
    out = []
    for case in CASES:
        config = transformers.LlamaConfig(hidden_size=2 * case["head_dim"], head_dim=case["head_dim"], num_attention_heads=2, num_hidden_layers=1,
                                          intermediate_size=8, vocab_size=8, max_position_embeddings=131072, rope_parameters=dict(case["rope"]))
        out.append({"config": json.loads(config.to_json_string()), "frequencies": frequencies(config).tolist()})
    path = pathlib.Path(__file__).parent / "rope.json"
    path.write_text(json.dumps({"made_with": transformers.__version__, "cases": out}) + "\n")


if __name__ == "__main__":
    main()
