//! Real H.264 and H.265, with and without B-frames, recorded and played back by ffmpeg: skipped where it is missing.

use std::{fs, path::Path, process::Command, time::Duration};

use sharpeyes_domain::{
    media::AccessUnit,
    segment::GapCause,
    time::{Pts, WallTime},
};

use super::kit::{Kit, START, bytes_of, run_of, stream};
use crate::{
    mp4::Scanner,
    record::{RecorderMessage, RunEnd},
};

/// What an encoder made: parameters, and pictures in decoding order.
struct Encoded {
    params: sharpeyes_domain::media::VideoParams,
    units: Vec<AccessUnit>,
}

#[test]
fn what_is_recorded_plays_and_is_the_same_picture_for_picture() {
    let gop = ["-g", "40", "-keyint_min", "40"];
    let check = |name: &str, options: &[&str], tag: &str| {
        let kit = Kit::new();
        let source = kit.dir.path().join("source.mp4");
        let arguments = [&gop[..], options, &["-tag:v", tag]].concat();
        if !encode(&source, &arguments) {
            println!("skipped: {name}: ffmpeg with this encoder is not installed");
            return;
        }
        let encoded = read(&source, tag);
        let recorder = kit.open();
        let id = stream("gate");
        let sender = recorder.sender(&id).unwrap();
        let run = run_of("gate", 1, encoded.params.clone());
        kit.send(&sender, RecorderMessage::RunBegin(run));
        for unit in &encoded.units {
            kit.send(&sender, RecorderMessage::Unit(unit.clone()));
        }
        let end = WallTime(START.0 + 20_000);
        kit.send(&sender, RecorderMessage::RunEnd(RunEnd { cause: GapCause::Stalled, at: end }));
        let clips = recorder.clips();
        super::kit::poll(|| sender.status().queued_bytes == 0);
        recorder.close();

        let rows = kit.footage().segments_in(&id, super::all()).unwrap();
        assert_eq!(rows.len(), 2, "{name}: 12 s in segments of about 10 s");
        let mut played = String::new();
        for row in &rows {
            let path = kit.settings.media_dir.join(&row.path);
            let closed = row.closed.as_ref().unwrap();
            assert_eq!(count_frames(&path), u64::from(closed.n_frames), "{name}: {}", row.path);
            played += &hashes(&path);
        }
        assert_eq!(played, hashes(&source), "{name}: the segments show what was sent");

        let clip = clips.plan(&id, WallTime(START.0), end).unwrap();
        let path = kit.dir.path().join("clip.mp4");
        fs::write(&path, bytes_of(&clip, 0..clip.len())).unwrap();
        assert_eq!(count_frames(&path), 300, "{name}");
        assert_eq!(hashes(&path), hashes(&source), "{name}: the clip shows what was sent");
        assert_eq!(times(&path), times(&source), "{name}: at the same times");

        let part = clips.plan(&id, WallTime(START.0 + 5_000), WallTime(START.0 + 9_000)).unwrap();
        fs::write(&path, bytes_of(&part, 0..part.len())).unwrap();
        assert_eq!(count_frames(&path), u64::try_from(part.n_frames).unwrap(), "{name}");
        assert_eq!(part.start, WallTime(START.0 + 4_800), "{name}: the keyframe before");
        kit.assert_sound();
    };
    let x264 = |frames: &'static str| ["-c:v", "libx264", "-sc_threshold", "0", "-bf", frames];
    check("H.264 as cameras send it", &x264("0"), "avc1");
    check("H.264 with B-frames", &x264("3"), "avc1");
    check("H.264 with open GOPs", &[&x264("2")[..], &["-flags", "-cgop"]].concat(), "avc1");
    let x265 = |bframes: &'static str| ["-c:v", "libx265", "-x265-params", bframes];
    check("H.265 as cameras send it", &x265("bframes=0:scenecut=0:log-level=none"), "hvc1");
    check("H.265 with B-frames", &x265("bframes=3:scenecut=0:open-gop=0:log-level=none"), "hvc1");
}

