"""Training job in the Hugging Face container: messages in; a small DistilBERT, trained from nothing, out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from messages.answers import Decision
from messages.inference import Classifier
from messages.labels import LABELS
from messages.message_errors import run_job
from messages.prepare import Message
from messages.training_job import channel, hyperparameters, model_folder, save_script, tell_quality
from messages.vocabulary import learn_tokenizer
from transformers import DistilBertConfig, DistilBertForSequenceClassification


@dataclass(frozen=True)
class Options:
    """The hyperparameters."""

    epochs: int
    batch_size: int
    learning_rate: float
    layers: int
    width: int
    heads: int
    vocabulary: int
    longest: int
    threshold: float
    seed: int


def train(training: list[Message], validation: list[Message], options: Options) -> Classifier:
    """Return a model of the training messages; the log tells how good it is on the others after each epoch."""
    torch.manual_seed(options.seed)
    tokenizer = learn_tokenizer([text for text, _ in training], options.vocabulary, options.longest)
    model = DistilBertForSequenceClassification(
        DistilBertConfig(
            vocab_size=len(tokenizer),
            max_position_embeddings=options.longest,
            n_layers=options.layers,
            n_heads=options.heads,
            dim=options.width,
            hidden_dim=4 * options.width,
            pad_token_id=tokenizer.pad_token_id,
            id2label=dict(enumerate(LABELS)),
            label2id={label: number for number, label in enumerate(LABELS)},
        )
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # A GPU whose driver is too old for the image's CUDA is as good as none, and costs the same.
    print(json.dumps({"event": "training begun", "device": device.type}), flush=True)
    model.to(device)
    tokens = tokenizer([text for text, _ in training], padding=True, truncation=True, return_tensors="pt")
    labels = torch.tensor([LABELS.index(label) for _, label in training])
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.learning_rate)
    classifier = Classifier(tokenizer, model, Decision(LABELS, options.threshold))
    for epoch in range(1, options.epochs + 1):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(labels)).split(options.batch_size):
            batch = {name: tokens[name][rows].to(device) for name in ("input_ids", "attention_mask")}
            loss = model(**batch, labels=labels[rows].to(device)).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch} train-loss:{total / len(labels):.4f}", flush=True)
    # As it is served: on the processor, without dropout.
    model.to("cpu").eval()
    scores = classifier.score([text for text, _ in validation])
    tell_quality(validation, scores, options.threshold)
    return classifier


def save(classifier: Classifier, folder: Path) -> None:
    """Write the model as the container expects it: weights as safetensors, tokenizer, and the script in `code/`."""
    classifier.model.save_pretrained(folder)
    classifier.tokenizer.save_pretrained(folder)
    save_script(folder, classifier.decision)


def run() -> None:
    """Do the job."""
    options = hyperparameters(Options)
    classifier = train(channel("train"), channel("validation"), options)
    save(classifier, model_folder())
    print(json.dumps({"event": "model saved", "words": len(classifier.tokenizer)}), flush=True)


if __name__ == "__main__":
    sys.exit(run_job(run, "failure"))
