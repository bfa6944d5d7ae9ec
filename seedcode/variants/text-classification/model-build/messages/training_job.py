"""What a training job is given and leaves, on any framework: channels and options in, the endpoint's script out.

SageMaker's script mode gives them: SM_CHANNEL_<NAME>, SM_MODEL_DIR, and hyperparameters as options.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from messages.answers import Decision
from messages.labels import LABELS
from messages.measures import measure
from messages.message_errors import DataError
from messages.prepare import Message, read_messages

CODE = ("inference.py", "messages/answers.py")
"""What the endpoint runs, as it lies in the archive's `code/`."""
Options = TypeVar("Options")


def hyperparameters(kind: type[Options], arguments: Sequence[str] | None = None) -> Options:
    """Return the options of a dataclass of numbers, all of which must be given."""
    parser = argparse.ArgumentParser()
    for name, of in kind.__annotations__.items():
        parser.add_argument(f"--{name}", type={"int": int, "float": float}[of], required=True)
    return kind(**vars(parser.parse_args(arguments)))


def channel(name: str) -> list[Message]:
    """Return the messages of a channel."""
    folder = Path(os.environ[f"SM_CHANNEL_{name.upper()}"])
    messages = [message for path in sorted(folder.glob("*.csv")) for message in read_messages(path)]
    if not messages:
        raise DataError(f"the channel {name} holds no messages")
    return messages


def model_folder() -> Path:
    """Return where the model goes."""
    return Path(os.environ["SM_MODEL_DIR"])


def tell_quality(messages: Sequence[Message], scores: Sequence[float], threshold: float) -> None:
    """Print what the configuration's metric_definitions read."""
    truth = [label == LABELS[1] for _, label in messages]
    metrics = measure(truth, scores, threshold)["binary_classification_metrics"]
    told = (f"validation-{name}:{metrics[name]['value']:.4f}" for name in ("accuracy", "f1", "auc"))
    print(" ".join(told), flush=True)


def save_script(folder: Path, decision: Decision) -> None:
    """Put the inference script, what it imports, and how it decides into a model's `code/`."""
    source = Path(__file__).parent
    for name in CODE:
        target = folder / "code" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / Path(name).name, target)
    decision.write(folder / "code")
