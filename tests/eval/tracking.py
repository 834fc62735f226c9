"""Scores tracks against boxes: ours, and those that a published ByteTrack makes of the same detections.

    python tracking.py JOBS.json        rows of the table on standard output, as JSON
    python tracking.py --self-test      the measures on cases whose answer is known

`motmetrics` (MIT) measures, `trackers` (Apache-2.0) tracks. A box is right from an overlap (IoU) of 0.5 on.
Who is hidden by three quarters or smaller than 20 pixels is neither asked for nor held against anybody, as the
MOTChallenge does it: such a true box and the found one that lies on it are taken out before anything is counted.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import motmetrics as mm
import numpy as np
import supervision as sv
from scipy.optimize import linear_sum_assignment
from trackers import ByteTrackTracker

IOU = 0.5
LEAST_VISIBLE = 0.25
LEAST_HEIGHT_PX = 20
GROUPS = {"person": ({1}, {"person"}), "vehicle": ({4, 5, 6}, {"car", "bus", "truck"})}
"""Classes of the truth (MOTChallenge rows) and of detections and tracks."""
LEAST_BOXES = 200
"""Below that, a group says nothing."""
STRONG = 0.35
LOST_S = 3
"""Our tracker's thresholds, given to both: the published defaults (0.7 and 0.6) are for a detector with other scores."""

Boxes = dict[int, list[tuple[int, np.ndarray]]]
"""By frame, from 0: identity and left, top, width, height in pixels."""


def truth_of(path: Path, classes: set[int]) -> tuple[Boxes, dict[int, list[np.ndarray]]]:
    """What is asked for, and what is not to be held against anybody."""
    asked, ignored = defaultdict(list), defaultdict(list)
    for row in np.loadtxt(path, delimiter=",", ndmin=2):
        if int(row[7]) not in classes:
            continue
        frame, box = int(row[0]) - 1, row[2:6]
        if row[8] >= LEAST_VISIBLE and box[3] >= LEAST_HEIGHT_PX:
            asked[frame].append((int(row[1]), box))
        else:
            ignored[frame].append(box)
    return asked, ignored


def ltwh(rect: dict[str, float], width: int, height: int) -> np.ndarray:
    """A normalised rectangle in pixels, cut at the picture's border as the truth is."""
    x0, x1 = (min(max(rect[key], 0.0), 1.0) * width for key in ("x0", "x1"))
    y0, y1 = (min(max(rect[key], 0.0), 1.0) * height for key in ("y0", "y1"))
    return np.array([x0, y0, x1 - x0, y1 - y0])


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def our_tracks(job: dict, names: set[str]) -> Boxes:
    """Tracks that were seen in the picture; those that are only expected to be somewhere are no answer of ByteTrack's."""
    found: Boxes = {}
    for line in lines_of(Path(job["folder"]) / "tracks.jsonl"):
        frame = round(line["pts_90k"] / 90_000 * job["clip_fps"])
        seen = [t for t in line["tracks"] if t["class"] in names and t["last_seen"] >= line["pts_90k"]]
        found[frame] = [(t["id"], ltwh(t["rect"], job["width"], job["height"])) for t in seen]
    return found


def byte_tracks(job: dict, names: set[str]) -> Boxes:
    rate = min(job["rate"], job["clip_fps"])
    tracker = ByteTrackTracker(
        lost_track_buffer=30 * LOST_S,
        frame_rate=rate,
        track_activation_threshold=STRONG,
        high_conf_det_threshold=STRONG,
        minimum_consecutive_frames=2,
    )
    found: Boxes = {}
    for line in lines_of(Path(job["folder"]) / "detections.jsonl"):
        frame = round(line["pts_90k"] / 90_000 * job["clip_fps"])
        wanted = [d for d in line["detections"] if d["class"] in names]
        boxes = np.array([ltwh(d["rect"], job["width"], job["height"]) for d in wanted]).reshape(-1, 4)
        xyxy = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1).astype(np.float32)
        scores = np.array([d["confidence"] for d in wanted], np.float32)
        out = tracker.update(sv.Detections(xyxy=xyxy, confidence=scores, class_id=np.zeros(len(wanted), int)))
        ids = out.tracker_id if out.tracker_id is not None else []
        found[frame] = [
            (int(i), np.array([x0, y0, x1 - x0, y1 - y0]))
            for i, (x0, y0, x1, y1) in zip(ids, out.xyxy, strict=True)
            if i >= 0
        ]
    return found


