"""Training pictures: read once, then cut, scaled, mixed and spoilt anew for every step, from seeded chance.

What is cut keeps its size in pixels in the range that a camera's picture at 640x384 shows, so that a network trained
on small patches works on whole pictures.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from classes import CLASSES

PAD = 114
LONGEST_PX = 832
"""Pictures are kept in memory no larger than this."""
SMALLEST_PX = 5.0
"""Boxes that become smaller are neither things nor background."""
RARE_CLASSES = (2, 6)
RARE = 0.25
"""Of the draws from a group, so many are of pictures with a tricycle or an animal: else a dog is a small person."""
LEAST_VISIBLE = 0.35
"""Of a box that is cut, at least this share must be left."""


@dataclass(frozen=True)
class Manner:
    """How the pictures of a group are cut and spoilt."""

    longest_px: tuple[int, int]
    """Their longest side is scaled to between these, evenly in its logarithm."""
    close: float
    """Of the cuts at a thing, the share in which the thing's own size is drawn, evenly up to the whole patch: pictures
    are full of small things anyway, and somebody near the camera must be asked for."""
    most_enlarged: float
    """No picture is made larger than this."""
    mosaics: float
    """The share of patches that are put together from four parts, one of this group and three of any."""
    spoilt: float
    """The share of patches whose light, colours and sharpness are changed."""


PHOTOGRAPHS = Manner(longest_px=(300, 900), close=0.6, most_enlarged=3.5, mosaics=0.3, spoilt=1.0)
"""Few, and from anywhere: as much as can be is made of each."""
SCENES = Manner(longest_px=(480, 900), close=0.15, most_enlarged=2.0, mosaics=0.0, spoilt=0.35)
"""Many, with a camera's places, light and noise as they are: near the size at which a camera's picture is looked at."""


@dataclass
class Picture:
    """A labelled picture."""

    jpeg_or_pixels: np.ndarray
    """uint8 `[H, W, 3]` BGR, or the bytes of a JPEG file `[L]`."""
    xyxy: np.ndarray
    """float32 `[N, 4]` in pixels."""
    label: np.ndarray
    """int64 `[N]`."""
    weight: np.ndarray
    """float32 `[N]`: how sure the labeller was."""
    ignored: np.ndarray
    """float32 `[M, 4]`: no verdict there."""

    def pixels(self) -> np.ndarray:
        """BGR `[H, W, 3]`."""
        if self.jpeg_or_pixels.ndim == 3:
            return self.jpeg_or_pixels
        return cv2.imdecode(self.jpeg_or_pixels, cv2.IMREAD_COLOR)


def labelled(folder: Path, labels: Path) -> list[Picture]:
    """The pictures of a label file that `teacher.py` wrote."""
    pictures = []
    for line in labels.read_text().splitlines():
        row = json.loads(line)
        pixels = cv2.imread(str(folder / f"{row['name']}.jpg"))
        scale = min(1.0, LONGEST_PX / max(pixels.shape[:2]))
        if scale < 1.0:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        boxes = np.array(row["boxes"], np.float32).reshape(-1, 6)
        ignored = np.array(row["ignore"], np.float32).reshape(-1, 4)
        weight = 0.5 + 0.5 * boxes[:, 5]
        pictures.append(Picture(pixels, boxes[:, 1:5] * scale, boxes[:, 0].astype(np.int64), weight, ignored * scale))
    return pictures


def rendered(
    folder: Path, most: int | None = None, least_height_px: float = 0, least_visible: float = 0
) -> list[Picture]:
    """The pictures that the scene program rendered. What is marked -1, or smaller or more hidden than asked, is to be
    ignored."""
    pictures = []
    for path in sorted((folder / "images").glob("*.jpg"))[:most]:
        jpeg = np.fromfile(path, np.uint8)
        height, width = cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE).shape
        labels = folder / "labels" / f"{path.stem}.txt"
        if not labels.is_file():
            continue
        rows = [line.split() for line in labels.read_text().splitlines() if line]
        table = np.array(rows, np.float32).reshape(-1, 6)
        centre, half = table[:, 1:3] * [width, height], table[:, 3:5] * [width, height] / 2
        xyxy = np.concatenate([centre - half, centre + half], 1).astype(np.float32)
        asked = (table[:, 0] >= 0) & (table[:, 4] * height >= least_height_px) & (table[:, 5] >= least_visible)
        ones = np.ones(int(asked.sum()), np.float32)
        pictures.append(Picture(jpeg, xyxy[asked], table[asked, 0].astype(np.int64), ones, xyxy[~asked]))
    return pictures


@dataclass
class Patch:
    """A part of a picture, ready to be trained on."""

    pixels: np.ndarray
    xyxy: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    ignored: np.ndarray


def cut(picture: Picture, width: int, height: int, manner: Manner, chance: np.random.Generator) -> Patch:
    """A part of `width` x `height` at a random scale, at or near a thing more often than not."""
    pixels = picture.pixels()
    tall, wide = pixels.shape[:2]
    longest = np.exp(chance.uniform(*np.log(manner.longest_px)))
    chosen = None
    if len(picture.label) and chance.random() < 0.75:
        # Half of the time any class that is there, however rare; else somebody.
        wanted = chance.choice(np.unique(picture.label)) if chance.random() < 0.5 else 0
        among = np.flatnonzero(picture.label == wanted)
        among = among if len(among) else np.arange(len(picture.label))
        chosen = picture.xyxy[chance.choice(among)]
        if chance.random() < manner.close:
            side = chance.uniform(16, height)
            longest = np.clip(
                side / max(4.0, chosen[3] - chosen[1]) * max(tall, wide), 200, manner.most_enlarged * max(tall, wide)
            )
    scale = longest / max(tall, wide) * np.exp(chance.uniform(-0.12, 0.12, 2))
    size = np.array([wide, tall]) * scale
    room = size - [width, height]
    if chosen is not None:
        box = chosen * np.tile(scale, 2)
        corner = (box[:2] + box[2:]) / 2 - [width, height] * chance.uniform(0.3, 0.7, 2)
    else:
        corner = chance.uniform(0, 1, 2) * room
    corner = np.clip(corner, np.minimum(room, 0), np.maximum(room, 0))
    shift = np.concatenate([corner, corner])

    low = np.maximum(np.floor(corner / scale), 0).astype(int)
    high = np.minimum(np.ceil((corner + np.array([width, height])) / scale), [wide, tall]).astype(int)
    target = np.clip(np.round((high - low) * scale).astype(int), 1, [width, height])
    place = np.clip(np.round(low * scale - corner).astype(int), 0, [width, height] - target)
    way = cv2.INTER_AREA if scale.max() < 0.9 else cv2.INTER_LINEAR
    canvas = np.full((height, width, 3), PAD, np.uint8)
    canvas[place[1] : place[1] + target[1], place[0] : place[0] + target[0]] = cv2.resize(
        pixels[low[1] : high[1], low[0] : high[0]], tuple(int(side) for side in target), interpolation=way
    )

    moved = picture.xyxy * np.tile(scale, 2) - shift
    limit = np.float32([width, height, width, height])
    inside = np.clip(moved, 0, limit).astype(np.float32)
    side, whole = inside[:, 2:] - inside[:, :2], moved[:, 2:] - moved[:, :2]
    is_there = (side > 1).all(1)
    is_clear = is_there & (side >= SMALLEST_PX).all(1) & (side.prod(1) >= LEAST_VISIBLE * whole.prod(1))
    ignored = np.clip(picture.ignored * np.tile(scale, 2) - shift, 0, limit)
    ignored = ignored[((ignored[:, 2:] - ignored[:, :2]) > 1).all(1)]
    return Patch(
        canvas,
        inside[is_clear],
        picture.label[is_clear],
        picture.weight[is_clear],
        np.concatenate([ignored, inside[is_there & ~is_clear]]).astype(np.float32),
    )


def mosaic(pictures: list[tuple[Picture, Manner]], width: int, height: int, chance: np.random.Generator) -> Patch:
    """Four parts side by side, so that one step sees more."""
    x, y = int(width * chance.uniform(0.3, 0.7)), int(height * chance.uniform(0.3, 0.7))
    canvas = np.empty((height, width, 3), np.uint8)
    parts = []
    for (picture, manner), (left, top, right, bottom) in zip(
        pictures, ((0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)), strict=True
    ):
        part = cut(picture, right - left, bottom - top, manner, chance)
        canvas[top:bottom, left:right] = part.pixels
        shift = np.float32([left, top, left, top])
        parts.append(Patch(part.pixels, part.xyxy + shift, part.label, part.weight, part.ignored + shift))
    return Patch(
        canvas,
        np.concatenate([part.xyxy for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.ignored for part in parts]),
    )


def flipped(patch: Patch) -> Patch:
    """Left for right."""
    width = patch.pixels.shape[1]

    def mirror(boxes: np.ndarray) -> np.ndarray:
        return np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)

    pixels = np.ascontiguousarray(patch.pixels[:, ::-1])
    return Patch(pixels, mirror(patch.xyxy), patch.label, patch.weight, mirror(patch.ignored))


NOISE = np.random.default_rng(7).normal(0, 1, (1024, 1024, 3)).astype(np.float32)
"""A field of noise to take windows from: drawing it anew for every picture would cost more than the picture."""


def spoilt(pixels: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Other light, other colours, less of them, blur, noise, compression: what cameras do to pictures."""
    if chance.random() < 0.8:
        gamma, gain = np.exp(chance.uniform(-0.5, 0.5)), np.exp(chance.uniform(-0.35, 0.25))
        levels = np.linspace(0, 1, 256) ** gamma * gain * 255
        tint = 1 + chance.uniform(-0.08, 0.08, 3)
        table = np.clip(levels[:, None] * tint + chance.uniform(-15, 15), 0, 255).astype(np.uint8)
        pixels = cv2.LUT(pixels, table.reshape(256, 1, 3))
    dice = chance.random()
    if dice < 0.15:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    elif dice < 0.5:
        hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
        hue = (np.arange(256) + int(chance.integers(-14, 15))) % 180
        saturation = np.clip(np.arange(256) * chance.uniform(0.3, 1.5), 0, 255)
        table = np.stack([hue, saturation, np.arange(256)], 1).astype(np.uint8).reshape(256, 1, 3)
        pixels = cv2.cvtColor(cv2.LUT(hsv, table), cv2.COLOR_HSV2BGR)
    if chance.random() < 0.2:
        pixels = cv2.GaussianBlur(pixels, (0, 0), chance.uniform(0.4, 1.6))
    if chance.random() < 0.3:
        height, width = pixels.shape[:2]
        y, x = chance.integers(1024 - height), chance.integers(1024 - width)
        noise = NOISE[y : y + height, x : x + width] * chance.uniform(2, 16)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    if chance.random() < 0.25:
        quality = int(chance.integers(20, 80))
        pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return pixels


