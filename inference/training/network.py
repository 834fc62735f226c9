"""The detector: a small one-stage network of plain convolutions, made for one CPU thread of ONNX Runtime.

Measured there, a depthwise 5x5 costs a third of the 1x1 beside it, a ReLU nothing (it is fused), a SiLU as much as a
convolution, and channels are computed in blocks of 16: hence 5x5 everywhere, ReLU, multiples of 16. The output is that
of the YOLOX family, so the product reads it without a line of its own: `[1, A, 5 + C]`, per cell of the strides 8, 16
and 32 the offsets of a box in cells, its log size in cells, an objectness and C class scores (both after the sigmoid).
"""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from classes import CLASSES

STRIDES = (8, 16, 32)
"""Pixels per cell of the three levels."""

PRIOR = 0.01
"""What the untrained network believes of every cell, so that the first steps are not spent on unlearning."""


def convolution(c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU; padded so that only `stride` changes the size."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(c_out, eps=1e-3, momentum=0.03),
        nn.ReLU(inplace=True),
    )


class Separable(nn.Sequential):
    """A wide view for little: depthwise 5x5, then 1x1."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__(convolution(c_in, c_in, 5, stride, groups=c_in), convolution(c_in, c_out))


class Residual(nn.Module):
    """Look around and add."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = Separable(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Stage(nn.Sequential):
    """Halves the picture, then `n` residual blocks."""

    def __init__(self, c_in: int, c_out: int, n: int) -> None:
        super().__init__(Separable(c_in, c_out, 2), *[Residual(c_out) for _ in range(n)])


class Pooling(nn.Module):
    """What is around a cell at four distances (SPPF): three 5x5 maxima in a row."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = convolution(channels, channels // 2)
        self.after = convolution(channels * 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.before(x)]
        for _ in range(3):
            levels.append(functional.max_pool2d(levels[-1], 5, 1, 2))
        return self.after(torch.cat(levels, 1))


class Head(nn.Module):
    """One level's boxes, objectness and classes."""

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.boxes = nn.Sequential(Separable(channels, channels), nn.Conv2d(channels, 5, 1))
        self.classes = nn.Sequential(Separable(channels, channels), nn.Conv2d(channels, n_classes, 1))
        prior = -math.log((1 - PRIOR) / PRIOR)
        nn.init.constant_(self.classes[-1].bias, prior)
        nn.init.zeros_(self.boxes[-1].bias)
        nn.init.constant_(self.boxes[-1].bias[4:], prior)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.boxes(x), self.classes(x)], 1)


class Detector(nn.Module):
    """Pictures `[N, 3, H, W]` (BGR, 0 to 1, sides multiples of 32) to `[N, A, 5 + C]`, scores as logits."""

    def __init__(
        self,
        widths: tuple[int, ...] = (16, 32, 64, 128, 192),
        depths: tuple[int, ...] = (3, 4, 3),
        neck: int = 64,
        n_classes: int = len(CLASSES),
    ) -> None:
        super().__init__()
        c2, c4, c8, c16, c32 = widths
        self.stem = convolution(3, c2, 3, 2)
        self.stage4 = convolution(c2, c4, 3, 2)
        self.stage8 = Stage(c4, c8, depths[0])
        self.stage16 = Stage(c8, c16, depths[1])
        self.stage32 = nn.Sequential(Stage(c16, c32, depths[2]), Pooling(c32))
        self.lateral = nn.ModuleList(nn.Identity() if c == neck else convolution(c, neck) for c in (c8, c16, c32))
        self.down = nn.ModuleList([Separable(neck, neck, 2), Separable(neck, neck, 2)])
        self.mix = nn.ModuleList(Residual(neck) for _ in range(3))
        self.heads = nn.ModuleList(Head(neck, n_classes) for _ in STRIDES)

    def levels(self, pictures: Tensor) -> list[Tensor]:
        """The head's output per level, `[N, 5 + C, H / stride, W / stride]`, from samples of 0 to 1."""
        x8 = self.stage8(self.stage4(self.stem(pictures)))
        x16 = self.stage16(x8)
        x32 = self.stage32(x16)
        p8, p16, p32 = (lateral(x) for lateral, x in zip(self.lateral, (x8, x16, x32), strict=True))
        p16 = self.mix[1](p16 + functional.interpolate(p32, scale_factor=2.0, mode="nearest"))
        p8 = self.mix[0](p8 + functional.interpolate(p16, scale_factor=2.0, mode="nearest"))
        p16 = p16 + self.down[0](p8)
        p32 = self.mix[2](p32 + self.down[1](p16))
        return [head(p) for head, p in zip(self.heads, (p8, p16, p32), strict=True)]

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.cat([level.flatten(2) for level in self.levels(pictures)], 2).transpose(1, 2)


class Deployed(nn.Module):
    """What is exported: samples of 0 to 255 (the scale goes into the first weights), scores after the sigmoid."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = copy.deepcopy(detector).eval()
        with torch.no_grad():
            self.detector.stem[0].weight.div_(255.0)

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.detector(pictures)
        return torch.cat([x[..., :4], x[..., 4:].sigmoid()], 2)
