"""Greedy transformers.generate on a Llama with fresh weights: SDPA, KV cache, prompts padded on the left, a fixed number of new tokens;
one call a turn."""
import os
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from llama import arguments, fresh_llama
from turns import answer, answer_peak_memory, await_turn, read_rows


def main():
    parser = arguments(batch=64)
    parser.add_argument("--new-tokens", type=int, default=64)
    args = parser.parse_args()

    model = fresh_llama(args).eval()
    prompts = [tokens[:len(tokens) - targets] for tokens, targets in read_rows(args.rows)[:args.batch]]
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(p)) + p for p in prompts], device=args.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=args.device)
    first = True
    while True:
        began = time.perf_counter()
        with torch.inference_mode():
            out = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=args.new_tokens, min_new_tokens=args.new_tokens,
                                 do_sample=False, pad_token_id=0, eos_token_id=None)
        took = time.perf_counter() - began
        if first:
            answer_peak_memory()
        else:
            answer(int((out.shape[1] - width) * out.shape[0]), took)
        first = False
        if not await_turn():
            break
    answer_peak_memory()


if __name__ == "__main__":
    main()
