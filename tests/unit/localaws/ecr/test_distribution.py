"""The registry takes layers and manifests by the OCI distribution API, and ECR's API tells of what was pushed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from localaws.server import LocalAws

REGION = "us-east-1"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
LAYER, CONFIG = b"layer" * 1000, b'{"architecture": "amd64"}'


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Pusher:
    """What an engine does to push: one registry, one repository."""

    def __init__(self, localaws: LocalAws, repository: str, password: str) -> None:
        host = f"{localaws.account_id}.dkr.ecr.{REGION}.amazonaws.com"
        self.root = localaws.endpoint
        self.base = f"{localaws.endpoint}/v2/{host}/{repository}"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.auth = ("AWS", password)

    def blob(self, content: bytes) -> None:
        """Upload in two pieces, as engines do: begin, append, finish."""
        begun = self.http.post(f"{self.base}/blobs/uploads/")
        assert begun.status_code == 202
        place = self.root + begun.headers["Location"]
        appended = self.http.patch(place, data=iter([content[:7], content[7:]]))
        assert (appended.status_code, appended.headers["Range"]) == (202, f"0-{len(content) - 1}")
        finished = self.http.put(place, params={"digest": digest_of(content)})
        assert (finished.status_code, finished.headers["Docker-Content-Digest"]) == (201, digest_of(content))

    def manifest(self, reference: str, layer: bytes = LAYER) -> requests.Response:
        parts = {
            "config": {"digest": digest_of(CONFIG), "size": len(CONFIG)},
            "layers": [{"digest": digest_of(layer), "size": len(layer)}],
        }
        content = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, **parts})
        headers = {"Content-Type": MANIFEST_TYPE}
        return self.http.put(f"{self.base}/manifests/{reference}", data=content, headers=headers)

    def push(self, reference: str, layer: bytes = LAYER) -> requests.Response:
        for content in (CONFIG, layer):
            self.blob(content)
        return self.manifest(reference, layer)


@pytest.fixture
def ecr(localaws: LocalAws) -> Any:
    client = localaws.client("ecr", REGION)
    client.create_repository(repositoryName="team/model", imageTagMutability="IMMUTABLE")
    client.create_repository(repositoryName="loose")
    return client


@pytest.fixture
def password(ecr: Any) -> str:
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().removeprefix("AWS:")


@pytest.fixture
def pusher(localaws: LocalAws, password: str) -> Iterator[Pusher]:
    pusher = Pusher(localaws, "team/model", password)
    with pusher.http:
        yield pusher


def error_of(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def test_what_is_pushed_is_pulled_and_known_to_the_api(pusher: Pusher, ecr: Any) -> None:
    pushed = pusher.push("one")
    digest = pushed.headers["Docker-Content-Digest"]
    assert pushed.status_code == 201
    image = ecr.describe_images(repositoryName="team/model")["imageDetails"][0]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["one"])
    assert image["imageSizeInBytes"] == len(LAYER) + len(CONFIG)
    for reference in ("one", digest):
        manifest = pusher.http.get(f"{pusher.base}/manifests/{reference}")
        assert (manifest.headers["Content-Type"], digest_of(manifest.content)) == (MANIFEST_TYPE, digest)
        assert pusher.http.head(f"{pusher.base}/manifests/{reference}").headers["Content-Length"] != "0"
    assert pusher.http.get(f"{pusher.base}/blobs/{digest_of(LAYER)}").content == LAYER
    part = pusher.http.get(f"{pusher.base}/blobs/{digest_of(LAYER)}", headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, b"layer")


def test_the_tags_of_both_apis_are_the_same(pusher: Pusher, ecr: Any) -> None:
    for tag in ("b", "a", "c"):
        pusher.push(tag)
    listed = [image["imageTag"] for image in ecr.list_images(repositoryName="team/model")["imageIds"]]
    first = pusher.http.get(f"{pusher.base}/tags/list", params={"n": 2})
    rest = pusher.http.get(pusher.root + first.headers["Link"].partition(">")[0][1:])
    assert first.json()["tags"] + rest.json()["tags"] == ["a", "b", "c"]
    assert sorted(listed) == ["a", "b", "c"]


def test_an_immutable_tag_is_refused_even_for_the_same_image(pusher: Pusher) -> None:
    assert pusher.push("one").status_code == 201
    for layer in (LAYER, b"other"):
        refused = pusher.push("one", layer)
        assert error_of(refused) == (400, "TAG_INVALID")
        assert "immutable" in refused.json()["errors"][0]["message"]


def test_a_mutable_tag_is_pushed_again(localaws: LocalAws, password: str, ecr: Any) -> None:
    pusher = Pusher(localaws, "loose", password)
    with pusher.http:
        assert [pusher.push("one", layer).status_code for layer in (LAYER, LAYER, b"other")] == [201] * 3
    assert len(ecr.describe_images(repositoryName="loose")["imageDetails"]) == 2


def test_nobody_gets_in_without_a_password_of_the_api(localaws: LocalAws, ecr: Any) -> None:
    for password in ("", "guessed"):
        pusher = Pusher(localaws, "team/model", password)
        with pusher.http:
            for answer in (
                pusher.http.get(f"{pusher.root}/v2/"),
                pusher.http.post(f"{pusher.base}/blobs/uploads/"),
            ):
                assert error_of(answer) == (401, "UNAUTHORIZED")
                assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_an_unknown_repository_and_what_is_not_in_one_are_named(localaws: LocalAws, pusher: Pusher) -> None:
    nowhere = Pusher(localaws, "nobody", "")
    nowhere.http.auth = pusher.http.auth
    with nowhere.http:
        answer = nowhere.http.post(f"{nowhere.base}/blobs/uploads/")
    assert error_of(answer) == (404, "NAME_UNKNOWN")
    assert "'nobody' does not exist" in answer.json()["errors"][0]["message"]
    assert error_of(pusher.http.get(f"{pusher.base}/manifests/gone")) == (404, "MANIFEST_UNKNOWN")
    assert error_of(pusher.http.get(f"{pusher.base}/blobs/{digest_of(b'gone')}")) == (404, "BLOB_UNKNOWN")
    assert error_of(pusher.http.patch(f"{pusher.base}/blobs/uploads/gone")) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert error_of(pusher.http.delete(f"{pusher.base}/manifests/one")) == (405, "UNSUPPORTED")


def test_a_manifest_of_what_was_not_pushed_is_refused(pusher: Pusher) -> None:
    assert error_of(pusher.manifest("one")) == (404, "BLOB_UNKNOWN")
    pusher.blob(CONFIG)
    pusher.blob(LAYER)
    assert error_of(pusher.manifest(digest_of(b"another"))) == (400, "DIGEST_INVALID")
    broken = pusher.http.put(f"{pusher.base}/manifests/one", data=b"no json")
    assert error_of(broken) == (400, "MANIFEST_INVALID")


def test_bytes_that_are_not_their_digest_are_refused(pusher: Pusher) -> None:
    begun = pusher.http.post(f"{pusher.base}/blobs/uploads/")
    place = pusher.root + begun.headers["Location"]
    for digest in (digest_of(b"other"), "sha256:../../etc/passwd"):
        finished = pusher.http.put(place, params={"digest": digest}, data=LAYER)
        assert finished.status_code in (400, 404)
    assert pusher.http.head(f"{pusher.base}/blobs/{digest_of(LAYER)}").status_code == 404


def test_a_layer_is_mounted_from_another_repository(localaws: LocalAws, pusher: Pusher, ecr: Any) -> None:
    pusher.push("one")
    other = pusher.base.replace("team/model", "loose")
    source = pusher.base.partition("/v2/")[2]
    mounted = pusher.http.post(f"{other}/blobs/uploads/", params={"mount": digest_of(LAYER), "from": source})
    assert mounted.status_code == 201
    layers = ecr.batch_check_layer_availability(repositoryName="loose", layerDigests=[digest_of(LAYER)])[
        "layers"
    ]
    assert layers[0]["layerSize"] == len(LAYER)


def test_a_layer_that_an_earlier_server_was_sent_need_not_be_sent_again(
    localaws: LocalAws, pusher: Pusher, tmp_path: Path
) -> None:
    pusher.push("one")
    blob = localaws.data / "ecr" / "blobs" / digest_of(LAYER).removeprefix("sha256:")
    blob.unlink()
    other = pusher.base.replace("team/model", "loose")
    assert pusher.http.get(f"{other}/blobs/{digest_of(LAYER)}").status_code == 404
    assert pusher.http.head(f"{other}/blobs/{digest_of(LAYER)}").status_code == 200
    assert pusher.http.get(f"{other}/blobs/{digest_of(LAYER)}").content == LAYER


def test_the_registry_answers_at_its_real_host_name(localaws: LocalAws, pusher: Pusher) -> None:
    pusher.push("one")
    host = f"{localaws.account_id}.dkr.ecr.{REGION}.amazonaws.com"
    with requests.Session() as http:
        http.trust_env = False
        http.proxies = {"https": localaws.endpoint}
        http.verify = str(localaws.data / "tls" / "ca.pem")
        http.auth = pusher.http.auth
        assert http.get(f"https://{host}/v2/").json() == {}
        assert http.get(f"https://{host}/v2/team/model/manifests/one").status_code == 200


def test_a_layer_uploaded_by_the_api_can_be_downloaded(localaws: LocalAws, ecr: Any) -> None:
    upload = ecr.initiate_layer_upload(repositoryName="loose")["uploadId"]
    arguments = {"repositoryName": "loose", "uploadId": upload}
    ecr.upload_layer_part(**arguments, partFirstByte=0, partLastByte=len(LAYER) - 1, layerPartBlob=LAYER)
    with pytest.raises(ecr.exceptions.InvalidLayerPartException):
        ecr.upload_layer_part(**arguments, partFirstByte=0, partLastByte=2, layerPartBlob=b"abc")
    completed = ecr.complete_layer_upload(**arguments, layerDigests=[digest_of(LAYER)])
    assert completed["layerDigest"] == digest_of(LAYER)
    with pytest.raises(ecr.exceptions.UploadNotFoundException):
        ecr.upload_layer_part(**arguments, partFirstByte=0, partLastByte=2, layerPartBlob=b"abc")
    url = ecr.get_download_url_for_layer(repositoryName="loose", layerDigest=digest_of(LAYER))["downloadUrl"]
    with requests.Session() as http:
        http.trust_env = False
        http.proxies = {"https": localaws.endpoint}
        assert http.get(url, verify=str(localaws.data / "tls" / "ca.pem")).content == LAYER


def test_a_push_is_told_on_the_event_bus(localaws: LocalAws, pusher: Pusher) -> None:
    events, sqs = localaws.client("events", REGION), localaws.client("sqs", REGION)
    queue = sqs.create_queue(QueueName="pushes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.ecr"], "detail": {"action-type": ["PUSH"], "repository-name": ["team/model"]}}
    events.put_rule(Name="pushes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="pushes", Targets=[{"Id": "queue", "Arn": arn}])
    digest = pusher.push("one").headers["Docker-Content-Digest"]
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    detail = json.loads(messages[0]["Body"])["detail"]
    assert (detail["image-digest"], detail["image-tag"], detail["result"]) == (digest, "one", "SUCCESS")
