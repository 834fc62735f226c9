"""Writes the trained network as ONNX with its manifest, as the product ships it.

python export.py --weights OUT/last.pt --to ../models/sharpeyes-nano
"""

import argparse
import hashlib
import re
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from classes import CLASSES
from network import STRIDES, Deployed, Detector

OPSET = 17


def load(weights: Path) -> Detector:
    """The mean weights of a run."""
    detector = Detector()
    detector.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True)["mean"])
    return detector.eval()


def export(detector: Detector, path: Path) -> None:
    """Writes the file, for pictures of any size whose sides are multiples of 32.

    Raises:
        ValueError: when ONNX Runtime computes something else than PyTorch.
    """
    deployed = Deployed(detector).eval()
    sample = torch.rand(1, 3, 256, 416, generator=torch.Generator().manual_seed(1)) * 255
    torch.onnx.export(
        deployed,
        (sample,),
        str(path),
        input_names=["images"],
        output_names=["output"],
        dynamic_axes={"images": {2: "height", 3: "width"}, "output": {1: "cells"}},
        opset_version=OPSET,
        dynamo=False,
    )
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for height, width in ((256, 416), (384, 640)):
        picture = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(2)) * 255
        with torch.no_grad():
            expected = deployed(picture).numpy()
        found = session.run(None, {"images": picture.numpy()})[0]
        cells = sum((height // stride) * (width // stride) for stride in STRIDES)
        if found.shape != (1, cells, 5 + len(CLASSES)) or not np.allclose(found, expected, atol=2e-3):
            gap = np.abs(found - expected).max() if found.shape == expected.shape else found.shape
            raise ValueError(f"{path}: ONNX Runtime and PyTorch differ at {width}x{height}: {gap}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True, help="the model's folder; its model.toml is updated")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    model = arguments.to / "model.onnx"
    export(load(arguments.weights), model)
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    manifest = arguments.to / "model.toml"
    if manifest.is_file():
        text, n = re.subn(r'^sha256 = ".*"$', f'sha256 = "{sha256}"', manifest.read_text(), flags=re.MULTILINE)
        if n != 1:
            raise ValueError(f'{manifest}: expected one line `sha256 = "..."`')
        manifest.write_text(text)
    print(f"{model}: {model.stat().st_size} bytes, SHA-256 {sha256}")


if __name__ == "__main__":
    main()
