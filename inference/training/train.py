"""Trains the detector from random weights, on a GPU where there is one and on the CPU otherwise.

    python train.py --shared ../../../shared --labels ../../.cache/training/labels --scenes DIR --out DIR --steps 40000

Every draw comes from `--seed`: two runs on one machine with one number of threads see the same pictures in the same
order. A run that was stopped goes on with `--resume`.
"""

import argparse
import copy
import json
import math
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

import sources
from augment import PHOTOGRAPHS, SCENES, Group, Mixture, Patch, Picture, counts, labelled, rendered
from classes import CLASSES
from exported import detector_of, normalise
from loss import Truth, grid, loss
from network import Detector

SIZES = ((640, 384), (416, 256))
"""Width and height of the patches, pixels, in turns: large ones so that somebody near the camera fits in."""
WARM_UP = 0.05
"""Share of the steps in which the learning rate rises."""
LAST_RATE = 2e-5
SCENE_HEIGHT_PX = 10
SCENE_VISIBLE = 0.3
"""What is smaller or more hidden in a scene is neither thing nor background."""
PHOTOGRAPH_SHARES = (0.6, 0.2, 0.2)
"""Of the photographs drawn: with people, without (they are many, and vehicles are soon learnt), video frames."""
MEASURED_STEPS = 16
"""From so many steps' pictures the normalisations of an exported model are measured."""
EMA = 0.999
"""The weights that are kept are a running mean of the trained ones with this memory."""


@dataclass
class Batch:
    """Pictures `[N, 3, H, W]` uint8 and their boxes."""

    pixels: Tensor
    truth: Truth


@dataclass(frozen=True)
class Curriculum:
    """What is trained on, by step: photographs first, rendered scenes beside them later."""

    first: Mixture
    then: Mixture
    then_from: int
    batch: int
    """Patches of the smallest size per step; of larger ones there are fewer, for the same number of pixels."""

    def at(self, step: int) -> Mixture:
        """The mixture of a step."""
        return self.then if step >= self.then_from else self.first

    def patches(self, step: int, chance: np.random.Generator) -> list[Patch]:
        """What a step sees."""
        width, height = SIZES[step % len(SIZES)]
        pixels = min(w * h for w, h in SIZES)
        n = max(2, round(self.batch * pixels / (width * height)))
        return [self.at(step).patch(width, height, chance) for _ in range(n)]


def collate(patches: list[Patch]) -> Batch:
    """Many patches as one batch."""

    def owners(lengths: list[int]) -> Tensor:
        return torch.repeat_interleave(torch.arange(len(patches)), torch.tensor(lengths))

    pixels = np.stack([patch.pixels for patch in patches]).transpose(0, 3, 1, 2)
    return Batch(
        torch.from_numpy(np.ascontiguousarray(pixels)),
        Truth(
            owners([len(patch.label) for patch in patches]),
            torch.from_numpy(np.concatenate([patch.xyxy for patch in patches]).astype(np.float32)),
            torch.from_numpy(np.concatenate([patch.label for patch in patches])),
            torch.from_numpy(np.concatenate([patch.weight for patch in patches]).astype(np.float32)),
            owners([len(patch.ignored) for patch in patches]),
            torch.from_numpy(np.concatenate([patch.ignored for patch in patches]).astype(np.float32)),
        ),
    )


def batches(mixtures: Curriculum, seed: int, first: int, steps: int) -> Iterator[Batch]:
    """Batch after batch; each step has a seed, so that a resumed run sees the same."""
    for step in range(first, steps):
        yield collate(mixtures.patches(step, np.random.default_rng([seed, step])))


def ahead(made: Iterator[Batch]) -> Iterator[Batch]:
    """The same, made in a thread of its own: for a GPU, which would wait. On a processor of two cores a step
    takes a third longer so (300 ms, 226 without): the network's threads wait for the one whose core is taken."""
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=4)

    def produce() -> None:
        try:
            for batch in made:
                ready.put(batch)
            ready.put(None)
        except BaseException as error:
            ready.put(error)

    threading.Thread(target=produce, daemon=True).start()
    while (batch := ready.get()) is not None:
        if isinstance(batch, BaseException):
            raise batch
        yield batch


