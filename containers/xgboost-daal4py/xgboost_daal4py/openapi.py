"""A model in, the OpenAPI description of its endpoint out: what the server answers at /openapi.json."""

from __future__ import annotations

from typing import Any

from xgboost_daal4py.media_types import CSV, JSON, JSON_LINES, LIBSVM, NPY, PARQUET
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.schema import Column, Schema

REFUSALS = {
    "400": "The body is not what its content type says, or a record does not fit.",
    "406": "Accept leaves no media type that is written here.",
    "413": "The body is larger than the endpoint takes.",
    "415": "The content type or character set is not read here.",
}
NUMBER = {"type": "number"}
BINARY = {"schema": {"type": "string", "format": "binary"}}
TEXT = {"schema": {"type": "string"}}
TYPES = {"number": ["number", "null"], "category": ["string", "null"], "code": ["string", "integer", "null"]}


def describe_endpoint(predictor: Predictor) -> dict[str, Any]:
    """Return the description of an endpoint that serves one model."""
    record = _record(predictor.transform.schema)
    return {
        "openapi": "3.1.0",
        "info": {"title": "xgboost-daal4py", "version": "1"},
        "paths": {
            "/invocations": {"post": _invocations(predictor)},
            "/ping": {
                "get": _get("The model answers as it should.", {"type": "object"}, {"503": _UNHEALTHY})
            },
            "/execution-parameters": {"get": _get("For batch transform.", {"type": "object"}, {})},
        },
        "components": {"schemas": {"Record": record, "Error": _ERROR, "Prediction": _prediction()}},
    }


def _invocations(predictor: Predictor) -> dict[str, Any]:
    record = {"$ref": "#/components/schemas/Record"}
    records = {"type": "array", "items": record, "minItems": 1}
    instances = {
        "type": "object",
        "properties": {"instances": records},
        "required": ["instances"],
        "additionalProperties": False,
    }
    return {
        "summary": "Predict records",
        "parameters": [
            {
                "name": "X-Amzn-SageMaker-Custom-Attributes",
                "in": "header",
                "description": "correlation-id=...;outputs=score,label,probabilities,contributions",
                "schema": {"type": "string", "maxLength": 1024},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"oneOf": [record, records, instances]}},
                JSON_LINES: TEXT,
                CSV: {
                    "schema": {"type": "string"},
                    "example": ",".join("0" for _ in predictor.transform.names),
                },
                LIBSVM: TEXT,
                NPY: BINARY,
                PARQUET: BINARY,
            },
        },
        "responses": {
            "200": {
                "description": "One prediction per record, in their order.",
                "content": {
                    JSON: {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "predictions": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/Prediction"},
                                }
                            },
                            "required": ["predictions"],
                        }
                    },
                    JSON_LINES: TEXT,
                    CSV: TEXT,
                    NPY: BINARY,
                },
            },
            **{status: _error(description) for status, description in REFUSALS.items()},
        },
    }


def _record(schema: Schema) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {column.name: _column(column) for column in schema.columns},
        "required": [column.name for column in schema.required],
        "additionalProperties": False,
    }


def _column(column: Column) -> dict[str, Any]:
    if column.kind == "ignored":
        return {}
    bounds = {"exclusiveMinimum": -3.4e38, "exclusiveMaximum": 3.4e38} if column.kind == "number" else {}
    return {"type": TYPES[column.kind], **bounds}


def _prediction() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "score": {},
            "label": {"type": "string"},
            "probabilities": {"type": "object", "additionalProperties": NUMBER},
            "contributions": {},
        },
    }


def _get(description: str, schema: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    answer = {"description": description, "content": {JSON: {"schema": schema}}}
    return {"responses": {"200": answer, **more}}


def _error(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "record": {"type": ["integer", "null"]},
                            "column": {"type": ["string", "null"]},
                            "message": {"type": "string"},
                        },
                    },
                },
            },
        }
    },
}
_UNHEALTHY: dict[str, Any] = {
    "description": "It does not.",
    "content": {JSON: {"schema": {"type": "object"}}},
}
