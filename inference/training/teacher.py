"""Labels pictures and videos with the strongest permissive detectors there, and fuses them with the boxes that came.

Three detectors of different families look at each picture: what two of them see, or one sees clearly, is a thing;
what one of them doubts is neither thing nor background, and the training looks away from it. No set of pictures
annotates every class, so the boxes that came with a picture are joined with the teachers', never taken for all.

    python teacher.py --shared ../../../shared --out ../../.cache/training/labels
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import sources
from onnx_detectors import Boxes, Deimv2, NanodetPlus, PictureDetector, Yolox, iou_matrix

SAME = 0.5
"""Boxes of one group that overlap so much are one thing."""
LONE = 0.55
"""So sure a single detector must be."""
AGREED = 0.25
"""So sure the surest of several must be."""
DOUBT = 0.15
"""Below, a box is nothing."""

LEAST_HEIGHT = 0.14
"""Of the picture's, for the one person of a room: what is smaller is a bottle or a shoe."""

GROUPS = np.array([0, 1, 2, 3, 3, 3, 4])
"""Classes that detectors take for one another (car, bus, truck) are one group."""


class Teachers:
    """The detectors, and how they are asked."""

    def __init__(self, models: Path) -> None:
        self.whole: list[PictureDetector] = [
            NanodetPlus(models / "nanodet_plus_m_1.5x_dyn.onnx", 640 * 384),
            Yolox(models / "yolox_nano_dyn.onnx", 832 * 480),
            Deimv2(models / "deimv2_femto_416.onnx", 416),
        ]

    def label(self, picture: np.ndarray) -> list[Boxes]:
        """What each sees in a whole picture."""
        return [detector(picture, DOUBT) for detector in self.whole]

    def label_tiled(self, picture: np.ndarray) -> list[Boxes]:
        """What each sees in a whole picture and in four overlapping quarters, for test references."""
        height, width = picture.shape[:2]
        tall, wide = round(height * 0.6), round(width * 0.6)
        found = []
        for detector in self.whole:
            parts = [detector(picture, DOUBT)]
            for top in (0, height - tall):
                for left in (0, width - wide):
                    boxes = detector(picture[top : top + tall, left : left + wide], DOUBT)
                    parts.append(inner(boxes, left, top, wide, tall, width, height))
            found.append(merged(Boxes.joined(parts)))
        return found


def inner(boxes: Boxes, left: int, top: int, wide: int, tall: int, width: int, height: int) -> Boxes:
    """A tile's boxes in the picture, without those that the tile's inner edges cut."""
    margin = 3.0
    x0, y0, x1, y1 = boxes.xyxy.T
    cut = (
        ((x0 < margin) & (left > 0))
        | ((y0 < margin) & (top > 0))
        | ((x1 > wide - margin) & (left + wide < width))
        | ((y1 > tall - margin) & (top + tall < height))
    )
    kept = boxes.take(~cut)
    return Boxes(kept.xyxy + np.float32([left, top, left, top]), kept.score, kept.label)


def merged(boxes: Boxes) -> Boxes:
    """One detector's boxes of whole and tiles: of boxes of a group that overlap, the strongest."""
    order = np.argsort(-boxes.score)
    keep: list[int] = []
    for index in order:
        rivals = [k for k in keep if GROUPS[boxes.label[k]] == GROUPS[boxes.label[index]]]
        if not rivals or iou_matrix(boxes.xyxy[[index]], boxes.xyxy[rivals]).max() < SAME:
            keep.append(int(index))
    return boxes.take(np.array(keep, np.int64))


def fuse(found: list[Boxes]) -> tuple[Boxes, np.ndarray]:
    """Joins the detectors' boxes: things (score = the surest one's), and the doubtful boxes `[N, 4]`."""
    every = Boxes.joined(found)
    who = np.concatenate([np.full(len(boxes.score), index) for index, boxes in enumerate(found)])
    left = list(np.argsort(-every.score))
    things, doubts = [], []
    while left:
        first = left[0]
        overlap = iou_matrix(every.xyxy[[first]], every.xyxy[left])[0]
        same_group = GROUPS[every.label[left]] == GROUPS[every.label[first]]
        cluster = [i for i, near, same in zip(left, overlap > SAME, same_group, strict=True) if near and same]
        left = [i for i in left if i not in set(cluster)]
        weight = every.score[cluster]
        box = (every.xyxy[cluster] * weight[:, None]).sum(0) / weight.sum()
        votes = np.bincount(every.label[cluster], weights=weight, minlength=len(GROUPS))
        surest = float(weight.max())
        if surest >= LONE or (len(set(who[cluster])) >= 2 and surest >= AGREED):
            things.append((box, surest, int(votes.argmax())))
        else:
            doubts.append(box)
    boxes = Boxes(
        np.array([thing[0] for thing in things], np.float32).reshape(-1, 4),
        np.array([thing[1] for thing in things], np.float32),
        np.array([thing[2] for thing in things], np.int64),
    )
    return boxes, np.array(doubts, np.float32).reshape(-1, 4)