fn ffmpeg(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(arguments).output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || errors.contains("Unknown encoder"), "{errors}");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn encode(path: &Path, options: &[&str]) -> bool {
    let source = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25", "-t", "12", "-pix_fmt", "yuv420p"];
    ffmpeg(&[&source[..], options, &["-video_track_timescale", "90000", path.to_str().unwrap()]].concat())
        .is_some()
}

/// Cuts the elementary stream into access units at the delimiters that ffmpeg puts between them.
fn read(path: &Path, tag: &str) -> Encoded {
    let params = Scanner::open(fs::File::open(path).unwrap()).unwrap().params().clone();
    let (format, filter, delimiter): (_, _, fn(u8) -> bool) = match tag {
        "avc1" => ("h264", "h264_mp4toannexb,h264_metadata=aud=insert", |head| head & 0x1f == 9),
        _ => ("hevc", "hevc_mp4toannexb,hevc_metadata=aud=insert", |head| head >> 1 & 0x3f == 35),
    };
    let annex_b = path.with_extension(format);
    let source = path.to_str().unwrap();
    ffmpeg(&["-i", source, "-c", "copy", "-bsf:v", filter, "-f", format, annex_b.to_str().unwrap()]).unwrap();
    let bytes = fs::read(annex_b).unwrap();
    let mut pictures: Vec<Vec<u8>> = Vec::new();
    for nal in nal_units(&bytes) {
        if delimiter(nal[0]) {
            pictures.push(Vec::new());
        }
        let picture = pictures.last_mut().unwrap();
        picture.extend(u32::try_from(nal.len()).unwrap().to_be_bytes());
        picture.extend(nal);
    }
    let packets = probe(path, &["-show_entries", "packet=pts,flags"]);
    let packets: Vec<(i64, bool)> = packets
        .lines()
        .filter_map(|line| line.split_once(','))
        .map(|(pts, flags)| (pts.parse().unwrap(), flags.starts_with('K')))
        .collect();
    assert_eq!(packets.len(), pictures.len());
    let units = packets
        .into_iter()
        .zip(pictures)
        .map(|((pts, is_keyframe), nals)| AccessUnit {
            pts: Pts(pts),
            wall: WallTime(START.0 + pts / 90),
            is_keyframe,
            nals: nals.into(),
        })
        .collect();
    Encoded { params, units }
}

/// ISO/IEC 14496-10 Annex B: NAL units behind start codes of three or four bytes.
fn nal_units(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (3..bytes.len()).filter(|&at| bytes[at - 3..at] == [0, 0, 1]).collect();
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let nal = &bytes[start..end];
            let trailing = nal.iter().rev().take_while(|byte| **byte == 0).count();
            &nal[..nal.len() - trailing]
        })
        .collect()
}

fn probe(path: &Path, entries: &[&str]) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(entries)
        .arg(path)
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn count_frames(path: &Path) -> u64 {
    let text = probe(path, &["-count_frames", "-show_entries", "stream=nb_read_frames"]);
    text.trim().trim_end_matches(',').parse().unwrap()
}

/// One hash per shown picture.
fn hashes(path: &Path) -> String {
    let text =
        ffmpeg(&["-i", path.to_str().unwrap(), "-fps_mode", "passthrough", "-f", "framemd5", "-"]).unwrap();
    let hash = |line: &str| line.rsplit(',').next().map(|hash| hash.trim().to_owned() + "\n");
    text.lines().filter(|line| !line.starts_with('#')).filter_map(hash).collect()
}

/// Presentation times of the shown pictures, in milliseconds after the first.
fn times(path: &Path) -> Vec<i64> {
    let text = probe(path, &["-show_entries", "frame=best_effort_timestamp_time"]);
    let seconds: Vec<f64> = text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect();
    let first = Duration::from_secs_f64(seconds[0]);
    seconds
        .into_iter()
        .map(|at| i64::try_from((Duration::from_secs_f64(at) - first).as_millis()).unwrap())
        .collect()
}

