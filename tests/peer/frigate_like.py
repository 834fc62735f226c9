"""A pipeline like Frigate's from public parts, as a peer for `bench --only analysis`.

It does what Frigate's documentation describes and shares no code with it. For each camera: one ffmpeg that copies the stream into files
and decodes it to a few raw pictures a second, and one process that compares the brightness of a small picture with
its running average, groups what moves into square regions, has the regions looked at and follows what was found.
One process detects for all cameras, one picture at a time, with one thread.

    frigate_like.py --model model.onnx --size 640x360 --out DIR NAME=rtsp://... NAME=rtsp://...

Prints `ready` when every camera has delivered a picture. The end of standard input stops it; then it prints a line of
JSON: pictures seen, pictures with movement, detector calls, and things found.
"""

import argparse
import json
import multiprocessing as mp
import os
import queue
import signal
import subprocess
import sys
import threading
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

FPS = 5
# The detector's input, as Frigate's models have it.
SIDE = 320
STRIDES = (8, 16, 32)
SCORE = 0.4
MAX_BOXES = 20
# Motion: the defaults of Frigate's documentation.
MOTION_HEIGHT = 100
MOTION_THRESHOLD = 30
MOTION_CONTOUR = 10
FRAME_ALPHA = 0.01
CALIBRATION_ALPHA = 0.2
CALIBRATION_PICTURES = 30
# Something that stays for ten seconds is no longer looked at, unless something moves there.
STATIONARY_PICTURES = 10 * FPS
LOST_PICTURES = 5 * FPS


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--size", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("cameras", nargs="+")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))

    mp.set_start_method("fork")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = mp.Event()
    requests = mp.Queue()
    cameras = [Camera(*text.split("=", 1), width, height, arguments.out) for text in arguments.cameras]
    detector = mp.Process(target=detect, args=(arguments.model, cameras, requests))
    workers = [mp.Process(target=camera.run, args=(requests, stop)) for camera in cameras]
    for process in [detector, *workers]:
        process.start()
    for camera in cameras:
        camera.is_seen.wait()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for process in workers:
        process.join()
    requests.put(None)
    detector.join()
    print(json.dumps({what: sum(camera.counts[n] for camera in cameras) for n, what in enumerate(COUNTS)}), flush=True)
    for camera in cameras:
        camera.input.unlink()
        camera.output.unlink()


COUNTS = ("pictures", "moving", "detections", "objects")


