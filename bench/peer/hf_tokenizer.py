"""The tokenizers package on one thread: `make` trains the tokenizer that both sides use, `encode` encodes every text once a turn."""
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from turns import answer, answer_peak_memory, await_turn

# Llama 3's split.
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def make(texts, vocab, path):
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PATTERN), "isolated"), level])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=vocab, show_progress=False,
                                                             initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    tokenizer.save(path)


def encode(texts, path):
    tokenizer = Tokenizer.from_file(path)
    # Without offsets, all texts in one call: its fastest way. The ids stay on its own side.
    first = True
    while True:
        began = time.perf_counter()
        encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        took = time.perf_counter() - began
        if first:
            answer_peak_memory()
        else:
            answer(sum(map(len, encodings)), took)
        first = False
        if not await_turn():
            break
    answer_peak_memory()


def main():
    mode, texts, path = sys.argv[1:4]
    with open(texts, encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    if mode == "make":
        make(texts, int(sys.argv[4]), path)
    else:
        encode(texts, path)


if __name__ == "__main__":
    main()
