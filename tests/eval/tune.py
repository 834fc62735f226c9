"""What other thresholds of a detector would do to the alarms: seconds for each, from what it saw in one run of `eval`.

    python tests/eval/tune.py --model FOLDER --run OUT --nms 0.4,0.45 --score 0.2,0.25 --strong 0.33,0.37 --group 0.6

FOLDER holds `model.toml` and `model.onnx`, OUT is what
`eval --stand-in FOLDER --models built-in --ladders full --out OUT` wrote with them. Its boxes are thinned to what
stricter thresholds would have left, and tracker and rules see those. Give that run the lowest scores, `nms_iou = 1.0`
and `group_iou = 1.0`: what one box pushed out does not come back here when that box is pushed out itself.

One line for each combination: events found, false alarms, and of each rule `found/events+false`, on the half of the
clips that rules are tuned on (docs/evaluation.md); `--clips held_out` or `all` is for what has been chosen.
"""

import argparse
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

GROUPS = {"bicycle": "cycle", "motorcycle": "cycle", "two_wheeler": "cycle", "tricycle": "cycle"} | dict.fromkeys(
    ("car", "bus", "truck"), "vehicle"
)
"""Of the classes that share a group with others, `ClassGroup` of the domain."""


@dataclass(frozen=True)
class Thresholds:
    """Keys of a manifest."""

    nms_iou: float
    score: float
    strong: float
    group_iou: float


ClassScores = dict[str, float]
"""`classes.score` of a manifest."""


def overlap(a: dict, b: dict) -> float:
    """IoU of two boxes."""
    width = min(a["x1"], b["x1"]) - max(a["x0"], b["x0"])
    height = min(a["y1"], b["y1"]) - max(a["y0"], b["y0"])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box["x1"] - box["x0"]) * (box["y1"] - box["y0"]) for box in (a, b))
    return width * height / (areas - width * height)


def thinned(detections: list[dict], thresholds: Thresholds, class_scores: ClassScores) -> list[dict]:
    """Those that are sure enough, without doubles: the surest first."""
    kept: list[dict] = []
    for one in sorted(detections, key=lambda detection: -detection["confidence"]):

        def is_double(other: dict, one: dict = one) -> bool:
            if other["class"] == one["class"]:
                return overlap(other["rect"], one["rect"]) > thresholds.nms_iou
            is_akin = GROUPS.get(other["class"], other["class"]) == GROUPS.get(one["class"], one["class"])
            return is_akin and overlap(other["rect"], one["rect"]) > thresholds.group_iou

        floor = max(thresholds.score, class_scores.get(one["class"], 0))
        if one["confidence"] >= floor and not any(map(is_double, kept)):
            kept.append(one)
    return kept


def manifest(text: str, thresholds: Thresholds) -> str:
    """A manifest with these thresholds."""
    head, tables = text.split("\n[", 1)
    for field in fields(thresholds):
        line = f"{field.name} = {getattr(thresholds, field.name)}"
        head, n = re.subn(rf"(?m)^{field.name} = .*$", line, head)
        head += "" if n else f"{line}\n"
    return f"{head}\n[{tables}"


def score(arguments: argparse.Namespace, thresholds: Thresholds, work: Path) -> str:
    """The line of one combination."""
    model, run = work / "models" / arguments.model.name, work / "run"
    model.mkdir(parents=True)
    shutil.copy(arguments.model / "model.onnx", model)
    (model / "model.toml").write_text(manifest((arguments.model / "model.toml").read_text(), thresholds))
    shutil.copytree(arguments.run / "runs", run / "runs")
    for path in run.glob("runs/*/built-in-full/detections.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        lines = [
            json.dumps(row | {"detections": thinned(row["detections"], thresholds, arguments.class_scores)})
            for row in rows
        ]
        path.write_text("".join(f"{line}\n" for line in lines))
    options = ["--retrack", "--models", "built-in", "--ladders", "full"]
    command = [arguments.eval.absolute(), "--stand-in", model, "--out", run, *options]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"{ran.stdout[-1000:]}{ran.stderr[-1000:]}")
    (scores,) = json.loads((run / "results.json").read_text())["rules"]["scores"]
    rules = scores[arguments.clips]
    events, found, false = (sum(rule[of] for rule in rules.values()) for of in ("events", "found", "false_alarms"))
    settings = " ".join(f"{field.name} {getattr(thresholds, field.name)}" for field in fields(thresholds))
    by_rule = " ".join(
        f"{name} {rule['found']}/{rule['events']}+{rule['false_alarms']}" for name, rule in rules.items()
    )
    return f"{settings}: {found}/{events} false {false}: {by_rule}"


def numbers(text: str) -> list[float]:
    """Of a list with commas."""
    return [float(part) for part in text.split(",")]


def class_scores(text: str) -> ClassScores:
    """Of a list such as `person=0.22,car=0.25`."""
    return {name: float(score) for name, score in (part.split("=") for part in text.split(","))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of model.toml and model.onnx")
    parser.add_argument("--run", type=Path, required=True, help="what eval wrote with this model")
    parser.add_argument("--eval", type=Path, default=Path("target/release/eval"))
    parser.add_argument("--nms", type=numbers, default=[0.5], help="nms_iou")
    parser.add_argument("--score", type=numbers, default=[0.2])
    parser.add_argument("--strong", type=numbers, default=[0.35], help="a track begins from here")
    parser.add_argument("--group", type=numbers, default=[0.7], help="group_iou")
    parser.add_argument("--class-scores", type=class_scores, default={}, help="classes.score: person=0.22,car=0.25,…")
    parser.add_argument("--clips", choices=("tuned_on", "held_out", "all"), default="tuned_on")
    arguments = parser.parse_args()
    for values in itertools.product(arguments.nms, arguments.score, arguments.strong, arguments.group):
        with tempfile.TemporaryDirectory() as work:
            print(score(arguments, Thresholds(*values), Path(work)), flush=True)


if __name__ == "__main__":
    main()
