"""Scores detectors on the test videos and on unseen synthetic scenes: AP50 of people and vehicles, time, worst frames.

    python evaluate.py --shared ../../../shared --labels LABELS --model ../models/sharpeyes-nano/model.onnx --out DIR

Writes `real.json` (`scenes.json`, `footage.json` with `--scenes`, `--footage`), prints the tables, and draws the ten
frames where our model did worst: truth in white, found in red. Those of the test videos show people: they stay out of
the repository.
"""

import argparse
import json
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

import sources
from augment import rendered
from onnx_detectors import OURS, Deimv2, NanodetPlus, PictureDetector, Yolox, iou_matrix
from teacher import frames

IOU = 0.5
FLOOR = 0.01
"""Boxes below this score are not asked for."""
GROUP_CLASSES = {"person": (0,), "vehicle": (3, 4, 5)}
SIZE_PX = 640 * 384
SMALL_PX = 416 * 256
"""Input pixels: as the product's cameras usually have it, and for cameras that see people from near."""
CORRECTIONS = Path(__file__).with_name("corrections.toml")
"""What a person saw otherwise than the teachers."""
LEAST_HEIGHT_PX = 20
LEAST_VISIBLE = 0.5
"""In rendered pictures, what is smaller or more hidden is neither asked for nor held against a detector."""
FOOTAGE_EVERY = 12
"""One frame in so many: one a second."""
TIMED_ROUNDS = 40
WORST = 10


@dataclass
class Frame:
    """A test picture and what is in it."""

    name: str
    picture: np.ndarray
    truth: np.ndarray
    """float32 `[N, 4]` of the group that is scored on it."""
    ignored: np.ndarray
    """float32 `[M, 4]`: a box that lies there is neither right nor wrong."""


@dataclass
class Score:
    """What one group of classes reaches."""

    ap50: float
    n_truth: int
    n_frames: int
    frame_errors: dict[str, float] = field(default_factory=dict)
    """Per frame: missed and false boxes at the score of the best F1."""
    best_f1: float = 0.0
    best_score: float = 0.0


def mot_truth(path: Path) -> dict[int, np.ndarray]:
    """Boxes and visibility `[N, 5]` by frame index (from 0) of a MOTChallenge file."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    boxes: dict[int, list[np.ndarray]] = {}
    for row in rows:
        left, top, width, height = row[2:6]
        boxes.setdefault(int(row[0]) - 1, []).append(np.array([left, top, left + width, top + height, row[8]]))
    return {frame: np.array(found, np.float32) for frame, found in boxes.items()}


def real_frames(shared: Path, labels: Path, group: str) -> list[Frame]:
    """The frames of the test videos on which a group is scored."""
    videos = sources.data_of(shared) / "video"
    corrections = tomllib.loads(CORRECTIONS.read_text())
    chosen: list[Frame] = []
    for video in (video for video in sources.TEST_VIDEOS if video.group == group):
        if video.truth == "mot":
            truth = mot_truth(videos / f"{video.name}.gt.txt")
            for index, picture in frames(videos / f"{video.name}.mp4", video.every):
                boxes = truth.get(index, np.zeros((0, 5), np.float32))
                # Who is hidden by more than 80 % is neither asked for nor held against anybody.
                seen = boxes[:, 4] >= 0.2
                chosen.append(Frame(f"{video.name}/{index:05}", picture, boxes[seen, :4], boxes[~seen, :4]))
            continue
        corrected = corrections.get(video.same_as or video.name, {})
        lines = (labels / f"test_{video.same_as or video.name}.jsonl").read_text().splitlines()
        rows = {row["name"]: row for row in map(json.loads, lines)}
        for index, picture in frames(videos / f"{video.name}.mp4", video.every):
            row = rows[f"{index:05}"]
            truth = np.array([b[1:5] for b in row["boxes"] if b[0] in GROUP_CLASSES[group]], np.float32).reshape(-1, 4)
            ignored = np.array(row["ignore"] + corrected.get("ignore", []), np.float32).reshape(-1, 4)
            if (drawn := corrected.get(group, {}).get(f"{index:05}")) is not None:
                truth = np.array([drawn], np.float32)
            share = (truth[:, 2:] - truth[:, :2]).prod(1) / (picture.shape[0] * picture.shape[1])
            hidden = np.array(
                [lies_in(box, np.array(corrected.get("ignore", []), np.float32).reshape(-1, 4)) for box in truth], bool
            )
            truth = truth[(share <= corrected.get("largest_share", 1.0)) & ~hidden]
            chosen.append(Frame(f"{video.name}/{index:05}", picture, truth, ignored))
    return chosen


def scene_frames(folder: Path, group: str) -> list[Frame]:
    """Rendered pictures of seeds that were not trained on."""
    chosen = []
    for index, picture in enumerate(rendered(folder, None, LEAST_HEIGHT_PX, LEAST_VISIBLE)):
        wanted = np.isin(picture.label, GROUP_CLASSES[group])
        chosen.append(Frame(f"scene/{index:05}", picture.pixels(), picture.xyxy[wanted], picture.ignored))
    return chosen


def footage_frames(folder: Path, group: str) -> list[Frame]:
    """Frames of the loops that `make demo` plays, whose scenes were not trained on either."""
    chosen = []
    for path in sorted(folder.glob("*.mp4")):
        rows = np.loadtxt(path.with_name(f"{path.stem}.gt.txt"), delimiter=",", ndmin=2)
        for index, picture in frames(path, FOOTAGE_EVERY):
            seen = rows[rows[:, 0] == index + 1]
            xyxy = np.concatenate([seen[:, 2:4], seen[:, 2:4] + seen[:, 4:6]], 1).astype(np.float32)
            wanted = np.isin(seen[:, 7] - 1, GROUP_CLASSES[group])
            clear = (seen[:, 5] >= LEAST_HEIGHT_PX) & (seen[:, 8] >= LEAST_VISIBLE)
            chosen.append(Frame(f"{path.stem}/{index:05}", picture, xyxy[wanted & clear], xyxy[wanted & ~clear]))
    return chosen


def matched(found: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Whether each box, strongest first, is right, and whether it counts at all."""
    right, counts = np.zeros(len(found), bool), np.ones(len(found), bool)
    taken = np.zeros(len(frame.truth), bool)
    overlap = iou_matrix(found, frame.truth) if len(frame.truth) else np.zeros((len(found), 0))
    for index in range(len(found)):
        free = np.where(taken, 0, overlap[index])
        if len(free) and free.max() >= IOU:
            taken[free.argmax()] = right[index] = True
        elif len(frame.ignored):
            counts[index] = not lies_in(found[index], frame.ignored)
    return right, counts


