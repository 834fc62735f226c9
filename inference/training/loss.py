"""Which cell answers for which box, and what a wrong answer costs.

Assignment is task-aligned (TOOD): for each box the cells inside it that already do best at it, by score and overlap
together, in a fixed number. Objectness learns the overlap that the cell reaches (quality focal loss), boxes learn by
generalised IoU, classes by cross entropy. Cells in ignored regions are neither things nor background.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from network import STRIDES

CELLS_PER_BOX = 9
NEAREST = 1.0
"""A box is at least this many strides large for the choice of its cells, or small things would have none."""


@dataclass(frozen=True)
class Truth:
    """The boxes of a batch, in input pixels."""

    picture: Tensor
    """int64 `[G]`: whose."""
    xyxy: Tensor
    """float32 `[G, 4]`."""
    label: Tensor
    """int64 `[G]`."""
    weight: Tensor
    """float32 `[G]`: how sure the labeller was, 0 to 1."""
    ignored_picture: Tensor
    """int64 `[I]`."""
    ignored_xyxy: Tensor
    """float32 `[I, 4]`: regions without a verdict."""


def grid(width: int, height: int) -> tuple[Tensor, Tensor]:
    """Column and row `[A, 2]` and stride `[A, 1]` of every cell, in the network's order."""
    points, sizes = [], []
    for stride in STRIDES:
        y, x = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        points.append(torch.stack([x, y], 2).reshape(-1, 2).float())
        sizes.append(torch.full((points[-1].shape[0], 1), float(stride)))
    return torch.cat(points), torch.cat(sizes)


def decode(output: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Boxes `[N, A, 4]` (left, top, right, bottom, input pixels) of the network's output."""
    centre = (output[..., :2] + points) * strides
    half = output[..., 2:4].clamp(-6, 6).exp() * strides / 2
    return torch.cat([centre - half, centre + half], -1)


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU of boxes `[..., 4]`, pair by pair."""
    inter = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    area_a, area_b = ((x[..., 2:] - x[..., :2]).clamp(min=0).prod(-1) for x in (a, b))
    union = area_a + area_b - inter + 1e-6
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1) + 1e-6
    iou = inter / union
    return iou, iou - (hull - union) / hull


@dataclass(frozen=True)
class Assignment:
    """Cells that answer for a box."""

    picture: Tensor
    cell: Tensor
    box: Tensor
    """int64 `[P]` each: cell `cell` of picture `picture` answers for box `box`."""
    quality: Tensor
    """float32 `[P]`: what its objectness is to be."""


@torch.no_grad()
def assign(boxes: Tensor, logits: Tensor, truth: Truth, points: Tensor, strides: Tensor) -> Assignment:
    """Chooses cells. `boxes` `[N, A, 4]`, `logits` `[N, A, 1 + C]`."""
    n_boxes, n_cells = len(truth.label), points.shape[0]
    centre = (points + 0.5) * strides
    reach = torch.maximum((truth.xyxy[:, None, 2:] - truth.xyxy[:, None, :2]) / 2, NEAREST * strides[None])
    middle = (truth.xyxy[:, 2:] + truth.xyxy[:, :2]) / 2
    offset = (centre[None] - middle[:, None]).abs()
    inside = (offset < reach).all(-1)
    # At first no cell is good at anything: nearness to the middle and a fitting stride decide then.
    side = (truth.xyxy[:, 2:] - truth.xyxy[:, :2]).clamp(min=1).prod(-1).sqrt()
    misfit = ((side[:, None] / (strides[:, 0] * 5)).log2().abs() - 1.0).clamp(min=0)
    prior = torch.exp(-(offset / reach).square().sum(-1) - misfit)
    probability = logits[truth.picture].sigmoid()
    score = (probability[..., 0] * probability[torch.arange(n_boxes), :, 1 + truth.label]).sqrt()
    iou, _ = overlap(boxes[truth.picture], truth.xyxy[:, None])
    metric = (score.sqrt() * iou.pow(4) + 0.02 * prior) * inside

    best = metric.topk(CELLS_PER_BOX, 1)
    chosen = torch.zeros_like(metric).scatter_(1, best.indices, best.values)
    # A cell answers for one box: the one it fits best.
    flat = truth.picture[:, None] * n_cells + torch.arange(n_cells)[None]
    most = torch.zeros(boxes.shape[0] * n_cells).scatter_reduce_(0, flat.reshape(-1), chosen.reshape(-1), "amax")
    box, cell = ((chosen > 0) & (chosen >= most[flat])).nonzero(as_tuple=True)
    taken = metric[box, cell]
    strongest = torch.zeros(n_boxes).scatter_reduce_(0, box, taken, "amax")
    reached = torch.zeros(n_boxes).scatter_reduce_(0, box, iou[box, cell], "amax")
    quality = taken / strongest[box].clamp(min=1e-9) * reached[box].clamp(min=0.1)
    return Assignment(truth.picture[box], cell, box, quality * truth.weight[box])


def background_weight(truth: Truth, shape: tuple[int, int], points: Tensor, strides: Tensor) -> Tensor:
    """1 for cells that count as background unless they answer for a box, 0 in ignored regions: `[N, A]`."""
    weight = torch.ones(shape)
    centre = (points + 0.5) * strides
    box = truth.ignored_xyxy[:, None]
    within = ((centre[None] > box[..., :2]) & (centre[None] < box[..., 2:])).all(-1)
    region, cell = within.nonzero(as_tuple=True)
    weight[truth.ignored_picture[region], cell] = 0.0
    return weight


def loss(output: Tensor, truth: Truth, points: Tensor, strides: Tensor) -> tuple[Tensor, dict[str, float]]:
    """What a batch costs, and the parts of it. `output` is the network's, `[N, A, 5 + C]`."""
    boxes = decode(output, points, strides)
    objectness, classes = output[..., 4], output[..., 5:]
    found = assign(boxes.detach(), output[..., 4:].detach(), truth, points, strides)
    target = torch.zeros_like(objectness)
    target[found.picture, found.cell] = found.quality
    weight = background_weight(truth, target.shape, points, strides)
    weight[found.picture, found.cell] = 1.0
    total = found.quality.sum().clamp(min=1.0)

    gap = (target - objectness.sigmoid()).abs().square()
    cross = functional.binary_cross_entropy_with_logits(objectness, target, reduction="none")
    object_loss = (gap * cross * weight).sum() / total
    answers = found.quality.clamp(min=0.05)
    _, giou = overlap(boxes[found.picture, found.cell], truth.xyxy[found.box])
    box_loss = ((1 - giou) * answers).sum() / total
    wanted = functional.one_hot(truth.label[found.box], classes.shape[-1]).float()
    cross = functional.binary_cross_entropy_with_logits(
        classes[found.picture, found.cell], wanted, reduction="none"
    ).sum(1)
    class_loss = (cross * answers).sum() / total
    parts = {"object": object_loss.item(), "box": box_loss.item(), "class": class_loss.item()}
    return 2.0 * object_loss + 2.0 * box_loss + class_loss, parts
