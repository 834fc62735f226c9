"""Weights out of an exported model, to train it further: its normalisations were folded into its convolutions."""

from collections.abc import Iterable
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from network import Detector


def detector_of(path: Path) -> Detector:
    """A network that computes what the file computes; its normalisations change nothing yet.

    Raises:
        ValueError: when the file is not of this architecture.
    """
    graph = onnx.load(path).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    # What is there twice, the export keeps once.
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]]
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    detector = Detector().eval()
    modules = in_order(detector)
    shapes = [constants[node.input[1]].shape for node in nodes]
    if shapes != [tuple(convolution.weight.shape) for convolution, _ in modules]:
        raise ValueError(f"{path}: {len(nodes)} convolutions that are not those of this network")
    with torch.no_grad():
        for node, (convolution, normalisation) in zip(nodes, modules, strict=True):
            convolution.weight.copy_(torch.tensor(constants[node.input[1]]))
            bias = torch.tensor(constants[node.input[2]])
            if normalisation is None:
                convolution.bias.copy_(bias)
                continue
            normalisation.running_mean.zero_()
            normalisation.running_var.fill_(1 - normalisation.eps)
            normalisation.weight.fill_(1)
            normalisation.bias.copy_(bias)
        # The export takes samples of 0 to 255.
        detector.stem[0].weight.mul_(255.0)
    return detector


def normalise(detector: Detector, batches: Iterable[Tensor]) -> None:
    """Gives the normalisations the means and variances of `batches` (`[N, 3, H, W]`, 0 to 1); what the network computes
    stays the same."""
    normalisations = [normalisation for _, normalisation in in_order(detector) if normalisation is not None]
    sums = {n: torch.zeros(2, n.num_features) for n in normalisations}
    counts = dict.fromkeys(normalisations, 0)

    def measure(module: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        x = inputs[0]
        sums[module] += torch.stack([x.sum((0, 2, 3)), x.square().sum((0, 2, 3))])
        counts[module] += x.numel() // x.shape[1]

    hooks = [n.register_forward_pre_hook(measure) for n in normalisations]
    with torch.no_grad():
        for batch in batches:
            detector(batch)
        for hook in hooks:
            hook.remove()
        for n in normalisations:
            mean, square = sums[n] / counts[n]
            variance = (square - mean.square()).clamp(min=1e-6)
            n.running_mean.copy_(mean)
            n.running_var.copy_(variance)
            n.weight.copy_((variance + n.eps).sqrt())
            n.bias.add_(mean)


def in_order(detector: Detector) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Convolutions in the order in which they are computed, each with the normalisation after it."""
    after = {
        id(block[0]): block[1]
        for block in detector.modules()
        if isinstance(block, nn.Sequential) and len(block) == 3 and isinstance(block[1], nn.BatchNorm2d)
    }
    found: list[nn.Conv2d] = []
    hooks = [
        module.register_forward_hook(lambda module, *_: found.append(module))
        for module in detector.modules()
        if isinstance(module, nn.Conv2d)
    ]
    was_training = detector.training
    with torch.no_grad():
        detector.eval()(torch.zeros(1, 3, 64, 64))
    detector.train(was_training)
    for hook in hooks:
        hook.remove()
    return [(module, after.get(id(module))) for module in found]
