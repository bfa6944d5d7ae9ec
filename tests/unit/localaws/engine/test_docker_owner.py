"""What a server made carries its label; what a server that is gone left behind is found by it and removed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.engine.docker_owner import OWNER, PROCESS, Owner, process_mark, remove_orphans, remove_owned


@dataclass
class Thing:
    """A container, network or volume of a fake engine."""

    attrs: dict[str, Any]
    shelf: list[Thing]

    def remove(self, **options: Any) -> None:
        self.shelf.remove(self)


@dataclass
class Shelf:
    """All things of a kind."""

    things: list[Thing] = field(default_factory=list)

    def add(self, labels: Mapping[str, str]) -> None:
        self.things.append(Thing({"Labels": dict(labels)}, self.things))

    def list(self, filters: Mapping[str, str], **_: Any) -> list[Thing]:
        name, _equals, value = filters["label"].partition("=")
        return [
            thing
            for thing in self.things
            if name in thing.attrs["Labels"] and (not value or thing.attrs["Labels"][name] == value)
        ]


@dataclass
class FakeDocker:
    """An engine that has nothing but labels."""

    containers: Shelf = field(default_factory=Shelf)
    networks: Shelf = field(default_factory=Shelf)
    volumes: Shelf = field(default_factory=Shelf)

    def fill(self, labels: Mapping[str, str]) -> None:
        for shelf in (self.containers, self.networks, self.volumes):
            shelf.add(labels)

    def owners(self) -> set[str]:
        shelves = (self.containers, self.networks, self.volumes)
        return {thing.attrs["Labels"].get(OWNER, "") for shelf in shelves for thing in shelf.things}


def test_only_what_belongs_to_the_owner_is_removed() -> None:
    docker = FakeDocker()
    for owner in ("mine", "other"):
        docker.fill({OWNER: owner, PROCESS: "x"})
    docker.fill({})
    remove_owned(docker, "mine")
    assert docker.owners() == {"other", ""}


def test_what_a_process_that_is_gone_left_is_removed_and_what_a_living_one_has_stays() -> None:
    docker = FakeDocker()
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    gone = process_mark(ended.pid)
    ended.communicate()
    docker.fill({OWNER: "living", PROCESS: process_mark(os.getpid())})
    docker.fill({OWNER: "gone", PROCESS: gone})
    docker.fill({OWNER: "before the machine's restart", PROCESS: f"other-boot/ns/{os.getpid()}/1"})
    docker.fill({OWNER: "unreadable", PROCESS: "?"})
    boot, _, process, start = process_mark(os.getpid()).split("/")
    docker.fill({OWNER: "out of sight", PROCESS: f"{boot}/pid:[1]/{process}/{start}0"})
    assert remove_orphans(docker) == 9
    assert docker.owners() == {"living", "out of sight"}


def test_every_server_is_an_owner_of_its_own_in_the_same_process() -> None:
    first, second = Owner.this_process(), Owner.this_process()
    assert first.id != second.id
    assert first.labels[PROCESS] == second.labels[PROCESS] == process_mark(os.getpid())
