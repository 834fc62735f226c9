//! Which disk a camera is recorded to, when the site file does not say.
//!
//! By rendezvous: of all disks the one with the highest score for this camera. So the answer depends on the names alone,
//! a camera does not wander from start to start, and a new disk takes only the cameras that it wins.

use crate::ids::{CameraId, DiskName};

/// The disk of `camera`; `None` when there is none at all.
#[must_use]
pub fn disk_of<'a>(camera: &CameraId, disks: &'a [DiskName]) -> Option<&'a DiskName> {
    disks.iter().max_by_key(|disk| (score(camera, disk), *disk))
}

/// FNV-1a, and the last step of SplitMix64, without which names that differ in their last letter would score alike.
fn score(camera: &CameraId, disk: &DiskName) -> u64 {
    // Neither name can hold a slash.
    let text = [disk.as_str(), "/", camera.as_str()];
    let hash = text.iter().flat_map(|part| part.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn disk(name: &str) -> DiskName {
        DiskName::new(name).unwrap()
    }

    fn camera(number: usize) -> CameraId {
        CameraId::new(&format!("cam{number}")).unwrap()
    }

    #[test]
    fn cameras_are_spread_evenly() {
        let disks = ["main", "b", "c", "d"].map(disk);
        for n in 1..=disks.len() {
            let mut counts = vec![0_usize; n];
            for camera in (0..400).map(camera) {
                let found = disk_of(&camera, &disks[..n]).unwrap();
                counts[disks.iter().position(|disk| disk == found).unwrap()] += 1;
            }
            let fair = 400 / n;
            assert!(counts.iter().all(|count| count.abs_diff(fair) <= fair / 4), "{counts:?}");
        }
    }

    #[test]
    fn the_answer_is_the_same_in_every_release() {
        let disks = ["main", "b"].map(disk);
        let found: Vec<&str> = (0..8).map(|n| disk_of(&camera(n), &disks).unwrap().as_str()).collect();
        assert_eq!(found, ["b", "b", "b", "main", "b", "b", "main", "main"]);
        assert_eq!(disk_of(&camera(0), &[]), None);
    }

    proptest! {
        #[test]
        fn a_new_disk_moves_only_what_it_takes(
            names in proptest::collection::btree_set("[a-z0-9]{1,8}", 2..6),
            number in 0_usize..10_000,
            reversed in any::<bool>(),
        ) {
            let mut disks: Vec<DiskName> = names.iter().map(|name| disk(name)).collect();
            let after = disk_of(&camera(number), &disks).unwrap().clone();
            let new = disks.pop().unwrap();
            if reversed {
                disks.reverse();
            }
            let before = disk_of(&camera(number), &disks).unwrap();
            prop_assert!(after == new || after == *before, "{before} became {after} when {new} came");
        }
    }
}
