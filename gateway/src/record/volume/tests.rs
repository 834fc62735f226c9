use super::*;
use crate::clock::Clock;

#[test]
fn what_does_not_come_back_is_slow_and_then_not_answered_while_it_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let footage = Footage::open(&dir.path().join("footage.db")).unwrap();
    let volume = Volume::new(&DiskName::main(), &dir.path().join("media"));
    let found = volume.look(&footage, WallTime(0)).unwrap().unwrap();
    volume.hold(found);
    let began = Clock::simulated(WallTime(0)).instant();
    let state = |seconds| volume.report(began + Duration::from_secs(seconds)).state;
    let asking = volume.ask(began);
    assert_eq!((state(5), state(6)), (DiskState::Ok, DiskState::Slow));
    assert_eq!((state(10), state(11)), (DiskState::Slow, DiskState::NotAnswering));
    drop(asking);
    assert_eq!(state(11), DiskState::Ok);
}
