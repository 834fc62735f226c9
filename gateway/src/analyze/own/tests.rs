//! Both sides of the way in one process, with the built-in detector in the real ONNX Runtime.

use std::{path::Path, sync::mpsc, thread};

use sharpeyes_domain::time::{Pts, WallTime};
use sharpeyes_inference::{ColourSpace, Detector, Runtime, built_in};

use super::*;
use crate::{analyze::decode::FramePlane, clock::Clock};

const LOOKS: usize = 40;
/// Nothing here takes a tenth of it on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Runtime::load(&root.join(".cache/onnxruntime/libonnxruntime.so")).unwrap()
}

/// Of the size that sub streams have, with rows longer than they need be, and full of edges.
fn frame(seed: usize) -> Frame {
    let plane = |rows: usize, stride: usize, step: usize| FramePlane {
        data: (0..rows * stride).map(|at| u8::try_from((at * step / 7 + seed * 31) % 251).unwrap()).collect(),
        stride,
    };
    Frame {
        pts: Pts(0),
        wall: WallTime(0),
        width_px: 640,
        height_px: 360,
        colour: ColourSpace::default(),
        planes: std::sync::Arc::new([plane(360, 672, 5), plane(180, 336, 3), plane(180, 336, 2)]),
    }
}

#[test]
fn a_detector_behind_the_way_sees_what_it_sees_before_it_to_the_last_bit() {
    let (runtime, floor) = (runtime(), Confidence::new(0.001));
    let open = || Detector::open(&runtime, &built_in(), DetectorOptions::default()).unwrap();
    let pictures = File::from(memfd_create("pictures", MemfdFlags::CLOEXEC).unwrap());
    let (line, theirs) = UnixStream::pair().unwrap();
    let (there, mut other) = (pictures.try_clone().unwrap(), open());
    let process =
        thread::spawn(move || child::answer_all(theirs, &there, &mut other, Duration::from_secs(60)));
    let mut way = Way { pictures, line };
    assert!(matches!(wire::receive(&mut way.line).unwrap(), Reply::Ready));

    let mut here = open();
    let part = NormRect { x0: 0.2, y0: 0.3, x1: 0.7, y1: 0.9 };
    let mut n_boxes = 0;
    for n in 0..8 {
        let (frame, part) = (frame(n), (n % 4 == 3).then_some(part));
        let expected = here.detect_in(&frame.picture(), part, floor).unwrap();
        let Reply::Seen(found) = way.ask(&frame, part, floor).unwrap() else { panic!("boxes") };
        n_boxes += found.len();
        assert_eq!(found, expected, "picture {n}");
    }
    assert!(n_boxes > 0, "nothing was compared");

    // What it costs, with as many boxes as there are usually.
    let (mut inside, mut own, clock) = (Vec::new(), Vec::new(), Clock::system());
    let (frame, usual) = (frame(0), Confidence::new(0.35));
    for _ in 0..LOOKS {
        let began = clock.instant();
        here.detect_in(&frame.picture(), None, usual).unwrap();
        let between = clock.instant();
        way.ask(&frame, None, usual).unwrap();
        own.push(between.elapsed());
        inside.push(between - began);
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    eprintln!("a look at 640x360: {:?} inside, {:?} over the way", median(&mut inside), median(&mut own));
    drop(way);
    process.join().unwrap().unwrap();
}

#[test]
fn a_picture_that_panics_ends_its_process_and_does_not_hang_it() {
    let pictures = File::from(memfd_create("pictures", MemfdFlags::CLOEXEC).unwrap());
    let (mut line, theirs) = UnixStream::pair().unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut detector = Detector::open(&runtime(), &built_in(), DetectorOptions::default()).unwrap();
    let process =
        thread::spawn(move || child::answer_all(theirs, &pictures, &mut detector, Duration::from_secs(60)));
    assert!(matches!(wire::receive(&mut line).unwrap(), Reply::Ready));
    // No memory is as long as that.
    let planes = [usize::MAX, 0, 0].map(|bytes| PlaneSize { bytes, stride: 1 });
    let (colour, floor) = (ColourSpace::default(), Confidence::new(0.5));
    let look = Look { width_px: 2, height_px: 2, colour, planes, part: None, floor };
    wire::send(&mut line, &look).unwrap();
    let error = wire::receive::<Reply>(&mut line).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
    assert!(process.join().is_err(), "it is the panic that ends it");
}

/// A process that answers nothing and ends only when it is killed.
fn mute() -> Process {
    let pictures = File::from(memfd_create("pictures", MemfdFlags::CLOEXEC).unwrap());
    let (line, _) = UnixStream::pair().unwrap();
    let child = Command::new("sleep").arg("600").spawn().unwrap();
    let ending = Ending { child: Arc::new(Mutex::new(child)), is_asked: Arc::default() };
    Process { ending, way: Way { pictures, line }, dying: None }
}

/// Runs it on a thread of its own and says what it returned; fails when it does not return.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    is_done.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what} does not return"))
}

#[test]
fn who_waits_for_a_process_that_does_not_end_keeps_nobody_from_ending_it() {
    let process = mute();
    let ending = process.ending();
    // As the line of a process that hangs on its way out.
    let waiting = thread::spawn(move || process.ended(&io::ErrorKind::UnexpectedEof.into()));
    thread::sleep(Duration::from_millis(300));
    assert!(!waiting.is_finished());
    in_time("ending it", move || ending.end());
    let answer = in_time("waiting for it", move || waiting.join().unwrap());
    assert_eq!(answer, NoAnswer::Hung);
}

#[test]
fn at_the_start_of_the_service_a_process_that_does_not_end_is_waited_for_only_so_long() {
    let mut process = mute();
    process.wait_at_most(PATIENCE);
    let ending = process.ending();
    let answer = in_time("the start", move || process.ended(&io::ErrorKind::UnexpectedEof.into()));
    assert_eq!(answer, NoAnswer::Hung);
    assert!(ending.lock().try_wait().unwrap().is_some(), "dropped, it was killed");
}

#[test]
fn what_ended_a_process_is_said_by_its_name() {
    let check = |script: &str, expected: &str| {
        let status = Command::new("sh").args(["-c", script]).status().unwrap();
        assert!(how(status).starts_with(expected), "{script}: {}", how(status));
    };
    check("kill -SEGV $$", "SIGSEGV");
    check("kill -ABRT $$", "SIGABRT");
    check("kill -KILL $$", "SIGKILL");
    check("kill -USR1 $$", "signal 10");
    check("exit 101", "exit code 101");
}
