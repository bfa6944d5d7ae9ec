"""ECR knows images by the digest of their manifest, keeps immutable tags and refuses what it cannot do."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import LocalAws

MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


def manifest(name: str) -> str:
    layer = f"sha256:{hashlib.sha256(b'same').hexdigest()}"
    return json.dumps({"mediaType": MEDIA_TYPE, "config": {"digest": name}, "layers": [{"digest": layer}]})


@pytest.fixture
def ecr(localaws: LocalAws) -> Any:
    client = localaws.client("ecr", "us-east-1")
    client.create_repository(repositoryName="model", imageTagMutability="IMMUTABLE")
    return client


@pytest.fixture
def put(ecr: Any) -> Callable[..., str]:
    def put_image(name: str, tag: str, repository: str = "model", **options: Any) -> str:
        answer = ecr.put_image(
            repositoryName=repository, imageManifest=manifest(name), imageTag=tag, **options
        )
        digest: str = answer["image"]["imageId"]["imageDigest"]
        return digest

    return put_image


def tags(ecr: Any, repository: str = "model") -> dict[str, list[str]]:
    found = ecr.describe_images(repositoryName=repository)["imageDetails"]
    return {item["imageDigest"]: item.get("imageTags", []) for item in found}


def test_the_digest_is_the_manifests(ecr: Any, put: Callable[..., str]) -> None:
    digest = put("a", "content-1")
    assert digest == f"sha256:{hashlib.sha256(manifest('a').encode()).hexdigest()}"
    found = ecr.batch_get_image(repositoryName="model", imageIds=[{"imageDigest": digest}])
    assert found["images"][0]["imageManifest"] == manifest("a")
    details = ecr.describe_images(repositoryName="model", imageIds=[{"imageTag": "content-1"}])[
        "imageDetails"
    ]
    assert (details[0]["imageDigest"], details[0]["imageTags"]) == (digest, ["content-1"])
    assert isinstance(details[0]["imagePushedAt"], datetime)


def test_an_immutable_tag_does_not_move(ecr: Any, put: Callable[..., str]) -> None:
    first = put("a", "content-1")
    with pytest.raises(ecr.exceptions.ImageTagAlreadyExistsException, match="content-1"):
        put("b", "content-1")
    with pytest.raises(ecr.exceptions.ImageAlreadyExistsException):
        put("a", "content-1")
    put("a", "release")
    assert tags(ecr) == {first: ["content-1", "release"]}


def test_a_mutable_tag_moves_and_leaves_the_old_image(ecr: Any, put: Callable[..., str]) -> None:
    ecr.create_repository(repositoryName="loose")
    first, second = put("a", "latest", "loose"), put("b", "latest", "loose")
    assert tags(ecr, "loose") == {first: [], second: ["latest"]}


def test_a_digest_that_is_not_the_manifests_is_refused(ecr: Any, put: Callable[..., str]) -> None:
    with pytest.raises(ecr.exceptions.ImageDigestDoesNotMatchException):
        put("a", "content-1", imageDigest=f"sha256:{'0' * 64}")


def test_what_is_not_there_is_named(ecr: Any, put: Callable[..., str]) -> None:
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        put("a", "1", "nobody")
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        ecr.describe_images(repositoryName="model", imageIds=[{"imageTag": "gone"}])
    wanted = {"imageDigest": f"sha256:{'0' * 64}"}
    failures = ecr.batch_get_image(repositoryName="model", imageIds=[wanted])["failures"]
    assert (failures[0]["imageId"], failures[0]["failureCode"]) == (wanted, "ImageNotFound")


def test_an_image_without_its_last_tag_is_gone(ecr: Any, put: Callable[..., str]) -> None:
    put("a", "content-1")
    ecr.batch_delete_image(repositoryName="model", imageIds=[{"imageTag": "content-1"}])
    assert ecr.list_images(repositoryName="model")["imageIds"] == []


def test_a_repository_with_images_is_deleted_by_force_only(ecr: Any, put: Callable[..., str]) -> None:
    put("a", "content-1")
    with pytest.raises(ecr.exceptions.RepositoryNotEmptyException):
        ecr.delete_repository(repositoryName="model")
    ecr.delete_repository(repositoryName="model", force=True)
    assert ecr.describe_repositories()["repositories"] == []


def test_the_authorization_token_is_for_this_registry_and_still_good(ecr: Any, localaws: LocalAws) -> None:
    data = ecr.get_authorization_token()["authorizationData"][0]
    assert data["proxyEndpoint"] == f"https://{localaws.account_id}.dkr.ecr.us-east-1.amazonaws.com"
    assert data["expiresAt"] > datetime.now(UTC)
    assert base64.b64decode(data["authorizationToken"]).startswith(b"AWS:")


def test_scans_are_refused_by_name(ecr: Any, put: Callable[..., str]) -> None:
    put("a", "content-1")
    with pytest.raises(ecr.exceptions.ScanNotFoundException):
        ecr.describe_image_scan_findings(repositoryName="model", imageId={"imageTag": "content-1"})
    with pytest.raises(ClientError, match="does not scan images"):
        ecr.start_image_scan(repositoryName="model", imageId={"imageTag": "content-1"})


def test_policies_and_lifecycle_are_kept(ecr: Any) -> None:
    selection = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    policy = json.dumps({"rules": [rule]})
    ecr.put_lifecycle_policy(repositoryName="model", lifecyclePolicyText=policy)
    assert ecr.get_lifecycle_policy(repositoryName="model")["lifecyclePolicyText"] == policy
    statement = {
        "Sid": "lambda",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ecr.set_repository_policy(repositoryName="model", policyText=text)
    assert json.loads(ecr.get_repository_policy(repositoryName="model")["policyText"]) == json.loads(text)
