"""Detectors of other makers as ONNX files, run for two reasons: to label pictures, and to be compared with ours.

Every one gives the same: boxes `[N, 4]` (left, top, right, bottom, picture pixels), scores `[N]`, our classes `[N]`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnxruntime as ort

from classes import CLASSES

COCO = {0: 0, 1: 1, 2: 3, 3: 1, 5: 4, 7: 5} | dict.fromkeys(range(14, 24), 6)
"""COCO's class numbers to ours; all others are dropped. COCO knows no tricycle."""

COCO_TO_OURS = np.array([COCO.get(index, -1) for index in range(80)])


@dataclass(frozen=True)
class Boxes:
    """What was found in one picture."""

    xyxy: np.ndarray
    """float32 `[N, 4]`, picture pixels."""
    score: np.ndarray
    """float32 `[N]`, 0 to 1."""
    label: np.ndarray
    """int64 `[N]`, an index of `classes.CLASSES`."""

    def take(self, index: np.ndarray) -> "Boxes":
        """Those of an index or mask."""
        return Boxes(self.xyxy[index], self.score[index], self.label[index])

    @staticmethod
    def joined(parts: "list[Boxes]") -> "Boxes":
        """All of several."""
        return Boxes(
            np.concatenate([part.xyxy for part in parts] or [np.zeros((0, 4), np.float32)]),
            np.concatenate([part.score for part in parts] or [np.zeros(0, np.float32)]),
            np.concatenate([part.label for part in parts] or [np.zeros(0, np.int64)]),
        )


class PictureDetector(Protocol):
    """Anything that finds things in a picture."""

    def __call__(self, picture: np.ndarray, floor: float) -> Boxes:
        """Boxes of a BGR picture `[H, W, 3]` with a score of at least `floor`."""
        ...


def session(path: Path) -> ort.InferenceSession:
    """A model on one thread, as the product runs it."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def letterbox(picture: np.ndarray, width: int, height: int, pad: int) -> tuple[np.ndarray, float]:
    """The picture at the top left of `width` x `height`, and its scale."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    canvas = np.full((height, width, 3), pad, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return canvas, scale


def input_size(picture: np.ndarray, pixels: int) -> tuple[int, int]:
    """Width and height, multiples of 32, in the picture's own shape with about so many pixels."""
    aspect = picture.shape[1] / picture.shape[0]
    height = max(32, 32 * round((pixels / aspect) ** 0.5 / 32))
    return max(32, 32 * round(height * aspect / 32)), height


def suppress(boxes: Boxes, iou: float, across_classes: bool = False) -> Boxes:
    """Of boxes of one class that overlap more than `iou`, the strongest."""
    if len(boxes.score) == 0:
        return boxes
    shift = 0.0 if across_classes else boxes.label[:, None] * 10_000.0
    moved = (boxes.xyxy + shift).astype(np.float32)
    rects = np.concatenate([moved[:, :2], moved[:, 2:] - moved[:, :2]], 1)
    keep = cv2.dnn.NMSBoxes(rects.tolist(), boxes.score.tolist(), 0.0, iou)
    return boxes.take(np.asarray(keep, np.int64).reshape(-1))


class Yolox:
    """The YOLOX family, and so our own model: raw grid of the strides 8, 16, 32."""

    def __init__(self, path: Path, pixels: int, class_map: np.ndarray = COCO_TO_OURS, nms: float = 0.45) -> None:
        self.session, self.pixels, self.class_map, self.nms = session(path), pixels, class_map, nms

    def __call__(self, picture: np.ndarray, floor: float) -> Boxes:
        width, height = input_size(picture, self.pixels)
        canvas, scale = letterbox(picture, width, height, 114)
        blob = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        output = self.session.run(None, {self.session.get_inputs()[0].name: blob})[0][0]
        grid, stride = cells(width, height, (8, 16, 32))
        scores = output[:, 5:] * output[:, 4:5]
        best = scores.argmax(1)
        score, label = scores.max(1), self.class_map[best]
        keep = (score >= floor) & (label >= 0)
        output, grid, stride = output[keep], grid[keep], stride[keep]
        centre = (output[:, :2] + grid) * stride
        half = np.exp(output[:, 2:4]) * stride / 2
        xyxy = np.concatenate([centre - half, centre + half], 1) / scale
        return suppress(Boxes(clipped(xyxy, picture), score[keep], label[keep]), self.nms)