@dataclass(frozen=True)
class Group:
    """Pictures that are drawn from alike."""

    share: float
    """Of what is trained on; shares are relative to each other."""
    pictures: list[Picture]
    manner: Manner


class Mixture:
    """Groups of pictures, each with its share of what is trained on."""

    def __init__(self, groups: list[Group]) -> None:
        self.groups = [group for group in groups if group.pictures]
        if not self.groups:
            raise ValueError("nothing to train on: neither pictures nor scenes were found")
        self.rare = [[p for p in group.pictures if np.isin(p.label, RARE_CLASSES).any()] for group in self.groups]
        shares = np.array([group.share for group in self.groups])
        self.shares = shares / shares.sum()

    def draw(self, chance: np.random.Generator) -> tuple[Picture, Manner]:
        """Any picture."""
        index = chance.choice(len(self.groups), p=self.shares)
        group, rare = self.groups[index], self.rare[index]
        among = rare if rare and chance.random() < RARE else group.pictures
        return among[chance.integers(len(among))], group.manner

    def patch(self, width: int, height: int, chance: np.random.Generator) -> Patch:
        """What one place of a batch shows."""
        picture, manner = self.draw(chance)
        if chance.random() < manner.mosaics:
            others = [self.draw(chance) for _ in range(3)]
            patch = mosaic([(picture, manner), *others], width, height, chance)
        else:
            patch = cut(picture, width, height, manner, chance)
        if chance.random() < 0.5:
            patch = flipped(patch)
        if chance.random() < manner.spoilt:
            patch.pixels = spoilt(patch.pixels, chance)
        return patch


def counts(pictures: list[Picture]) -> str:
    """How many boxes of each class."""
    total = np.bincount(np.concatenate([p.label for p in pictures] or [np.zeros(0, np.int64)]), minlength=len(CLASSES))
    return ", ".join(f"{name} {count}" for name, count in zip(CLASSES, total, strict=True))
