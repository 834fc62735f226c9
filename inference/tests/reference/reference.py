#!/usr/bin/env python3
"""Writes expected.json: what the models of ../shared see in a few frames, computed without the Rust code.

Needs ffmpeg, numpy and onnxruntime 1.31.1:
    python3 inference/tests/reference/reference.py ../shared > inference/tests/reference/expected.json

Boxes are [x0, y0, x1, y1] in shares of the picture; only classes that the product maps are kept, with a score of 0.25
or more, after suppression within each class.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime

FLOOR = 0.25
CLASSES = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
CLASSES |= {i: "animal" for i in range(15, 24)}

FRAMES = [
    ("crowd6_derived", 120, 768, 432),
    ("crowd6_derived", 230, 768, 432),
    ("intel_one_by_one_person", 150, 768, 432),
    ("hwy_cars", 350, 640, 480),
    ("fall_s1_15", 20, 640, 480),
]
# Inputs (width, height) by picture size, for models that take any.
FREE = {(768, 432): (640, 384), (640, 480): (576, 416)}


def decode_frame(path, index, width, height):
    # Chroma interpolated as the product does it, instead of ffmpeg's default of repeating it.
    filters = f"select=eq(n\\,{index}),scale=flags=bilinear+full_chroma_int+full_chroma_inp+accurate_rnd"
    command = ["ffmpeg", "-v", "error", "-i", path, "-vf", filters, "-frames:v", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3).astype(np.float32)


def resize(picture, width, height):
    """Bilinear, centres to centres."""

    def axis(source, target):
        at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
        low = np.minimum(at.astype(int), source - 2)
        return low, (at - low).astype(np.float32)

    y, wy = axis(picture.shape[0], height)
    x, wx = axis(picture.shape[1], width)
    rows = picture[y] * (1 - wy)[:, None, None] + picture[y + 1] * wy[:, None, None]
    return rows[:, x] * (1 - wx)[None, :, None] + rows[:, x + 1] * wx[None, :, None]


def letterbox(picture, width, height, pad, centred):
    scale = min(width / picture.shape[1], height / picture.shape[0])
    w, h = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    left, top = ((width - w) // 2, (height - h) // 2) if centred else (0, 0)
    out = np.full((height, width, 3), pad, np.float32)
    out[top : top + h, left : left + w] = resize(picture, w, h)
    return out, np.array([left, top, left, top]), np.array([w, h, w, h])


def tensor(picture):
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)


def grid(width, height, strides):
    points = []
    for stride in strides:
        h, w = -(-height // stride), -(-width // stride)
        ys, xs = np.mgrid[:h, :w]
        points.append(np.stack([xs.ravel(), ys.ravel(), np.full(h * w, stride)], 1))
    return np.concatenate(points).astype(np.float32)


def corners(centre):
    x, y, w, h = centre.T
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)


def yolox(session, picture, size):
    boxed, offset, content = letterbox(picture[:, :, ::-1], *size, 114, False)
    out = session.run(None, {session.get_inputs()[0].name: tensor(boxed)})[0][0]
    cells = grid(*size, (8, 16, 32))
    centre = np.concatenate([(out[:, :2] + cells[:, :2]) * cells[:, 2:], np.exp(out[:, 2:4]) * cells[:, 2:]], 1)
    return (corners(centre) - offset) / content, out[:, 4:5] * out[:, 5:], 0.45


def nanodet(session, picture, size):
    boxed, offset, content = letterbox(picture[:, :, ::-1], *size, 0, False)
    boxed = (boxed - np.array([103.53, 116.28, 123.675])) / np.array([57.375, 57.12, 58.395])
    out = session.run(None, {session.get_inputs()[0].name: tensor(boxed)})[0][0]
    cells = grid(*size, (8, 16, 32, 64))
    logits = out[:, 80:].reshape(-1, 4, 8)
    share = np.exp(logits - logits.max(2, keepdims=True))
    distance = (share * np.arange(8)).sum(2) / share.sum(2) * cells[:, 2:]
    point = cells[:, :2] * cells[:, 2:]
    boxes = np.concatenate([point - distance[:, :2], point + distance[:, 2:]], 1)
    return (boxes - offset) / content, out[:, :80], 0.6


def nanodet_v1(session, picture, size):
    boxed, offset, content = letterbox(picture[:, :, ::-1], *size, 0, False)
    boxed = (boxed - np.array([103.53, 116.28, 123.675])) / np.array([57.375, 57.12, 58.395])
    out = session.run(None, {session.get_inputs()[0].name: tensor(boxed)})
    scores, logits = np.concatenate(out[:3], 1)[0], np.concatenate(out[3:], 1)[0].reshape(-1, 4, 8)
    cells = grid(*size, (8, 16, 32))
    share = np.exp(logits - logits.max(2, keepdims=True))
    distance = (share * np.arange(8)).sum(2) / share.sum(2) * cells[:, 2:]
    point = (cells[:, :2] + 0.5) * cells[:, 2:]
    boxes = np.concatenate([point - distance[:, :2], point + distance[:, 2:]], 1)
    return (boxes - offset) / content, scores, 0.6


def ultralytics(session, picture, size):
    boxed, offset, content = letterbox(picture, *size, 114, True)
    out = session.run(None, {session.get_inputs()[0].name: tensor(boxed / 255)})[0][0].T
    return (corners(out[:, :4]) - offset) / content, out[:, 4:], 0.45


def detr(session, picture, size):
    stretched = resize(picture, *size) / 255
    inputs = {"images": tensor(stretched), "orig_target_sizes": np.array([[1000, 1000]], np.int64)}
    labels, boxes, scores = (v[0] for v in session.run(["labels", "boxes", "scores"], inputs))
    table = np.zeros((len(labels), 80), np.float32)
    table[np.arange(len(labels)), labels] = scores
    return boxes / 1000, table, 0.8


MODELS = [
    ("yolox_nano_dyn.onnx", yolox, None),
    ("yolox_nano_416.onnx", yolox, (416, 416)),
    ("person_yolox1c_192.onnx", yolox, (192, 192)),
    ("nanodet_plus_m_1.5x_dyn.onnx", nanodet, None),
    ("nanodet_plus_m_dyn.onnx", nanodet, None),
    ("nanodet_plus_m_1.5x_416_int8qdq.onnx", nanodet, (416, 416)),
    ("nanodet_m_416.onnx", nanodet_v1, (416, 416)),
    ("deimv2_femto_416.onnx", detr, (416, 416)),
    ("deimv2_atto_320.onnx", detr, (320, 320)),
    ("compat-agpl/yolov8n_640_int8qdq.onnx", ultralytics, (640, 640)),
]


def overlap(a, b):
    side = np.maximum(np.minimum(a[2:], b[:, 2:]) - np.maximum(a[:2], b[:, :2]), 0)
    shared = side[:, 0] * side[:, 1]
    area = lambda r: (r[..., 2] - r[..., 0]) * (r[..., 3] - r[..., 1])
    return shared / (area(a) + area(b) - shared)


def suppress(boxes, table, limit):
    index, score = table.argmax(1), table.max(1)
    found = [
        (CLASSES[i], float(s), np.clip(b, 0, 1))
        for i, s, b in zip(index.tolist(), score, boxes)
        if s >= FLOOR and i in CLASSES
    ]
    kept = []
    for box in sorted(found, key=lambda box: -box[1]):
        same = [k[2] for k in kept if k[0] == box[0]]
        if not same or overlap(box[2], np.array(same)).max() <= limit:
            kept.append(box)
    return [
        {"class": name, "score": round(score, 4), "rect": [round(float(v), 4) for v in rect]}
        for name, score, rect in kept
    ]


def main():
    shared = pathlib.Path(sys.argv[1])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    sessions = {
        name: onnxruntime.InferenceSession(
            shared / "data/models" / name, options, providers=["CPUExecutionProvider"]
        )
        for name, _, _ in MODELS
    }
    results = []
    for video, index, width, height in FRAMES:
        picture = decode_frame(shared / f"data/video/{video}.mp4", index, width, height)
        for name, family, size in MODELS:
            size = size or FREE[width, height]
            boxes = suppress(*family(sessions[name], picture, size))
            result = {"video": video, "frame": index, "width": width, "height": height, "model": name}
            results.append(result | {"input": list(size), "boxes": boxes})
    print("[\n" + ",\n".join(json.dumps(result) for result in results) + "\n]")


if __name__ == "__main__":
    main()
