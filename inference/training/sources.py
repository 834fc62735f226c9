"""Where the pictures are, what may be trained on and what is kept for the test.

The split is by video and by place, never by frame: no room, road or hall of a test video is in the training data.
`fall_s1` and `fall_s4` are two rooms, for training; `fall_s2`, `fall_s3`, `adl_s2` and `adl_s3` are a third room, all
of `hwy_*` is one road and all of `intel_one_by_one`/`crowd6` one hall: for the test alone.
"""

from dataclasses import dataclass
from pathlib import Path

PICTURE_SETS = (
    "rf100_vehicles",
    "openimages_vehicles",
    "coco_ccby",
    "coco_ccby_unlabelled",
    "roadside_india",
    "roadside_kabul",
    "river_drone",
)
"""Folders of licensed pictures: see sources.toml for licence, origin and faults of each."""


@dataclass(frozen=True)
class Video:
    """A video, and how many of its frames are looked at."""

    name: str
    every: int
    """One frame in so many."""
    people: int | None = None
    """It was looked at: so many people and nothing else of our classes are in it, whatever the teachers say."""


TRAIN_VIDEOS = (
    Video("fall_s1_15", 4, people=1),
    Video("fall_s4_03", 4, people=1),
    Video("fire_dollhouse", 30, people=0),
)
"""Videos whose frames are pseudo-labelled and trained on."""


@dataclass(frozen=True)
class TestVideo:
    """A video that the table of results is made of."""

    name: str
    every: int
    """One frame in so many."""
    group: str
    """What is scored on it: person or vehicle."""
    truth: str
    """`mot` for boxes that came with the video, `reference` for boxes made by three detectors on tiles."""
    people: int | None = None
    """As of [`Video`]."""
    same_as: str | None = None
    """The video, shot for shot, that its truth is taken from."""


TEST_VIDEOS = (
    TestVideo("intel_one_by_one_person", 10, "person", "mot"),
    TestVideo("crowd6_derived", 4, "person", "mot"),
    TestVideo("fall_s2_13", 5, "person", "reference", people=1),
    TestVideo("fall_s3_19", 4, "person", "reference", people=1),
    TestVideo("adl_s2_23", 5, "person", "reference", people=1),
    TestVideo("adl_s3_18", 6, "person", "reference", people=1),
    TestVideo("hwy_cars", 12, "vehicle", "reference"),
    TestVideo("hwy_cars_dark_derived", 12, "vehicle", "reference", same_as="hwy_cars"),
)
"""Left out: the other `hwy_*` files are the same frames again; `intel_car_topdown` is seen from straight above, where
none of the models here finds a vehicle, so that there is no reference to compare with."""


def data_of(shared: Path) -> Path:
    """The folder of pictures, videos and teachers.

    Raises:
        FileNotFoundError: when it is not there, with what to do.
    """
    data = shared / "data"
    if not (data / "train").is_dir() or not (data / "video").is_dir():
        raise FileNotFoundError(f"no training data in {data}: name its parent folder with --shared")
    return data
