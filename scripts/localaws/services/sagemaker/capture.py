"""Data capture: a share of requests and answers as JSON lines in S3, in SageMaker's format and key layout."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.batches import Batch
from localaws.runtime import runtime
from localaws.services.sagemaker.notices import iso
from localaws.services.sagemaker.resources import Region, now
from localaws.services.sagemaker.storage import Bucket, StorageError

log = logging.getLogger("localaws")


@dataclass(frozen=True)
class Payload:
    """A body and its media type."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class Exchange:
    """One invocation, as far as capture looks at it."""

    request: Payload
    answer: Payload
    inference_id: str
    custom_attributes: str


class Capture:
    """Captures the traffic of one variant.

    Parameters
    ----------
    region, endpoint, variant
        Whose traffic; endpoint and variant are part of the object keys.
    config
        The endpoint configuration's DataCaptureConfig.
    role
        The model's execution role, which writes the objects.
    """

    def __init__(
        self, region: Region, endpoint: str, variant: str, config: Mapping[str, Any], role: str
    ) -> None:
        self._bucket = Bucket(runtime().client("s3", region.name, role))
        self._prefix = f"{config['DestinationS3Uri'].rstrip('/')}/{endpoint}/{variant}"
        self._share = config["InitialSamplingPercentage"]
        self._key = config.get("KmsKeyId", "")
        self._modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
        self._headers = config.get("CaptureContentTypeHeader", {})
        self._batch: Batch[dict[str, Any]] = Batch(f"capture {endpoint}/{variant}", self._write)

    def see(self, exchange: Exchange) -> None:
        """Capture an invocation if it falls into the sample."""
        if secrets.randbelow(100) < self._share:
            self._batch.add(self._line(exchange))

    def close(self) -> None:
        """Write what is still waiting."""
        self._batch.flush()

    def _line(self, exchange: Exchange) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if self._modes & {"Input", "InputAndOutput"}:
            data["endpointInput"] = self._side(exchange.request, "INPUT")
        if self._modes & {"Output", "InputAndOutput"}:
            data["endpointOutput"] = self._side(exchange.answer, "OUTPUT")
        metadata: dict[str, Any] = {"eventId": str(uuid.uuid4()), "inferenceTime": iso(now())}
        if exchange.inference_id:
            metadata["inferenceId"] = exchange.inference_id
        if exchange.custom_attributes:
            metadata["customAttributes"] = [exchange.custom_attributes]
        return {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}

    def _side(self, payload: Payload, mode: str) -> dict[str, str]:
        encoding = self._encoding(payload.content_type)
        text = base64.b64encode(payload.body) if encoding == "BASE64" else payload.body
        return {
            "observedContentType": payload.content_type,
            "mode": mode,
            "data": text.decode("utf-8", errors="replace"),
            "encoding": encoding,
        }

    def _encoding(self, content_type: str) -> str:
        media_type = content_type.partition(";")[0].strip()
        for encoding, header in (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes")):
            if media_type in self._headers.get(header, ()):
                return encoding
        return "BASE64"

    def _write(self, lines: list[dict[str, Any]]) -> None:
        moment = now()
        name = f"{moment:%Y/%m/%d/%H/%M-%S}-{moment.microsecond // 1000:03}-{uuid.uuid4()}.jsonl"
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        try:
            self._bucket.write(f"{self._prefix}/{name}", body, self._key)
        except StorageError as error:
            log.error("data capture: %s", error)