def as_seen(things: Boxes, doubts: np.ndarray, people: int | None, picture: np.ndarray) -> tuple[Boxes, np.ndarray]:
    """With what a person saw in the video: so many people and nothing else, none of them small. Other boxes become
    doubtful."""
    if people is None:
        return things, doubts
    is_large = things.xyxy[:, 3] - things.xyxy[:, 1] >= LEAST_HEIGHT * picture.shape[0]
    order = np.argsort(-(things.score * is_large))[: min(people, int(is_large.sum()))]
    seen = things.take(order)
    others = np.delete(things.xyxy, order, 0)
    return Boxes(seen.xyxy, seen.score, np.zeros_like(seen.label)), np.concatenate([doubts, others])


def with_given(things: Boxes, doubts: np.ndarray, given: Boxes) -> tuple[Boxes, np.ndarray]:
    """Boxes that came with the picture win over the teachers' of the same thing, and settle doubts."""
    if len(given.score) == 0:
        return things, doubts
    group = GROUPS[things.label][:, None] == GROUPS[given.label][None]
    replaced = ((iou_matrix(things.xyxy, given.xyxy) > SAME) & group).any(1)
    settled = (iou_matrix(doubts, given.xyxy) > SAME).any(1)
    return Boxes.joined([things.take(~replaced), given]), doubts[~settled]


def read_yolo(path: Path, width: int, height: int) -> Boxes:
    """The boxes of a label file, `class cx cy w h` relative to the picture."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()] if path.is_file() else []
    table = np.array([[float(value) for value in row[:5]] for row in rows], np.float32).reshape(-1, 5)
    centre, half = table[:, 1:3] * [width, height], table[:, 3:5] * [width, height] / 2
    xyxy = np.concatenate([centre - half, centre + half], 1).astype(np.float32)
    return Boxes(xyxy, np.ones(len(table), np.float32), table[:, 0].astype(np.int64))


def frames(path: Path, every: int) -> Iterator[tuple[int, np.ndarray]]:
    """One frame in `every`, with its index from 0."""
    video = cv2.VideoCapture(str(path))
    index = 0
    while True:
        ok, picture = video.read()
        if not ok:
            return
        if index % every == 0:
            yield index, picture
        index += 1


def row(name: str, things: Boxes, doubts: np.ndarray) -> dict:
    """A line of a label file."""
    boxes = [
        [int(label), *(round(float(side), 1) for side in box), round(float(score), 3)]
        for label, box, score in zip(things.label, things.xyxy, things.score, strict=True)
    ]
    return {"name": name, "boxes": boxes, "ignore": [[round(float(side), 1) for side in box] for box in doubts]}


def write(path: Path, rows: list[dict]) -> None:
    """Label files are JSON lines: name, boxes (class, left, top, right, bottom, score), ignored boxes. Written last and
    whole: a file that is there is not made again."""
    path.write_text("".join(json.dumps(line) + "\n" for line in rows))
    count = sum(len(line["boxes"]) for line in rows)
    print(f"{path.name}: {len(rows)} pictures, {count} boxes", flush=True)


def label_training(data: Path, teachers: Teachers, out: Path) -> None:
    """Frames of the training videos, and the photographs."""
    for video in sources.TRAIN_VIDEOS:
        if (labels := out / f"video_{video.name}.jsonl").is_file():
            continue
        folder = out / "frames" / video.name
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for index, picture in frames(data / "video" / f"{video.name}.mp4", video.every):
            cv2.imwrite(str(folder / f"{index:05}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
            rows.append(row(f"{index:05}", *as_seen(*fuse(teachers.label(picture)), video.people, picture)))
        write(labels, rows)

    for name in sources.PICTURE_SETS:
        if (labels := out / f"{name}.jsonl").is_file():
            continue
        rows = []
        for path in sorted((data / "train" / name / "images").glob("*.jpg")):
            picture = cv2.imread(str(path))
            given = read_yolo(data / "train" / name / "labels" / f"{path.stem}.txt", *picture.shape[1::-1])
            rows.append(row(path.stem, *with_given(*fuse(teachers.label(picture)), given)))
        write(labels, rows)


def label_test(data: Path, teachers: Teachers, out: Path) -> None:
    """References for the test videos that came without boxes."""
    for video in sources.TEST_VIDEOS:
        if (
            video.truth == "reference"
            and not video.same_as
            and not (labels := out / f"test_{video.name}.jsonl").is_file()
        ):
            found = frames(data / "video" / f"{video.name}.mp4", video.every)
            rows = [
                row(f"{index:05}", *as_seen(*fuse(teachers.label_tiled(picture)), video.people, picture))
                for index, picture in found
            ]
            write(labels, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--test-only", action="store_true", help="only the references of the test videos")
    arguments = parser.parse_args()
    data = sources.data_of(arguments.shared)
    teachers = Teachers(data / "models")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if not arguments.test_only:
        label_training(data, teachers, arguments.out)
    label_test(data, teachers, arguments.out)


if __name__ == "__main__":
    main()
