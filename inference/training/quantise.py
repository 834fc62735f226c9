"""Tries the detector in 8-bit integers, to see whether that is faster here at no more than a point of AP.

    python quantise.py --model ../models/sharpeyes-nano/model.onnx --scenes DIR --out FILE

The result is scored with `evaluate.py --model FILE`. What came of it is in the model's card.
"""

import argparse
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from augment import rendered
from onnx_detectors import letterbox

WIDTH, HEIGHT = 640, 384
PICTURES = 96


class Pictures(CalibrationDataReader):
    """Rendered pictures as the network sees them."""

    def __init__(self, folder: Path) -> None:
        self.left = iter(rendered(folder, PICTURES))

    def get_next(self) -> dict[str, np.ndarray] | None:
        picture = next(self.left, None)
        if picture is None:
            return None
        canvas, _ = letterbox(picture.pixels(), WIDTH, HEIGHT, 114)
        return {"images": canvas.transpose(2, 0, 1)[None].astype(np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    prepared = arguments.out.with_suffix(".prepared.onnx")
    quant_pre_process(str(arguments.model), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared),
        str(arguments.out),
        Pictures(arguments.scenes),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.Percentile,
    )
    prepared.unlink()
    print(f"{arguments.out}: {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
