"""The output of a container arrives in pieces and leaves in lines."""

from __future__ import annotations

from localaws.engine.docker_container import lines


def test_lines_are_made_of_pieces_that_end_anywhere() -> None:
    assert list(lines([b"on", b"e\ntwo\nth", b"ree\n"])) == ["one", "two", "three"]


def test_a_last_line_needs_no_newline() -> None:
    assert list(lines([b"one\n", b"two"])) == ["one", "two"]


def test_a_character_may_be_cut_in_two() -> None:
    assert list(lines(["ü\n".encode()[:1], "ü\n".encode()[1:]])) == ["ü"]


def test_bytes_that_are_no_text_are_replaced_and_carriage_returns_taken_off() -> None:
    assert list(lines([b"a\xff\r\nb\r\n", b"\xc3"])) == ["a�", "b", "�"]


def test_empty_lines_stay() -> None:
    assert list(lines([b"a\n\nb\n"])) == ["a", "", "b"]