class NanodetPlus:
    """NanoDet-Plus: distances as distributions over 8 bins, strides 8 to 64."""

    def __init__(self, path: Path, pixels: int) -> None:
        self.session, self.pixels = session(path), pixels

    def __call__(self, picture: np.ndarray, floor: float) -> Boxes:
        width, height = input_size(picture, self.pixels)
        canvas, scale = letterbox(picture, width, height, 0)
        mean, std = np.float32([103.53, 116.28, 123.675]), np.float32([57.375, 57.12, 58.395])
        blob = ((canvas.astype(np.float32) - mean) / std).transpose(2, 0, 1)[None]
        output = self.session.run(None, {self.session.get_inputs()[0].name: blob})[0][0]
        grid, stride = cells(width, height, (8, 16, 32, 64))
        label = COCO_TO_OURS[output[:, :80].argmax(1)]
        score = output[:, :80].max(1)
        keep = (score >= floor) & (label >= 0)
        bins = np.exp(output[keep, 80:].reshape(-1, 4, 8))
        distance = (bins / bins.sum(2, keepdims=True)) @ np.arange(8, dtype=np.float32) * stride[keep]
        point = grid[keep] * stride[keep]
        xyxy = np.concatenate([point - distance[:, :2], point + distance[:, 2:]], 1) / scale
        return suppress(Boxes(clipped(xyxy, picture), score[keep], label[keep]), 0.6)


class Deimv2:
    """DEIMv2 with its post-processor, a stretched square; the same thing may come under two classes."""

    def __init__(self, path: Path, side: int) -> None:
        self.session, self.side = session(path), side

    def __call__(self, picture: np.ndarray, floor: float) -> Boxes:
        stretched = cv2.resize(picture, (self.side, self.side))[:, :, ::-1]
        blob = stretched.transpose(2, 0, 1)[None].astype(np.float32) / 255
        size = np.array([[picture.shape[1], picture.shape[0]]], np.int64)
        names = [output.name for output in self.session.get_outputs()]
        found = dict(zip(names, self.session.run(None, {"images": blob, "orig_target_sizes": size}), strict=True))
        label, score = COCO_TO_OURS[found["labels"][0]], found["scores"][0]
        keep = (score >= floor) & (label >= 0)
        xyxy = clipped(found["boxes"][0][keep], picture)
        return suppress(Boxes(xyxy, score[keep], label[keep]), 0.7, across_classes=True)


def cells(width: int, height: int, strides: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Of every cell of every level its column and row `[A, 2]`, and its stride `[A, 1]`."""
    grids, sizes = [], []
    for stride in strides:
        columns, rows = -(-width // stride), -(-height // stride)
        y, x = np.mgrid[0:rows, 0:columns]
        grids.append(np.stack([x, y], 2).reshape(-1, 2).astype(np.float32))
        sizes.append(np.full((rows * columns, 1), stride, np.float32))
    return np.concatenate(grids), np.concatenate(sizes)


def clipped(xyxy: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Boxes cut at the picture's edges."""
    height, width = picture.shape[:2]
    return np.clip(xyxy, 0, np.float32([width, height, width, height])).astype(np.float32)


def iou_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of `a` `[N, 4]` with every box of `b` `[M, 4]`: `[N, M]`."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = np.clip(high - low, 0, None).prod(2)
    area_a, area_b = (np.clip(x[:, 2:] - x[:, :2], 0, None).prod(1) for x in (a, b))
    return inter / np.maximum(area_a[:, None] + area_b[None] - inter, 1e-9)


OURS = np.arange(len(CLASSES))
"""The class map of our own model."""
