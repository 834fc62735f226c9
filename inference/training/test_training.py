"""What must hold whatever the weights: labels are fused rightly, boxes survive the cutting, cells answer for boxes."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from torch import nn

from augment import PHOTOGRAPHS, SCENES, Picture, cut, flipped, mosaic
from blend import blend
from evaluate import Frame, score
from export import export
from exported import detector_of, normalise
from loss import Truth, assign, decode, grid, loss
from network import Detector
from onnx_detectors import Boxes
from teacher import fuse, with_given


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Boxes:
    """Left, top, right, bottom, score, class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Boxes(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def truth(*rows: tuple[int, float, float, float, float, int]) -> Truth:
    """Picture, left, top, right, bottom, class."""
    table = torch.tensor(rows, dtype=torch.float32)
    return Truth(
        table[:, 0].long(),
        table[:, 1:5],
        table[:, 5].long(),
        torch.ones(len(rows)),
        torch.zeros(0, dtype=torch.long),
        torch.zeros(0, 4),
    )


class Teachers(unittest.TestCase):
    def test_two_that_agree_make_a_thing_and_one_that_doubts_does_not(self) -> None:
        things, doubts = fuse([boxes((0, 0, 10, 20, 0.3, 0)), boxes((1, 0, 11, 20, 0.2, 0), (50, 50, 60, 70, 0.3, 0))])
        self.assertEqual(things.label.tolist(), [0])
        self.assertAlmostEqual(float(things.score[0]), 0.3, places=5)
        self.assertEqual(doubts.round().tolist(), [[50, 50, 60, 70]])

    def test_a_car_and_a_truck_of_one_shape_are_one_thing(self) -> None:
        things, _ = fuse([boxes((0, 0, 40, 20, 0.6, 3)), boxes((0, 0, 40, 20, 0.4, 5))])
        self.assertEqual(things.label.tolist(), [3])

    def test_a_given_box_replaces_the_teachers(self) -> None:
        things, doubts = with_given(
            boxes((0, 0, 40, 20, 0.6, 3)),
            np.float32([[100, 0, 120, 20]]),
            boxes((2, 0, 40, 20, 1, 5), (100, 0, 121, 20, 1, 4)),
        )
        self.assertEqual(sorted(things.label.tolist()), [4, 5])
        self.assertEqual(len(doubts), 0)


class Cutting(unittest.TestCase):
    def setUp(self) -> None:
        pixels = np.full((360, 640, 3), 30, np.uint8)
        pixels[100:200, 300:350] = 250
        self.picture = Picture(
            pixels,
            np.float32([[300, 100, 350, 200]]),
            np.zeros(1, np.int64),
            np.ones(1, np.float32),
            np.zeros((0, 4), np.float32),
        )

    def check(self, patch) -> None:
        for left, top, right, bottom in patch.xyxy.round().astype(int):
            inside = patch.pixels[top + 3 : bottom - 3, left + 3 : right - 3]
            if inside.size:
                self.assertGreater(inside.mean(), 240, "the box is not where the thing is")

    def test_boxes_stay_on_their_things(self) -> None:
        seen = 0
        for seed in range(200):
            chance = np.random.default_rng(seed)
            for patch in (
                cut(self.picture, 416, 256, PHOTOGRAPHS, chance),
                cut(self.picture, 416, 256, SCENES, chance),
                mosaic([(self.picture, PHOTOGRAPHS)] * 4, 416, 256, chance),
            ):
                self.assertEqual(patch.pixels.shape, (256, 416, 3))
                self.check(patch)
                self.check(flipped(patch))
                seen += len(patch.xyxy)
        self.assertGreater(seen, 200)


class Assignment(unittest.TestCase):
    def test_every_box_is_answered_for_by_cells_inside_it(self) -> None:
        points, strides = grid(416, 256)
        torch.manual_seed(1)
        output = Detector()(torch.rand(2, 3, 256, 416))
        goal = truth((0, 10, 10, 40, 90, 0), (1, 100, 50, 300, 200, 3), (1, 5, 5, 11, 12, 6))
        found = assign(decode(output, points, strides).detach(), output[..., 4:].detach(), goal, points, strides)
        self.assertEqual(sorted(set(found.box.tolist())), [0, 1, 2])
        centre = ((points + 0.5) * strides)[found.cell]
        reach = torch.maximum((goal.xyxy[:, 2:] - goal.xyxy[:, :2])[found.box] / 2, strides[found.cell])
        middle = ((goal.xyxy[:, 2:] + goal.xyxy[:, :2]) / 2)[found.box]
        self.assertTrue(bool(((centre - middle).abs() <= reach).all()))

    def test_a_network_learns_one_picture(self) -> None:
        torch.manual_seed(1)
        points, strides = grid(128, 96)
        picture = torch.zeros(1, 3, 96, 128)
        picture[:, :, 20:80, 40:70] = 1.0
        goal = truth((0, 40, 20, 70, 80, 0))
        model = Detector()
        adam = torch.optim.AdamW(model.parameters(), lr=3e-3)
        costs = []
        for _ in range(40):
            cost, _ = loss(model(picture), goal, points, strides)
            adam.zero_grad()
            cost.backward()
            adam.step()
            costs.append(cost.item())
        self.assertLess(min(costs[-5:]), 0.5 * costs[0])


class Exporting(unittest.TestCase):
    def test_an_exported_model_can_be_trained_further(self) -> None:
        torch.manual_seed(1)
        model = Detector().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for values, low in ((module.running_mean, -0.1), (module.running_var, 0.5), (module.weight, 0.7)):
                    nn.init.uniform_(values, low, low + 0.6)
        pictures = torch.rand(2, 3, 96, 128)
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            file = Path(folder) / "model.onnx"
            export(model, file)
            again = detector_of(file)
            expected = model(pictures)
            torch.testing.assert_close(again(pictures), expected, rtol=1e-3, atol=1e-3)
            normalise(again, [pictures])
            torch.testing.assert_close(again(pictures), expected, rtol=1e-3, atol=1e-3)
            # As in training: by the means of the very pictures that were measured.
            torch.testing.assert_close(again.train()(pictures), expected, rtol=1e-2, atol=1e-2)


class Blending(unittest.TestCase):
    def test_between_two_detectors_lie_their_weights_and_the_pictures_are_measured_again(self) -> None:
        torch.manual_seed(5)
        first, second = Detector(), Detector()
        pictures = torch.rand(4, 3, 64, 96)
        detector = blend(first.state_dict(), second.state_dict(), 0.25, [pictures[:2], pictures[2:]])
        a, b, between = (network.stem[0].weight for network in (first, second, detector))
        torch.testing.assert_close(between, 0.75 * a + 0.25 * b)
        seen = detector.stem[0](pictures)
        torch.testing.assert_close(detector.stem[1].running_mean, seen.mean((0, 2, 3)))
        self.assertFalse(detector.training)


class Scoring(unittest.TestCase):
    def test_average_precision_of_a_known_case(self) -> None:
        blank = np.zeros((100, 100, 3), np.uint8)
        images = [Frame("a", blank, np.float32([[0, 0, 10, 10], [50, 50, 60, 60]]), np.float32([[80, 80, 99, 99]]))]
        found = boxes(
            (0, 0, 10, 10, 0.9, 0), (30, 30, 40, 40, 0.8, 0), (50, 50, 60, 60, 0.7, 0), (82, 82, 95, 95, 0.95, 0)
        )
        result = score(lambda _picture, _floor: found, images, (0,))
        # Right, wrong, right; the one in the ignored region counts for nothing: 0.5 * 1 + 0.5 * 2/3.
        self.assertAlmostEqual(result.ap50, 0.5 + 0.5 * 2 / 3, places=6)


if __name__ == "__main__":
    unittest.main()
