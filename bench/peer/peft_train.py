"""LoRA steps by transformers and PEFT on a Llama with fresh weights: rank 16 on all linears, fused AdamW, clipping; one step a turn.

As its users run it at its best: SDPA attention, adapters in fp32 (PEFT's default), batches padded on the right to their longest row,
--grouped: rows sorted by length first (the trainer's group_by_length).
"""
import os
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
from llama import arguments, fresh_llama
from turns import answer, answer_peak_memory, await_turn, read_rows


def collate(rows):
    width = max(len(tokens) for tokens, _ in rows)
    ids, mask, labels = [], [], []
    for tokens, targets in rows:
        pad = width - len(tokens)
        ids.append(tokens + [0] * pad)
        mask.append([1] * len(tokens) + [0] * pad)
        labels.append([-100] * (len(tokens) - targets) + tokens[len(tokens) - targets:] + [-100] * pad)
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), "labels": torch.tensor(labels)}


def main():
    parser = arguments(batch=8)
    parser.add_argument("--grouped", action="store_true")
    args = parser.parse_args()

    base = fresh_llama(args, use_cache=False)
    model = peft.get_peft_model(base, peft.LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.train()
    leaves = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(leaves, lr=1e-3, weight_decay=0.0, fused=True)

    rows = read_rows(args.rows)
    if args.grouped:
        rows.sort(key=lambda row: len(row[0]))
    batches = [rows[i:i + args.batch] for i in range(0, len(rows), args.batch)]
    step = 0
    while True:
        batch = batches[step % len(batches)]
        began = time.perf_counter()
        model(**{k: v.to(args.device) for k, v in collate(batch).items()}).loss.backward()
        torch.nn.utils.clip_grad_norm_(leaves, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if args.device != "cpu":
            torch.cuda.synchronize()
        took = time.perf_counter() - began
        if step == 0:
            answer_peak_memory()
        else:
            answer(sum(len(tokens) for tokens, _ in batch), took)
        step += 1
        if not await_turn():
            break
    answer_peak_memory()


if __name__ == "__main__":
    main()
