"""What a service asks for becomes what Docker is told: limits, privileges, mounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localaws.engine import ContainerSpec
from localaws.engine.docker_options import HostLimits, create_options

TMP = "/tmp"  # noqa: S108 - inside of the container
HOST = HostLimits(memory_mb=4096, cpus=2)


def options(**spec: Any) -> dict[str, Any]:
    """Return Docker's options for a container with these properties."""
    return create_options(ContainerSpec(name="c", image="i", **spec), HOST)


def test_a_container_gets_no_more_than_the_machine_has() -> None:
    large = options(memory_mb=32768, cpus=16)
    assert large["mem_limit"] == large["memswap_limit"] == 4096 * 1024**2
    assert large["nano_cpus"] == 2_000_000_000


def test_a_small_container_gets_what_it_asked_for() -> None:
    small = options(memory_mb=512, cpus=0.5)
    assert small["mem_limit"] == 512 * 1024**2
    assert small["nano_cpus"] == 500_000_000


def test_without_limits_docker_is_told_of_none() -> None:
    assert not {"mem_limit", "nano_cpus"} & set(options())


def test_nothing_gains_privileges_and_a_function_has_none() -> None:
    assert "no-new-privileges:true" in options()["security_opt"]
    assert options()["cap_drop"] == options(unprivileged=True)["cap_drop"] == ["ALL"]
    assert "SETUID" in options()["cap_add"]
    assert "NET_RAW" not in options()["cap_add"]
    assert options(unprivileged=True)["cap_add"] == []


def test_the_images_own_entry_point_and_user_stay_unless_replaced() -> None:
    assert not {"entrypoint", "command", "user", "working_dir", "hostname"} & set(options())
    assert options(command=["python"], arguments=["-V"], user="1:2")["entrypoint"] == ["python"]
    assert options(arguments=["serve"])["command"] == ["serve"]


def test_a_read_only_root_leaves_a_temporary_folder_of_its_size() -> None:
    folders = options(read_only_root=True, tmp_mb=512)
    assert folders["read_only"]
    assert folders["tmpfs"][TMP] == "exec,mode=1777,size=512m"
    assert TMP not in options(read_only_root=True, mounts={TMP: Path("/x")})["tmpfs"]
    assert options()["tmpfs"] == {}


def test_a_function_can_write_to_its_temporary_folder_only() -> None:
    assert set(options(read_only_root=True, unprivileged=True)["tmpfs"]) == {TMP}


def test_mounts_are_writable_unless_said_otherwise() -> None:
    mounts = options(
        mounts={"/opt/ml/model": Path("/m"), "/opt/ml": Path("/ml")}, read_only_mounts=["/opt/ml/model"]
    )["mounts"]
    assert [(mount["Target"], mount["Source"], mount["ReadOnly"]) for mount in mounts] == [
        ("/opt/ml", "/ml", False),
        ("/opt/ml/model", "/m", True),
    ]


def test_the_limits_of_the_machine_are_those_that_docker_reports() -> None:
    assert HostLimits.read({"MemTotal": 25276768256, "NCPU": 2}) == HostLimits(24105, 2.0)