#[test]
fn live_fragments_play_too() {
    let kit = Kit::new();
    let source = kit.dir.path().join("source.mp4");
    if !encode(&source, &["-c:v", "libx264", "-bf", "0", "-g", "25"]) {
        println!("skipped: ffmpeg is not installed");
        return;
    }
    let encoded = read(&source, "avc1");
    let mut bytes = crate::mp4::init_segment(&encoded.params, None).unwrap();
    for (sequence, unit) in (1..).zip(&encoded.units) {
        let one = std::slice::from_ref(unit);
        let frame = sharpeyes_domain::time::MediaDuration(3_600);
        bytes.extend(crate::mp4::fragment(sequence, unit.pts, one, frame).unwrap());
    }
    let path = kit.dir.path().join("live.mp4");
    fs::write(&path, bytes).unwrap();
    assert_eq!(count_frames(&path), 300);
    assert_eq!(hashes(&path), hashes(&source));
}

#[test]
fn a_clip_of_a_minute_is_planned_from_the_index_and_the_heads_alone() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    kit.send(&sender, RecorderMessage::RunBegin(super::run("gate", 1)));
    for mut unit in super::units(0..90 * 25, 25) {
        // 2 Mbit/s, as a main stream has it.
        unit.nals = [&10_000u32.to_be_bytes()[..], &[0x41; 10_000]].concat().into();
        kit.send(&sender, RecorderMessage::Unit(unit));
    }
    let second = |s: i64| WallTime(START.0 + s * 1_000);
    kit.wait_written(&sender, second(85));
    let clock = crate::clock::Clock::system();
    let begin = clock.instant();
    let clip = recorder.clips().plan(&stream("gate"), second(10), second(70)).unwrap();
    let planned = clock.instant() - begin;
    let n_bytes = bytes_of(&clip, 0..clip.len()).len();
    println!(
        "{} pictures, {n_bytes} bytes: planned in {planned:?}, read in {:?}",
        clip.n_frames,
        clock.instant() - begin - planned
    );
    assert_eq!(clip.n_frames, 1_500);
}

#[test]
fn a_clip_across_a_change_of_picture_size_plays_both_sides() {
    let kit = Kit::new();
    let recorder = kit.open();
    let sender = recorder.sender(&stream("gate")).unwrap();
    for (generation, size) in [(1, "160x120"), (2, "320x240")] {
        let source = kit.dir.path().join(format!("{size}.mp4"));
        if !encode(&source, &["-c:v", "libx264", "-g", "50", "-s", size]) {
            println!("skipped: ffmpeg is not installed");
            return;
        }
        let encoded = read(&source, "avc1");
        let shift = 20_000 * (i64::try_from(generation).unwrap() - 1);
        let run = run_of("gate", generation, encoded.params);
        kit.send(&sender, RecorderMessage::RunBegin(run));
        for mut unit in encoded.units {
            unit.wall = WallTime(unit.wall.0 + shift);
            kit.send(&sender, RecorderMessage::Unit(unit));
        }
        let at = WallTime(START.0 + shift + 12_000);
        kit.send(&sender, RecorderMessage::RunEnd(RunEnd { cause: GapCause::ParameterChange, at }));
    }
    super::kit::poll(|| sender.status().queued_bytes == 0);
    let clip = recorder.clips().plan(&stream("gate"), START, WallTime(START.0 + 40_000)).unwrap();
    assert_eq!(clip.duration.as_millis(), 32_000, "8 s of it stand still");
    let path = kit.dir.path().join("clip.mp4");
    fs::write(&path, bytes_of(&clip, 0..clip.len())).unwrap();
    assert_eq!(count_frames(&path), 600);
    let sizes = probe(&path, &["-show_entries", "frame=width"]);
    let n = |width: &str| sizes.lines().filter(|line| line.trim_end_matches(',') == width).count();
    assert_eq!((n("160"), n("320")), (300, 300));
    recorder.close();
}
