//! The simulated cameras, seen by a real RTSP client over TCP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    future::Future,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use retina::codec::{CodecItem, VideoFrame};
use sharpeyes_domain::{
    ids::{CameraId, StreamKind},
    media::{VideoCodec, nal_units},
};
use sharpeyes_tests::{
    camsim::{
        Audio, CamSim, CamSimConfig, CamSimError, CameraConfig, Clip, Fault, ForeignCodec, Login, Origin,
        Unfit, prepare,
    },
    samples::Sample,
    scene::Scene,
    shared::{self, Shared},
    viewer::Viewer,
};

/// Nothing here takes a tenth of this on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("in time")
}

fn camera(id: &str, sample: Sample) -> CameraConfig {
    CameraConfig::new(CameraId::new(id).unwrap(), sample.path().unwrap())
}

fn start(cameras: Vec<CameraConfig>) -> CamSim {
    let config = CamSimConfig { port: 0, cache: shared::cache(), cameras, keep_sent: true };
    CamSim::start(config).unwrap()
}

fn login(user: &str, password: &str) -> Login {
    Login { user: user.to_owned(), password: password.to_owned() }
}

fn payload(codec: VideoCodec, frame: &VideoFrame) -> Vec<Bytes> {
    nal_units(frame.data()).filter(|nal| Clip::is_payload(codec, nal)).map(Bytes::copy_from_slice).collect()
}

/// Two rounds and more of one clip: every picture is the file's, in order, evenly spaced, over the seam too.
async fn plays_round_after_round(sample: Sample, codec: VideoCodec) {
    let simulator = start(vec![camera("a", sample)]);
    let id = CameraId::new("a").unwrap();
    for kind in [StreamKind::Main, StreamKind::Sub] {
        let clip = simulator.clip(&id, kind).unwrap();
        assert_eq!(clip.codec, codec);
        let mut viewer = soon(Viewer::open(&simulator.url("a", kind), None)).await.unwrap();
        let mut before: Option<(usize, i64)> = None;
        for position in 0..2 * clip.len() + 5 {
            let frame = soon(viewer.picture()).await.unwrap();
            let found = payload(codec, &frame);
            let ticks = frame.timestamp().timestamp();
            let index = match before {
                None => {
                    (0..clip.len()).find(|index| clip.nals(*index) == found).expect("a picture of the clip")
                }
                Some((last, _)) => (last + 1) % clip.len(),
            };
            assert_eq!(found, clip.nals(index), "{kind:?} picture {position} is unit {index}, byte for byte");
            assert_eq!(frame.is_random_access_point(), clip.video.units[index].is_keyframe);
            assert_eq!(frame.loss(), 0);
            if let Some((_, last)) = before {
                let spacing = 90_000 * i64::try_from(clip.video.end.as_millis()).unwrap()
                    / (1000 * i64::try_from(clip.len()).unwrap());
                assert!(
                    (ticks - last - spacing).abs() <= 90,
                    "{} ticks after unit {index}'s predecessor",
                    ticks - last
                );
            } else {
                assert!(frame.is_random_access_point(), "a session begins with a keyframe");
            }
            before = Some((index, ticks));
        }
        let sent = simulator.sent(&id, kind);
        assert!(
            sent.windows(2).all(|pair| pair[1].media > pair[0].media && pair[1].instant >= pair[0].instant)
        );
        assert!(sent.iter().map(|unit| unit.round).max() > sent.iter().map(|unit| unit.round).min());
    }
}

#[tokio::test]
async fn h264_plays_round_after_round() {
    plays_round_after_round(Sample::H264, VideoCodec::H264).await;
}

#[tokio::test]
async fn h265_plays_round_after_round() {
    plays_round_after_round(Sample::H265, VideoCodec::H265).await;
}