def overlap(a: list[np.ndarray], b: list[np.ndarray]) -> np.ndarray:
    """IoU `[len(a), len(b)]`."""
    if not a or not b:
        return np.zeros((len(a), len(b)))
    (ax, ay, aw, ah), (bx, by, bw, bh) = np.array(a).T[:, :, None], np.array(b).T[:, None, :]
    wide = np.minimum(ax + aw, bx + bw) - np.maximum(ax, bx)
    high = np.minimum(ay + ah, by + bh) - np.maximum(ay, by)
    shared = np.clip(wide, 0, None) * np.clip(high, 0, None)
    return shared / (aw * ah + bw * bh - shared)


def accumulate(asked: Boxes, ignored: dict[int, list[np.ndarray]], found: Boxes) -> mm.MOTAccumulator:
    """One clip: only the pictures that were looked at."""
    kept = mm.MOTAccumulator(auto_id=True)
    for frame in sorted(found):
        true, unasked, answers = asked.get(frame, []), ignored.get(frame, []), found[frame]
        shares = overlap([b for _, b in true] + unasked, [b for _, b in answers])
        rows, columns = linear_sum_assignment(-np.where(shares >= IOU, shares, 0))
        excused = {c for r, c in zip(rows, columns, strict=True) if r >= len(true) and shares[r, c] >= IOU}
        left = [at for at in range(len(answers)) if at not in excused]
        shares = shares[: len(true), left]
        distances = np.where(shares >= IOU, 1 - shares, np.nan)
        kept.update([i for i, _ in true], [answers[at][0] for at in left], distances)
    return kept


def measure(kept: list[mm.MOTAccumulator]) -> dict[str, float]:
    names = ["idf1", "mota", "num_switches", "num_objects"]
    table = mm.metrics.create().compute_many(kept, metrics=names, names=range(len(kept)), generate_overall=True)
    return table.loc["OVERALL"].to_dict()


def rows(jobs: list[dict]) -> list[dict]:
    kept: dict[tuple, list[mm.MOTAccumulator]] = defaultdict(list)
    for job in jobs:
        for group, (classes, names) in GROUPS.items():
            asked, ignored = truth_of(Path(job["boxes"]), classes)
            for tracker, track in (("ours", our_tracks), ("bytetrack", byte_tracks)):
                found = track(job, names)
                if sum(len(asked.get(frame, [])) for frame in found):
                    key = (job["model"], job["origin"], group, job["rate"], tracker)
                    kept[key].append(accumulate(asked, ignored, found))
    table = []
    for (model, origin, group, rate, tracker), parts in kept.items():
        m = measure(parts)
        if m["num_objects"] < LEAST_BOXES:
            continue
        table.append(
            {"model": model, "origin": origin, "group": group, "rate": rate, "tracker": tracker, "clips": len(parts)}
            | {"idf1": float(m["idf1"]), "mota": float(m["mota"])}
            | {"switches": int(m["num_switches"]), "truth": int(m["num_objects"])}
        )
    return table


def self_test() -> None:
    def box(x: float) -> np.ndarray:
        return np.array([x, 0.0, 10.0, 30.0])

    asked: Boxes = {frame: [(1, box(frame)), (2, box(frame + 100))] for frame in range(10)}

    def check(found: Boxes, idf1: float, mota: float, switches: int, ignored: dict | None = None) -> None:
        m = measure([accumulate(asked, ignored or {}, found)])
        got = (round(m["idf1"], 6), round(m["mota"], 6), int(m["num_switches"]))
        assert got == (round(idf1, 6), round(mota, 6), switches), got

    check(asked, 1, 1, 0)
    # Both change their identity in the middle: half of the boxes carry the right one, and two switches of twenty boxes.
    check({f: [(i + (2 if f >= 5 else 0), b) for i, b in boxes] for f, boxes in asked.items()}, 0.5, 0.9, 2)
    # One is never found.
    check({f: boxes[:1] for f, boxes in asked.items()}, 2 * 10 / (20 + 10), 0.5, 0)
    # A third is found that is not there, and forgiven where something hidden lies.
    more = {f: [*boxes, (9, box(300.0))] for f, boxes in asked.items()}
    check(more, 2 * 20 / (20 + 30), 0.5, 0)
    check(more, 1, 1, 0, {f: [box(300.0)] for f in range(10)})
    # Only the pictures that were looked at count.
    check({f: asked[f] for f in (0, 4, 8)}, 1, 1, 0)


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        self_test()
        json.dump(rows(json.loads(Path(sys.argv[1]).read_text())), sys.stdout)
