use super::*;
use crate::clock::Clock;

#[test]
fn a_sync_that_does_not_come_back_is_slow_while_it_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let footage = Footage::open(&dir.path().join("footage.db")).unwrap();
    let volume = Volume::open(&DiskName::main(), &dir.path().join("media"), &footage, WallTime(0)).unwrap();
    let began = Clock::simulated(WallTime(0)).instant();
    let state = |seconds| volume.report(began + Duration::from_secs(seconds)).state;
    *lock_of(&volume.syncing) = Some(began);
    assert_eq!((state(5), state(6)), (DiskState::Ok, DiskState::Slow));
    *lock_of(&volume.syncing) = None;
    assert_eq!(state(6), DiskState::Ok);
}
