"""One request to a model in, its answer out: reading, scoring and writing in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xgboost_daal4py.answers import Scored, write_answer
from xgboost_daal4py.errors import InvalidRecords, UserError
from xgboost_daal4py.media_types import choose_answer, read_content_type
from xgboost_daal4py.outputs import Output, check_outputs
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.refusals import RefusedRequest, refuse_records
from xgboost_daal4py.request_bodies import read_features


@dataclass(slots=True)
class Answer:
    """What goes back to the client."""

    body: bytes
    media_type: str
    records: int


def answer(
    predictor: Predictor,
    body: bytes,
    content_type: str,
    accept: str,
    outputs: Sequence[Output] = (),
    preferred: str = "application/json",
) -> Answer:
    """Return the predictions for a request.

    Parameters
    ----------
    predictor
        The model.
    body, content_type, accept
        The request, as HTTP carries it.
    outputs
        What to answer for each record; the model's usual outputs when empty.
    preferred
        The media type of the answer where ``accept`` does not decide.

    Raises
    ------
    RefusedRequest
        400, 406, 413 or 415, whatever is wrong with the request.
    """
    source = read_content_type(content_type)
    target = choose_answer(accept, preferred)
    try:
        wanted = check_outputs(outputs, predictor)
    except UserError as error:
        raise RefusedRequest(400, "invalid_outputs", str(error)) from error
    matrix = read_features(predictor.transform, body, source)
    try:
        scored = Scored(predictor, matrix, predictor.score_matrix(matrix), wanted)
        written = write_answer(scored, target)
    except InvalidRecords as error:
        raise refuse_records(error) from error
    return Answer(written, target, len(matrix))