#[tokio::test]
async fn either_codec_can_be_asked_of_any_file() {
    let mut one = camera("a", Sample::H264);
    one.codec = Some(VideoCodec::H265);
    let mut other = camera("b", Sample::H265);
    other.codec = Some(VideoCodec::H264);
    let simulator = start(vec![one, other]);
    for (id, encoding) in [("a", "h265"), ("b", "h264")] {
        for kind in [StreamKind::Main, StreamKind::Sub] {
            let mut viewer = soon(Viewer::open(&simulator.url(id, kind), None)).await.unwrap();
            assert_eq!(viewer.encodings(), [encoding]);
            soon(viewer.picture()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_password_is_asked_by_digest_per_camera() {
    let mut gate = camera("gate", Sample::H264);
    gate.login = Some(login("gate", "open sesame"));
    let mut yard = camera("yard", Sample::H264);
    yard.login = Some(login("yard", "other"));
    let simulator = start(vec![gate, yard, camera("free", Sample::H264)]);
    let url = simulator.url("gate", StreamKind::Sub);
    let right = login("gate", "open sesame");
    soon(soon(Viewer::open(&url, Some(&right))).await.unwrap().picture()).await.unwrap();
    for wrong in [Some(login("gate", "no")), Some(login("nobody", "no")), Some(login("yard", "other")), None]
    {
        let error = soon(Viewer::open(&url, wrong.as_ref())).await.err().expect("refused");
        assert!(format!("{error:?}").contains("401"), "{error:?}");
    }
    let free = simulator.url("free", StreamKind::Sub);
    soon(soon(Viewer::open(&free, None)).await.unwrap().picture()).await.unwrap();
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let mut known = camera("a", Sample::H264);
    known.login = Some(login("u", "p"));
    let simulator = start(vec![known]);
    for path in ["b/main", "a/third", ""] {
        let url = format!("rtsp://127.0.0.1:{}/{path}", simulator.port());
        let error = soon(Viewer::open(&url, Some(&login("u", "p")))).await.err().expect("refused");
        assert!(format!("{error:?}").contains("404"), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn sound_comes_beside_the_pictures_when_asked() {
    let mut cameras = Vec::new();
    for (id, audio) in
        [("aac", Audio::Aac), ("pcmu", Audio::Pcmu), ("pcma", Audio::Pcma), ("none", Audio::None)]
    {
        let mut camera = camera(id, Sample::H264);
        camera.audio = audio;
        cameras.push(camera);
    }
    let simulator = start(cameras);
    for (id, encoding) in
        [("aac", Some("mpeg4-generic")), ("pcmu", Some("pcmu")), ("pcma", Some("pcma")), ("none", None)]
    {
        let mut viewer = soon(Viewer::open(&simulator.url(id, StreamKind::Main), None)).await.unwrap();
        let expected: Vec<&str> = ["h264"].into_iter().chain(encoding).collect();
        assert_eq!(viewer.encodings(), expected);
        // Past the seam of a clip of two seconds.
        let (mut pictures, mut sounds, mut last) = (0, 0, i64::MIN);
        while pictures < 45 {
            match soon(viewer.next()).await.unwrap() {
                CodecItem::VideoFrame(_) => pictures += 1,
                CodecItem::AudioFrame(frame) => {
                    assert!(frame.timestamp().timestamp() > last, "{id}: sound goes back in time");
                    last = frame.timestamp().timestamp();
                    sounds += 1;
                }
                _ => {}
            }
        }
        assert_eq!(sounds > 30, encoding.is_some(), "{id}: {sounds} sound frames");
    }
}

#[tokio::test]
async fn twenty_cameras_play_at_once() {
    let cameras = (0..20)
        .map(|index| camera(&format!("c{index}"), if index % 4 == 0 { Sample::H265 } else { Sample::H264 }))
        .collect();
    let simulator = start(cameras);
    let viewers = (0..20).map(|index| {
        let url = simulator.url(&format!("c{index}"), StreamKind::Sub);
        tokio::spawn(async move {
            let mut viewer = Viewer::open(&url, None).await?;
            for _ in 0..30 {
                viewer.picture().await?;
            }
            anyhow::Ok(())
        })
    });
    for result in soon(futures::future::join_all(viewers)).await {
        result.unwrap().unwrap();
    }
}

#[tokio::test]
async fn viewers_come_and_go_and_each_begins_with_a_keyframe() {
    let simulator = start(vec![camera("a", Sample::H264)]);
    let url = simulator.url("a", StreamKind::Main);
    let mut first = soon(Viewer::open(&url, None)).await.unwrap();
    soon(first.picture()).await.unwrap();
    let mut second = soon(Viewer::open(&url, None)).await.unwrap();
    assert!(soon(second.picture()).await.unwrap().is_random_access_point());
    for _ in 0..20 {
        soon(second.picture()).await.unwrap();
        soon(first.picture()).await.unwrap();
    }
    soon(first.close()).await.unwrap();
    for _ in 0..20 {
        soon(second.picture()).await.unwrap();
    }
    // Gone without TEARDOWN, as a killed process is.
    drop(second);
    let mut third = soon(Viewer::open(&url, None)).await.unwrap();
    assert!(soon(third.picture()).await.unwrap().is_random_access_point());
    let sent = simulator.sent(&CameraId::new("a").unwrap(), StreamKind::Main);
    assert!(
        sent.windows(2).all(|pair| pair[1].media > pair[0].media),
        "the timeline is the camera's, not a viewer's"
    );
}

#[tokio::test]
async fn a_silent_stream_plays_nothing_and_disturbs_nobody() {
    let mut camera = camera("a", Sample::H264);
    camera.sub_fault = Some(Fault::Silent);
    camera.audio = Audio::Pcmu;
    let simulator = start(vec![camera]);
    let mut silent = soon(Viewer::open(&simulator.url("a", StreamKind::Sub), None)).await.unwrap();
    let mut healthy = soon(Viewer::open(&simulator.url("a", StreamKind::Main), None)).await.unwrap();
    let pictures = async {
        for _ in 0..30 {
            healthy.picture().await.unwrap();
        }
    };
    let media = async {
        loop {
            // RTCP reports are no media.
            if let CodecItem::VideoFrame(_) | CodecItem::AudioFrame(_) = silent.next().await.unwrap() {
                return;
            }
        }
    };
    tokio::select! {
        () = soon(pictures) => {}
        () = media => panic!("a silent stream sent media"),
    }
}

#[tokio::test]
async fn foreign_codings_are_described_as_what_they_are() {
    let mut camera = camera("a", Sample::H264);
    camera.main_fault = Some(Fault::Unsupported(ForeignCodec::Vp8));
    camera.sub_fault = Some(Fault::Unsupported(ForeignCodec::MotionJpeg));
    let simulator = start(vec![camera]);
    for (kind, encoding) in [(StreamKind::Main, "vp8"), (StreamKind::Sub, "jpeg")] {
        assert_eq!(soon(Viewer::describe(&simulator.url("a", kind), None)).await.unwrap(), [encoding]);
    }
    // retina takes JPEG, so this one can be seen to flow.
    soon(soon(Viewer::open(&simulator.url("a", StreamKind::Sub), None)).await.unwrap().picture())
        .await
        .unwrap();
}

#[test]
fn what_no_camera_sends_is_encoded_once() {
    gstreamer::init().unwrap();
    let film = Sample::Film.path().unwrap();
    let source = Clip::load(&film).unwrap();
    assert!(matches!(source.unfit(), Some(Unfit::RareKeyframes | Unfit::Reordered)));
    let cache = tempfile::tempdir().unwrap();
    let job = || prepare(cache.path(), &film, StreamKind::Sub, None).unwrap();
    let origins = std::thread::scope(|scope| {
        let both = [scope.spawn(job), scope.spawn(job)];
        both.map(|thread| thread.join().unwrap().1)
    });
    assert!(
        matches!(origins, [Origin::Encoded, Origin::Cached] | [Origin::Cached, Origin::Encoded]),
        "{origins:?}"
    );
    let (sub, origin) = job();
    assert_eq!((sub.width_px, sub.height_px, origin), (640, 360, Origin::Cached));
    assert_eq!((sub.unfit(), sub.len()), (None, 72));
    let (main, origin) = prepare(cache.path(), &film, StreamKind::Main, None).unwrap();
    assert_eq!((main.width_px, main.height_px, origin), (1280, 720, Origin::Encoded));
    assert_eq!((main.unfit(), main.len()), (None, 150));
    let fit = Sample::H264.path().unwrap();
    assert_eq!(prepare(cache.path(), &fit, StreamKind::Main, None).unwrap().1, Origin::Source);
}

#[test]
fn a_file_that_is_no_video_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.mp4");
    std::fs::write(&file, "no video").unwrap();
    let config = CamSimConfig {
        port: 0,
        cache: folder.path().to_owned(),
        cameras: vec![CameraConfig::new(CameraId::new("a").unwrap(), &file)],
        keep_sent: false,
    };
    let error = anyhow::Error::from(CamSim::start(config).err().expect("refused"));
    assert!(format!("{error:#}").contains("notes"), "{error:#}");
}

#[test]
fn a_stopped_simulator_frees_its_port() {
    let simulator = start(vec![camera("a", Sample::H264)]);
    let port = simulator.port();
    drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
    simulator.stop();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let config = CamSimConfig {
        port,
        cache: shared::cache(),
        cameras: vec![camera("a", Sample::H264)],
        keep_sent: false,
    };
    assert!(matches!(CamSim::start(config), Err(CamSimError::Server(_))));
}

#[tokio::test]
async fn the_program_says_when_it_is_ready_and_ends_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(Sample::H264.path().unwrap(), folder.path().join("North Gate.mp4")).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_camsim"))
        .args(["--port", "0", "--auth", "u:p", "--cache"])
        .arg(shared::cache())
        .arg("--site-dir")
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["ready"], true);
    let streams = ready["streams"].as_array().unwrap();
    assert_eq!(streams.len(), 2);
    for stream in streams {
        let url = stream["url"].as_str().unwrap();
        assert!(url.contains("/north-gate/"), "{url}");
        soon(soon(Viewer::open(url, Some(&login("u", "p")))).await.unwrap().picture()).await.unwrap();
    }
    let signal = Command::new("kill").args(["-TERM", &program.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert!(program.wait().unwrap().success());
}

#[tokio::test]
async fn faults_are_injected_by_flag_and_switched_over_http() {
    let file = Sample::H264.path().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_camsim"))
        .args(["--port", "0", "--control", "127.0.0.1:0", "--inject", "gate/main:session_limit=0", "--cache"])
        .arg(shared::cache())
        .args(["--camera", &format!("gate={}", file.display())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = ready["streams"][0]["url"].as_str().unwrap();
    let control = ready["control"].as_str().unwrap();
    let error = soon(Viewer::open(url, None)).await.err().expect("refused");
    assert!(format!("{error:?}").contains("453"), "{error:?}");

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let faults = format!("{control}/faults/gate/main");
    let now: serde_json::Value = http.get(&faults).send().await.unwrap().json().await.unwrap();
    assert_eq!(now["session_limit"], 0);
    assert!(
        !http
            .put(&faults)
            .json(&serde_json::json!({"sillence": true}))
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    assert!(http.put(&faults).json(&serde_json::json!({})).send().await.unwrap().status().is_success());
    let mut viewer = soon(Viewer::open(url, None)).await.unwrap();
    soon(viewer.picture()).await.unwrap();
    let counters: serde_json::Value =
        http.get(format!("{control}/counters")).send().await.unwrap().json().await.unwrap();
    assert_eq!(counters["gate"], serde_json::json!({"n_connections": 2, "n_playing": 1}));
    assert!(http.post(format!("{control}/disconnect/gate")).send().await.unwrap().status().is_success());
    soon(async { while viewer.picture().await.is_ok() {} }).await;
    program.kill().unwrap();
    program.wait().unwrap();
}

/// Our own footage and, where a checkout has it, real video: every file can be a camera.
#[tokio::test]
async fn footage_plays() {
    let mut files: Vec<PathBuf> = Scene::all().unwrap().iter().map(Scene::video).collect();
    if let Some(shared) = Shared::find() {
        let real = ["crowd6_derived.mp4", "hwy_cars_h265.mp4", "adl_s2_23.mp4", "hwy_cars_orig.avi"];
        files.extend(real.map(|name| shared.video(name)));
    }
    let cameras = files.iter().enumerate().map(|(index, file)| {
        let mut camera = CameraConfig::new(CameraId::new(&format!("c{index}")).unwrap(), file);
        camera.audio = if file.ends_with("adl_s2_23.mp4") { Audio::Aac } else { Audio::None };
        camera.start = Duration::from_secs(5);
        camera
    });
    let simulator = start(cameras.collect());
    for index in 0..files.len() {
        for kind in [StreamKind::Main, StreamKind::Sub] {
            let mut viewer =
                soon(Viewer::open(&simulator.url(&format!("c{index}"), kind), None)).await.unwrap();
            for _ in 0..20 {
                soon(viewer.picture()).await.unwrap();
            }
        }
    }
}
