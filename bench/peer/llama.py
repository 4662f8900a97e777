"""The flags and the model with fresh weights that both peers share."""
import argparse

import torch
import transformers


def arguments(batch):
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--rows", required=True)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--device", default="cpu")
    return parser


def fresh_llama(args, **settings):
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    config = transformers.LlamaConfig.from_json_file(args.config)
    for key, value in settings.items():
        setattr(config, key, value)
    torch.set_default_dtype(torch.bfloat16 if args.precision == "bf16" else torch.float32)
    model = transformers.LlamaForCausalLM._from_config(config, attn_implementation="sdpa").to(args.device)
    torch.set_default_dtype(torch.float32)
    return model