def lies_in(box: np.ndarray, regions: np.ndarray) -> bool:
    """Whether half of a box is within any one region."""
    low, high = np.maximum(box[:2], regions[:, :2]), np.minimum(box[2:], regions[:, 2:])
    inter = np.clip(high - low, 0, None).prod(1)
    return bool((inter >= 0.5 * max(1e-6, float((box[2:] - box[:2]).prod()))).any())


def score(detector: PictureDetector, images: list[Frame], classes: tuple[int, ...]) -> Score:
    """AP50 (area under the interpolated precision) and the worst frames."""
    scores, rights, owners = [], [], []
    for number, frame in enumerate(images):
        boxes = detector(frame.picture, FLOOR)
        boxes = boxes.take(np.isin(boxes.label, classes))
        boxes = boxes.take(np.argsort(-boxes.score, kind="stable"))
        right, counts = matched(boxes.xyxy, frame)
        scores.append(boxes.score[counts])
        rights.append(right[counts])
        owners.append(np.full(int(counts.sum()), number))
    n_truth = sum(len(frame.truth) for frame in images)
    every, right, owner = np.concatenate(scores), np.concatenate(rights), np.concatenate(owners)
    order = np.argsort(-every, kind="stable")
    hits = np.cumsum(right[order])
    recall = hits / max(1, n_truth)
    precision = hits / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    ap50 = float(np.sum(np.diff(np.concatenate([[0.0], recall])) * envelope))
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    best = int(f1.argmax()) if len(f1) else 0
    threshold = float(every[order[best]]) if len(f1) else 1.0
    sure = every >= threshold
    errors = {}
    for number, frame in enumerate(images):
        mine = (owner == number) & sure
        n_right = int(right[mine].sum())
        errors[frame.name] = float(len(frame.truth) - n_right + int(mine.sum()) - n_right)
    return Score(ap50, n_truth, len(images), errors, float(f1.max(initial=0.0)), threshold)


def times(detectors: dict[str, PictureDetector], picture: np.ndarray) -> dict[str, float]:
    """Median milliseconds of one thread per picture, from pixels to boxes, taken in turns in one run."""
    spent: dict[str, list[float]] = {name: [] for name in detectors}
    for _ in range(TIMED_ROUNDS):
        for name, detector in detectors.items():
            began = time.perf_counter()
            detector(picture, 0.1)
            spent[name].append((time.perf_counter() - began) * 1000)
    return {name: float(np.median(values)) for name, values in spent.items()}


def others(models: Path) -> dict[str, PictureDetector]:
    """The models that ours is compared with."""
    return {
        "yolox-nano": Yolox(models / "yolox_nano_dyn.onnx", SIZE_PX),
        "yolox-nano at 416x256": Yolox(models / "yolox_nano_dyn.onnx", SMALL_PX),
        "nanodet-plus-m": NanodetPlus(models / "nanodet_plus_m_dyn.onnx", SIZE_PX),
        "nanodet-plus-m-15x": NanodetPlus(models / "nanodet_plus_m_1.5x_dyn.onnx", SIZE_PX),
        "deimv2-femto": Deimv2(models / "deimv2_femto_416.onnx", 416),
        "deimv2-atto": Deimv2(models / "deimv2_atto_320.onnx", 320),
    }