def rate(step: int, steps: int, peak: float) -> float:
    """The learning rate: up, then down along half a cosine."""
    warm = max(1, round(steps * WARM_UP))
    if step < warm:
        return peak * (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    return LAST_RATE + (peak - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))


def optimiser(model: Detector, peak: float) -> torch.optim.AdamW:
    """Weight decay for weights alone, not for biases and normalisations."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.99), fused=True)


@torch.no_grad()
def follow(mean: Detector, model: Detector, step: int) -> None:
    """Moves the mean weights towards the trained ones."""
    memory = min(EMA, (1 + step) / (10 + step))
    pairs = list(zip(mean.state_dict().values(), model.state_dict().values(), strict=True))
    floats = [(kept, now) for kept, now in pairs if kept.dtype.is_floating_point]
    get_ema_multi_avg_fn(memory)([kept for kept, _ in floats], [now for _, now in floats], step)
    for kept, now in pairs:
        if not kept.dtype.is_floating_point:
            kept.copy_(now)


def to(truth: Truth, device: torch.device) -> Truth:
    """The same on another device."""
    return Truth(*(getattr(truth, field).to(device) for field in Truth.__dataclass_fields__))


@dataclass(frozen=True)
class Course:
    """How long and how fast is trained."""

    steps: int
    peak_rate: float
    seed: int
    init: Path | None = None
    """Weights to begin with, instead of random ones: the mean ones of a run, or an exported model."""


def initial(path: Path, mixtures: Curriculum, seed: int) -> dict[str, Tensor]:
    """What a run begins with: the weights of another run, or those of an exported model, normalised by the first steps'
    pictures."""
    if path.suffix != ".onnx":
        return torch.load(path, map_location="cpu", weights_only=True)["mean"]
    detector = detector_of(path)
    normalise(detector, (batch.pixels.float().div(255.0) for batch in batches(mixtures, seed, 0, MEASURED_STEPS)))
    return detector.state_dict()


def train(mixtures: Curriculum, course: Course, out: Path, resume: bool, save_every: int = 250) -> Detector:
    """Trains and leaves `out/last.pt`; gives the mean weights."""
    steps, peak, seed = course.steps, course.peak_rate, course.seed
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    # Channels last is three times as fast here on a CPU.
    model = Detector().to(device, memory_format=torch.channels_last)
    is_resumed = resume and (out / "last.pt").is_file()
    if course.init and not is_resumed:
        model.load_state_dict(initial(course.init, mixtures, seed))
    mean = copy.deepcopy(model).eval()
    adam = optimiser(model, peak)
    first = 0
    if is_resumed:
        state = torch.load(out / "last.pt", map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        mean.load_state_dict(state["mean"])
        adam.load_state_dict(state["adam"])
        first = state["step"]
    torch.set_default_device(device)
    grids = {size: grid(*size) for size in SIZES}
    torch.set_default_device("cpu")
    out.mkdir(parents=True, exist_ok=True)
    model.train()
    began, sums, seen, n = time.monotonic(), {}, 0, 0
    made = batches(mixtures, seed, first, steps)
    for step, batch in enumerate(made if device.type == "cpu" else ahead(made), first):
        for group in adam.param_groups:
            group["lr"] = rate(step, steps, peak)
        with torch.device(device):
            pictures = batch.pixels.to(device).float().div_(255.0).contiguous(memory_format=torch.channels_last)
            output = model(pictures)
            cost, parts = loss(output, to(batch.truth, device), *grids[SIZES[step % len(SIZES)]])
        if not torch.isfinite(cost):
            raise FloatingPointError(f"step {step}: the loss is {cost.item()}: lower --peak-rate")
        adam.zero_grad(set_to_none=True)
        cost.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        adam.step()
        follow(mean, model, step)
        seen += len(batch.pixels)
        n += 1
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value
        if (step + 1) % 50 == 0 or step + 1 == steps:
            means = {name: round(value / n, 4) for name, value in sums.items()}
            speed = seen / (time.monotonic() - began)
            print(
                json.dumps(
                    {"step": step + 1, "rate": round(rate(step, steps, peak), 6), **means, "per_s": round(speed, 1)}
                ),
                flush=True,
            )
            sums, n = {}, 0
        if (step + 1) % save_every == 0 or step + 1 == steps:
            state = {
                "model": model.state_dict(),
                "mean": mean.state_dict(),
                "adam": adam.state_dict(),
                "step": step + 1,
            }
            torch.save(state, out / "last.part")
            (out / "last.part").replace(out / "last.pt")
    return mean


def real_pictures(shared: Path, labels: Path) -> tuple[list[Picture], list[Picture]]:
    """Pictures and frames of the training videos, as `teacher.py` labelled them."""
    data = sources.data_of(shared)
    pictures = [
        p for name in sources.PICTURE_SETS for p in labelled(data / "train" / name / "images", labels / f"{name}.jsonl")
    ]
    frames = [
        p
        for video in sources.TRAIN_VIDEOS
        for p in labelled(labels / "frames" / video.name, labels / f"video_{video.name}.jsonl")
    ]
    return pictures, frames


def with_people(pictures: list[Picture]) -> list[Picture]:
    """Those in which anybody is labelled."""
    return [picture for picture in pictures if (picture.label == CLASSES.index("person")).any()]


def without_people(pictures: list[Picture]) -> list[Picture]:
    """The others: road vehicles, mostly."""
    return [picture for picture in pictures if not (picture.label == CLASSES.index("person")).any()]


@dataclass(frozen=True)
class Material:
    """Where the pictures are, and how they are mixed."""

    shared: Path | None
    labels: Path | None
    scenes: Path | None
    real_share: float

    def curriculum(self, scenes_from: int, batch: int) -> Curriculum:
        """All of it; says how much of what."""
        photographs: list[Group] = []
        scenes: list[Group] = []
        if self.shared and self.labels:
            pictures, frames = real_pictures(self.shared, self.labels)
            photographs = [
                Group(self.real_share * share, group, PHOTOGRAPHS)
                for share, group in zip(
                    PHOTOGRAPH_SHARES, (with_people(pictures), without_people(pictures), frames), strict=True
                )
            ]
        if self.scenes:
            found = rendered(self.scenes, None, SCENE_HEIGHT_PX, SCENE_VISIBLE)
            scenes = [Group(1 - self.real_share, found, SCENES)]
        for group in photographs + scenes:
            print(f"share {group.share:.2f}: {len(group.pictures)} pictures: {counts(group.pictures)}", flush=True)
        both = Mixture(photographs + scenes)
        return Curriculum(Mixture(photographs) if photographs else both, both, scenes_from, batch)

    @staticmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        """Adds those that [`Material.of`] reads."""
        parser.add_argument("--shared", type=Path, help="the folder that holds data/; without it, scenes alone")
        parser.add_argument("--labels", type=Path, help="what teacher.py wrote")
        parser.add_argument("--scenes", type=Path, help="what the scene program rendered")
        parser.add_argument("--real-share", type=float, default=0.4, help="of what is trained on, beside the scenes")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Material":
        """What was asked for."""
        return cls(arguments.shared, arguments.labels, arguments.scenes, arguments.real_share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    Material.arguments(parser)
    parser.add_argument("--scenes-from", type=int, default=4000, help="the step from which scenes are trained on, too")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=40000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peak-rate", type=float, default=1.2e-3, help="the highest learning rate")
    parser.add_argument("--init", type=Path, help="begin with these weights (last.pt, model.onnx), not random ones")
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    mixtures = Material.of(arguments).curriculum(arguments.scenes_from, arguments.batch)
    course = Course(arguments.steps, arguments.peak_rate, arguments.seed, arguments.init)
    train(mixtures, course, arguments.out, arguments.resume)


if __name__ == "__main__":
    main()
