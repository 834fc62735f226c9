"""Between two detectors of one ancestry: the mean of their weights, with the normalisations measured again.

    python blend.py --first A --second B --share 0.7 --scenes DIR --shared SHARED --labels LABELS --out OUT

A and B are `last.pt` of a run or an exported `model.onnx`, B one that was trained on from A: between two that were not,
the mean computes nothing. OUT gets `last.pt`, for `export.py` and `train.py --init`.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from network import Detector
from train import Material, batches, initial

BATCH = 8
STEPS = 80
"""From so many steps' pictures the normalisations are measured."""
SEED = 77


def blend(first: dict[str, Tensor], second: dict[str, Tensor], share: float, pictures: Iterable[Tensor]) -> Detector:
    """`share` of the second's weights and the rest of the first's, with the means and variances of what the network now
    sees in `pictures` (`[N, 3, H, W]`, 0 to 1)."""
    detector = Detector()
    detector.load_state_dict(
        {
            name: torch.lerp(first[name], now, share) if now.dtype.is_floating_point else now
            for name, now in second.items()
        }
    )
    update_bn(pictures, detector)
    return detector.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    Material.arguments(parser)
    parser.add_argument("--first", type=Path, required=True)
    parser.add_argument("--second", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.5, help="of the second")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    mixtures = Material.of(arguments).curriculum(0, BATCH)
    first, second = (initial(path, mixtures, SEED) for path in (arguments.first, arguments.second))
    pictures = (batch.pixels.float().div(255.0) for batch in batches(mixtures, SEED, 0, STEPS))
    detector = blend(first, second, arguments.share, pictures)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.save({"mean": detector.state_dict()}, arguments.out / "last.pt")


if __name__ == "__main__":
    main()