def table(detectors: dict[str, PictureDetector], images_of: Callable[[str], list[Frame]]) -> list[dict]:
    """One row per model, ours first."""
    by_group = {group: images_of(group) for group in GROUP_CLASSES}
    spent = times(detectors, by_group["person"][0].picture)
    rows = []
    for name, detector in detectors.items():
        row: dict = {"id": name, "ms": round(spent[name], 2)}
        for group, images in by_group.items():
            result = score(detector, images, GROUP_CLASSES[group])
            row |= {
                f"{group}_ap50": round(result.ap50, 4),
                f"{group}_f1": round(result.best_f1, 4),
                f"{group}_score": round(result.best_score, 3),
                f"{group}_boxes": result.n_truth,
                f"{group}_frames": result.n_frames,
            }
            row.setdefault("errors", {}).update({f"{group} {k}": v for k, v in result.frame_errors.items()})
        rows.append(row)
    return rows


def printed(rows: list[dict]) -> str:
    """The table as Markdown."""
    lines = [
        "| model | person AP50 | best F1 (score) | vehicle AP50 | best F1 (score) | ms |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row["id"]]
        for group in GROUP_CLASSES:
            cells += [f"{row[f'{group}_ap50']:.3f}", f"{row[f'{group}_f1']:.2f} ({row[f'{group}_score']:.2f})"]
        lines.append("| " + " | ".join([*cells, f"{row['ms']:.1f}"]) + " |")
    return "\n".join(lines)


def draw_worst(detector: PictureDetector, row: dict, images_of: Callable[[str], list[Frame]], out: Path) -> None:
    """The frames with the most missed and false boxes."""
    out.mkdir(parents=True, exist_ok=True)
    worst = sorted(row["errors"].items(), key=lambda item: -item[1])[:WORST]
    for group in GROUP_CLASSES:
        images = {f"{group} {frame.name}": frame for frame in images_of(group)}
        for place, (name, _) in enumerate(worst):
            if name in images:
                frame = images[name]
                picture = frame.picture.copy()
                boxes = detector(frame.picture, row[f"{group}_score"])
                boxes = boxes.take(np.isin(boxes.label, GROUP_CLASSES[group]))
                outline(picture, frame.ignored, (128, 128, 128), 1)
                outline(picture, frame.truth, (255, 255, 255), 3)
                outline(picture, boxes.xyxy, (0, 0, 255), 1)
                cv2.imwrite(str(out / f"{place:02}-{name.replace('/', '-').replace(' ', '-')}.jpg"), picture)


def outline(picture: np.ndarray, boxes: np.ndarray, colour: tuple[int, int, int], width: int) -> None:
    """Boxes drawn into a picture."""
    for box in boxes.round().astype(int).tolist():
        cv2.rectangle(picture, (box[0], box[1]), (box[2], box[3]), colour, width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--shared", type=Path, help="the folder that holds data/: its models are scored beside ours")
    parser.add_argument("--labels", type=Path, help="what teacher.py wrote; needed for the real videos")
    parser.add_argument("--scenes", type=Path, help="rendered pictures of unseen seeds")
    parser.add_argument("--footage", type=Path, help="the loops of demo and tests")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    ours: PictureDetector = Yolox(arguments.model, SIZE_PX, OURS)
    detectors = {"sharpeyes-nano": ours, "sharpeyes-nano at 416x256": Yolox(arguments.model, SMALL_PX, OURS)}
    if arguments.shared:
        detectors |= others(sources.data_of(arguments.shared) / "models")
    tasks: dict[str, Callable[[str], list[Frame]]] = {}
    if arguments.shared and arguments.labels:
        tasks["real"] = lambda group: real_frames(arguments.shared, arguments.labels, group)
    if arguments.scenes:
        tasks["scenes"] = lambda group: scene_frames(arguments.scenes, group)
    if arguments.footage:
        tasks["footage"] = lambda group: footage_frames(arguments.footage, group)
    for name, images_of in tasks.items():
        rows = table(detectors, images_of)
        draw_worst(ours, rows[0], images_of, arguments.out / f"worst-{name}")
        shown = [{key: value for key, value in row.items() if key != "errors"} for row in rows]
        (arguments.out / f"{name}.json").write_text(json.dumps({"models": shown}, indent=1) + "\n")
        print(
            f"\n{name}: {rows[0]['person_boxes']} people in {rows[0]['person_frames']} frames, "
            f"{rows[0]['vehicle_boxes']} vehicles in {rows[0]['vehicle_frames']} frames, IoU {IOU}\n"
        )
        print(printed(rows), flush=True)


if __name__ == "__main__":
    main()
