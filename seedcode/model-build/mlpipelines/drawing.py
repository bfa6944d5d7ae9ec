"""A plan in, a picture of its steps out: Mermaid for pages that draw it, PNG for those that do not."""

from __future__ import annotations

import graphlib
from pathlib import Path

from mlpipelines.plan import PipelinePlan

SHAPES = {"Condition": ("{", "}"), "Fail": ("([", "])"), "RegisterModel": ("[(", ")]")}
BOX = (190, 46)
GAP = (40, 56)
MARGIN = 24
COLOURS = {"Condition": "#fff3c4", "Fail": "#f8d0cc", "RegisterModel": "#cfe8cf", "Training": "#cfe0f5"}
OTHER = "#eeeeee"
INK = "#333333"


def mermaid(plan: PipelinePlan) -> str:
    """Return the steps as a flowchart, the models as frames."""
    lines = ["flowchart TD"]
    numbers = {step.name: f"s{number}" for number, step in enumerate(plan.steps)}
    for number, model in enumerate(dict.fromkeys(step.model for step in plan.steps)):
        lines.append(f'  subgraph m{number}["{model}"]')
        for step in plan.steps:
            if step.model == model:
                left, right = SHAPES.get(step.kind, ("[", "]"))
                lines.append(
                    f'    {numbers[step.name]}{left}"{step.name}<br/><small>{step.kind}</small>"{right}'
                )
        lines.append("  end")
    for earlier, later, label in plan.edges():
        arrow = f"-- {label} -->" if label else "-->"
        lines.append(f"  {numbers[earlier]} {arrow} {numbers[later]}")
    return "\n".join(lines) + "\n"


def write_png(plan: PipelinePlan, path: Path) -> None:
    """Draw the steps, each below all that it waits for."""
    from PIL import Image, ImageDraw, ImageFont

    rows = _rows(plan)
    widest = max(len(row) for row in rows)
    size = (
        2 * MARGIN + widest * BOX[0] + (widest - 1) * GAP[0],
        2 * MARGIN + len(rows) * BOX[1] + (len(rows) - 1) * GAP[1],
    )
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(14), ImageFont.load_default(11)
    places: dict[str, tuple[float, float]] = {}
    for depth, row in enumerate(rows):
        left = (size[0] - len(row) * BOX[0] - (len(row) - 1) * GAP[0]) / 2
        for number, name in enumerate(row):
            places[name] = (left + number * (BOX[0] + GAP[0]), MARGIN + depth * (BOX[1] + GAP[1]))
    for earlier, later, label in plan.edges():
        start = (places[earlier][0] + BOX[0] / 2, places[earlier][1] + BOX[1])
        end = (places[later][0] + BOX[0] / 2, places[later][1])
        draw.line([start, end], fill=INK, width=1)
        draw.polygon([end, (end[0] - 4, end[1] - 8), (end[0] + 4, end[1] - 8)], fill=INK)
        if label:
            draw.text(((start[0] + end[0]) / 2 + 4, (start[1] + end[1]) / 2 - 6), label, fill=INK, font=small)
    for step in plan.steps:
        x, y = places[step.name]
        draw.rounded_rectangle(
            [x, y, x + BOX[0], y + BOX[1]], 6, fill=COLOURS.get(step.kind, OTHER), outline=INK
        )
        draw.text((x + BOX[0] / 2, y + 16), _shorten(step.name), fill=INK, font=font, anchor="mm")
        draw.text(
            (x + BOX[0] / 2, y + 34), f"{step.kind} · {step.model}"[:34], fill=INK, font=small, anchor="mm"
        )
    image.save(path, format="PNG")


def _rows(plan: PipelinePlan) -> list[list[str]]:
    """Put each step below the lowest of those that it follows."""
    before: dict[str, set[str]] = {step.name: set() for step in plan.steps}
    for earlier, later, _ in plan.edges():
        before[later].add(earlier)
    depths: dict[str, int] = {}
    for name in graphlib.TopologicalSorter(before).static_order():
        depths[name] = 1 + max((depths[each] for each in before[name]), default=-1)
    order = [step.name for step in plan.steps]
    return [
        [name for name in order if depths[name] == depth]
        for depth in range(max(depths.values(), default=0) + 1)
    ]


def _shorten(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"
