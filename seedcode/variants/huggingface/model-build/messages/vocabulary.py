"""Texts in, a WordPiece tokenizer that has learned its words from them out (to `train`)."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

UNKNOWN, PADDING, BEGIN, END = "[UNK]", "[PAD]", "[CLS]", "[SEP]"


def learn_tokenizer(texts: Iterable[str], size: int, longest: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of at most ``size`` word pieces that cuts texts after ``longest`` of them."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = [PADDING, UNKNOWN, BEGIN, END]
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}",
        special_tokens=[(each, tokenizer.token_to_id(each)) for each in (BEGIN, END)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=longest,
        unk_token=UNKNOWN,
        pad_token=PADDING,
        cls_token=BEGIN,
        sep_token=END,
    )
