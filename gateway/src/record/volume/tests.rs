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

#[test]
fn a_disk_that_the_start_gave_up_is_well_when_it_is_in_use_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let footage = Footage::open(&dir.path().join("footage.db")).unwrap();
    let volume = Volume::new(&DiskName::main(), &dir.path().join("media"));
    let began = Clock::simulated(WallTime(0)).instant();
    let at = |seconds| began + Duration::from_secs(seconds);
    let state = |seconds| volume.report(at(seconds)).state;
    let asking = volume.ask(began);
    volume.give_up();
    let found = volume.look(&footage, WallTime(0)).unwrap().unwrap();
    asking.again(at(20));
    assert_eq!(state(21), DiskState::NotAnswering, "it answers, and its files are not in order yet");
    volume.hold(found);
    assert_eq!(state(21), DiskState::Ok);
}