class Camera:
    """One camera; made before the processes are forked."""

    def __init__(self, name, url, width, height, out):
        self.name, self.url, self.width, self.height = name, url, width, height
        self.folder = out / name
        self.input = SharedMemory(create=True, size=SIDE * SIDE * 3)
        self.output = SharedMemory(create=True, size=MAX_BOXES * 6 * 4)
        self.is_answered = mp.Event()
        self.is_seen = mp.Event()
        self.counts = mp.Array("q", len(COUNTS), lock=False)

    def tensor(self):
        return np.ndarray((SIDE, SIDE, 3), np.uint8, self.input.buf)

    def boxes(self):
        return np.ndarray((MAX_BOXES, 6), np.float32, self.output.buf)

    def run(self, requests, stop):
        parent = os.getppid()
        cv2.setNumThreads(0)
        self.folder.mkdir(parents=True)
        ffmpeg = subprocess.Popen(self.ffmpeg(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        pictures = queue.Queue(maxsize=2)
        threading.Thread(target=self.capture, args=(ffmpeg, pictures), daemon=True).start()
        motion = Motion(self.width, self.height)
        tracker = Tracker()
        while not stop.is_set() and os.getppid() == parent:
            try:
                picture = pictures.get(timeout=0.5)
            except queue.Empty:
                continue
            self.is_seen.set()
            moving = motion.boxes(picture[: self.height])
            self.counts[0] += 1
            self.counts[1] += bool(moving)
            regions = group(moving + tracker.to_look_at(moving), self.width, self.height)
            colour = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420) if regions else None
            found = [box for region in regions for box in self.look(colour, region, requests)]
            self.counts[2] += len(regions)
            self.counts[3] += len(found)
            if regions:
                tracker.update(suppressed(found))
        ffmpeg.terminate()
        ffmpeg.wait()

    def ffmpeg(self):
        """Frigate's `preset-rtsp-generic` and `preset-record-generic`, and its arguments for raw pictures."""
        before = "-nostdin -hide_banner -v error -threads 2 -avoid_negative_ts make_zero -fflags +genpts+discardcorrupt"
        before += " -rtsp_transport tcp -timeout 10000000 -use_wallclock_as_timestamps 1 -i"
        record = "-f segment -segment_time 10 -segment_format mp4 -reset_timestamps 1 -strftime 1 -c copy -an"
        raw = f"-r {FPS} -vf fps={FPS},scale={self.width}:{self.height} -threads 2 -f rawvideo -pix_fmt yuv420p pipe:"
        files = str(self.folder / "%H%M%S.mp4")
        return ["ffmpeg", *before.split(), self.url, *record.split(), files, *raw.split()]

    def capture(self, ffmpeg, pictures):
        """The newest pictures; what nobody has time for is dropped."""
        shape = (self.height * 3 // 2, self.width)
        while len(data := ffmpeg.stdout.read(shape[0] * shape[1])) == shape[0] * shape[1]:
            try:
                pictures.put_nowait(np.frombuffer(data, np.uint8).reshape(shape))
            except queue.Full:
                pass

    def look(self, colour, region, requests):
        """What the detector finds in a square region: boxes (x, y, x, y, score, class) in pixels of the picture."""
        x, y, side = region
        crop = colour[y : y + side, x : x + side]
        scale = SIDE / max(crop.shape[:2])
        small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        tensor = self.tensor()
        tensor[:] = 114
        tensor[: small.shape[0], : small.shape[1]] = small[:SIDE, :SIDE]
        self.is_answered.clear()
        requests.put(self.name)
        if not self.is_answered.wait(timeout=5):
            return []
        boxes = self.boxes()
        return [
            (x + b[0] / scale, y + b[1] / scale, x + b[2] / scale, y + b[3] / scale, b[4], b[5])
            for b in boxes[boxes[:, 4] > 0].tolist()
        ]


class Motion:
    """What moves, against a running average of the brightness of a picture 100 pixels high."""

    def __init__(self, width, height):
        self.scale = height / MOTION_HEIGHT
        self.size = (round(width / self.scale), MOTION_HEIGHT)
        self.average = None
        self.n = 0

    def boxes(self, luma):
        small = cv2.resize(luma, self.size, interpolation=cv2.INTER_LINEAR)
        low, high = np.percentile(small, (4, 96))
        if high > low:
            small = ((np.clip(small, low, high) - low) * (255 / (high - low))).astype(np.uint8)
        small = cv2.GaussianBlur(small, (3, 3), 1)
        if self.average is None:
            self.average = small.astype(np.float32)
        difference = cv2.absdiff(small, cv2.convertScaleAbs(self.average))
        _, mask = cv2.threshold(difference, MOTION_THRESHOLD, 255, cv2.THRESH_BINARY)
        mask = cv2.dilate(mask, None, iterations=1)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found = []
        for contour in contours:
            if cv2.contourArea(contour) > MOTION_CONTOUR:
                x, y, w, h = cv2.boundingRect(contour)
                found.append(tuple(int(v * self.scale) for v in (x, y, x + w, y + h)))
        self.n += 1
        is_calibrating = self.n <= CALIBRATION_PICTURES
        cv2.accumulateWeighted(small, self.average, CALIBRATION_ALPHA if is_calibrating else FRAME_ALPHA)
        return [] if is_calibrating else found


class Tracker:
    """Follows boxes by overlap, to know which have stopped."""

    def __init__(self):
        self.objects = []

    def update(self, found):
        rest = list(found)
        for thing in self.objects:
            best = max(rest, key=lambda box: overlap(box, thing["box"]), default=None)
            if best is None or overlap(best, thing["box"]) < 0.2:
                thing["lost"] += 1
                continue
            rest.remove(best)
            is_still = overlap(best, thing["box"]) > 0.9
            thing.update(box=best, lost=0, still=thing["still"] + 1 if is_still else 0)
        self.objects = [thing for thing in self.objects if thing["lost"] <= LOST_PICTURES]
        self.objects += [{"box": box, "lost": 0, "still": 0} for box in rest]

    def to_look_at(self, moving):
        return [
            tuple(int(v) for v in thing["box"][:4])
            for thing in self.objects
            if thing["still"] < STATIONARY_PICTURES or any(overlap(box, thing["box"]) > 0 for box in moving)
        ]


def group(boxes, width, height):
    """Square regions (x, y, side) that hold all boxes: none smaller than the detector's input, near boxes together."""
    regions = []
    for box in sorted(boxes):
        for i, other in enumerate(regions):
            both = (min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3]))
            if max(both[2] - both[0], both[3] - both[1]) <= SIDE / 1.2:
                regions[i] = both
                break
        else:
            regions.append(box)
    squares = set()
    for x0, y0, x1, y1 in regions:
        side = min(max(SIDE, int(max(x1 - x0, y1 - y0) * 1.2)), max(width, height))
        x = min(max((x0 + x1 - side) // 2, 0), max(width - side, 0))
        y = min(max((y0 + y1 - side) // 2, 0), max(height - side, 0))
        squares.add((x, y, side))
    return squares


def overlap(a, b):
    """Intersection over union."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    both = w * h
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def suppressed(boxes):
    kept = []
    for box in sorted(boxes, key=lambda box: -box[4]):
        if all(overlap(box, other) < 0.5 for other in kept):
            kept.append(box)
    return kept


def detect(model, cameras, requests):
    """The detector's process."""
    parent = os.getppid()
    cv2.setNumThreads(0)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    by_name = {camera.name: camera for camera in cameras}
    while os.getppid() == parent:
        try:
            request = requests.get(timeout=1)
        except queue.Empty:
            continue
        if request is None:
            break
        camera = by_name[request]
        tensor = camera.tensor().transpose(2, 0, 1)[None].astype(np.float32)
        boxes = camera.boxes()
        boxes[:] = 0
        found = decoded(session.run(None, {name: tensor})[0][0])[:MAX_BOXES]
        if len(found):
            boxes[: len(found)] = found
        camera.is_answered.set()


def cells():
    grids, steps = [], []
    for stride in STRIDES:
        n = SIDE // stride
        ys, xs = np.mgrid[:n, :n]
        grids.append(np.stack((xs, ys), 2).reshape(-1, 2))
        steps.append(np.full((n * n, 1), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(steps).astype(np.float32)


GRID, STEP = cells()


def decoded(raw):
    """YOLOX: x, y, w, h in cells, objectness, classes."""
    scores = raw[:, 4] * raw[:, 5:].max(1)
    keep = scores > SCORE
    raw, scores, grid, step = raw[keep], scores[keep], GRID[keep], STEP[keep]
    centre, half = (raw[:, :2] + grid) * step, np.exp(raw[:, 2:4]) * step / 2
    boxes = np.concatenate((centre - half, centre + half, scores[:, None], raw[:, 5:].argmax(1)[:, None]), 1)
    return suppressed([tuple(box) for box in boxes.tolist()])


if __name__ == "__main__":
    main()
