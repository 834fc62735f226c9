//! Timelines, recordings by time, stills and transcodes, over footage of the repository.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use futures::StreamExt as _;
use serde_json::{Value, json};
use sharpeyes_domain::{
    access::Role,
    ids::StreamKind,
    ladder::DecoderChoice,
    media::{AccessUnit, VideoParams},
    retention::{DeletionReason, Tier},
    segment::GapCause,
    time::{MediaDuration, Pts, WallTime},
};

use super::{BEGAN, Coded, House, START, bytes, coded, get, json, stream, unit, until};
use crate::{
    access::accounts::{AccountChange, Author},
    analyze::{
        self,
        decode::{Decoded, Decoder, FileDemuxer, Frame},
    },
    record::{RecorderMessage, RunEnd, RunInfo},
    store::footage::{Discard, SegmentRow},
};

const CAMERA: &str = "cam-east";

fn second(n: i64) -> WallTime {
    WallTime(START.0 + n * 1000)
}

impl House {
    /// Records `coded` from `wall_start` on and ends the run behind it; gives the units as they were recorded.
    async fn record_coded(&self, coded: &Coded, wall_start: WallTime) -> Vec<AccessUnit> {
        let units = self.record_units(coded, coded.units.clone(), wall_start).await;
        let last = units.last().unwrap().wall;
        self.end_run(GapCause::Stalled, last).await;
        units
    }

    async fn record_units(
        &self,
        coded: &Coded,
        units: Vec<AccessUnit>,
        wall_start: WallTime,
    ) -> Vec<AccessUnit> {
        let sender = self.sender().await;
        let run = RunInfo {
            stream: stream(CAMERA, StreamKind::Main),
            params: coded.params.clone(),
            audio: None,
            wall_start,
            generation: 1,
        };
        sender.try_send(RecorderMessage::RunBegin(Arc::new(run))).unwrap();
        let shifted = |unit: AccessUnit| AccessUnit { wall: WallTime(wall_start.0 + unit.wall.0), ..unit };
        let units: Vec<AccessUnit> = units.into_iter().map(shifted).collect();
        for unit in &units {
            let (sender, unit) = (sender.clone(), unit.clone());
            until("room in the recorder's queue", || {
                let sender = sender.clone();
                async move { sender.has_room() }
            })
            .await;
            sender.try_send(RecorderMessage::Unit(unit)).unwrap();
        }
        units
    }

    async fn end_run(&self, cause: GapCause, at: WallTime) {
        let sender = self.sender().await;
        sender.try_send(RecorderMessage::RunEnd(RunEnd { cause, at })).unwrap();
        let footage = self.recorder.footage().clone();
        until("the run's end is in the index", || {
            let footage = footage.clone();
            async move {
                let gap = move || footage.open_gap(&stream(CAMERA, StreamKind::Main)).unwrap();
                tokio::task::spawn_blocking(gap).await.unwrap().is_some_and(|gap| gap.cause == cause)
            }
        })
        .await;
    }

    async fn sender(&self) -> crate::record::RecordSender {
        let recorder = Arc::clone(&self.recorder);
        let sender = move || recorder.sender(&stream(CAMERA, StreamKind::Main)).unwrap();
        tokio::task::spawn_blocking(sender).await.unwrap()
    }

    async fn timeline(&self, query: &str, cookie: &str) -> Value {
        let answer = self.get(&format!("/timeline?{query}"), cookie).await;
        assert_eq!(answer.status(), StatusCode::OK, "{query}");
        json(answer).await
    }

    async fn audit(&self, action: &str) -> Vec<(String, String, String)> {
        let rows = self.state.accounts.audit().page(None, 1_000).await.unwrap();
        let mut rows: Vec<_> = rows
            .into_iter()
            .filter(|row| row.action == action)
            .map(|row| (row.purpose, row.outcome.as_str().to_owned(), row.detail))
            .collect();
        rows.reverse();
        rows
    }
}

fn stretch(from: WallTime, to: WallTime) -> String {
    format!("from_ms={}&to_ms={}", from.0, to.0)
}

#[tokio::test]
async fn the_timeline_tells_recorded_from_missing_at_every_zoom() {
    let house = House::new().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let picture = coded("village_square", 1);
    // Ten seconds, a hole of two, ten seconds, a hole of twenty, ten seconds.
    for (from, cause) in [(0, GapCause::Stalled), (12, GapCause::CameraOffline), (42, GapCause::AuthFailed)] {
        let units = (0..10).map(|n| AccessUnit { wall: WallTime(n * 1000), ..unit(START, n) });
        let units = units.map(|unit| AccessUnit { nals: picture.units[0].nals.clone(), ..unit }).collect();
        house.record_units(&picture, units, second(from)).await;
        house.end_run(cause, second(from + 10)).await;
    }
    house.clock.advance(Duration::from_secs(60));
    let span = |from: i64, to: i64| json!({ "from_ms": second(from).0, "to_ms": second(to).0 });
    let gap = |from: i64, to: Option<i64>, cause: &str, n: u32, missing: i64| {
        let to = to.map(|to| second(to).0);
        json!({ "from_ms": second(from).0, "to_ms": to, "cause": cause, "n": n, "missing_ms": missing * 1000 })
    };
    let check = |bins: u32, recorded: Value, gaps: Value| {
        let (house, operator) = (&house, &operator);
        async move {
            let query = format!("cameras={CAMERA}&{}&bins={bins}", stretch(second(-40), second(60)));
            let shown = house.timeline(&query, operator).await;
            assert_eq!(shown["bin_ms"], 100_000 / bins);
            assert_eq!(shown["now_ms"], second(60).0);
            let row = &shown["rows"][0];
            assert_eq!((&row["recorded"], &row["gaps"]), (&recorded, &gaps), "{bins} bins");
            assert_eq!((&row["first_ms"], &row["until_ms"]), (&second(0).0.into(), &second(52).0.into()));
            assert_eq!(
                (&row["camera"], &row["area"], &row["stream"]),
                (&json!(CAMERA), &json!("east"), &json!("main"))
            );
            assert_eq!(row["holds"], json!([]));
        }
    };
    let short = gap(10, Some(12), "stalled", 1, 2);
    let long = gap(22, Some(42), "camera_offline", 1, 20);
    let open = gap(52, None, "auth_failed", 1, 8);
    check(100, json!([span(0, 10), span(12, 22), span(42, 52)]), json!([short, long, open])).await;
    check(20, json!([span(0, 22), span(42, 52)]), json!([short, long, open])).await;
    check(8, json!([span(0, 22), span(42, 52)]), json!([gap(10, None, "camera_offline", 3, 30)])).await;
    check(2, json!([span(0, 52)]), json!([gap(10, None, "camera_offline", 3, 30)])).await;

    let inside = house.timeline(&stretch(second(13), second(20)), &operator).await;
    assert_eq!(inside["rows"][0]["recorded"], json!([span(13, 20)]));
    assert_eq!(inside["rows"][0]["gaps"], json!([]));
    for (query, field) in [
        (stretch(second(1), second(1)), "to_ms"),
        (stretch(START, WallTime(START.0 + 999)), "to_ms"),
        (stretch(START, WallTime(START.0 + 401 * 86_400_000)), "to_ms"),
        (stretch(WallTime(i64::MIN), WallTime(i64::MAX)), "to_ms"),
        (format!("{}&bins=0", stretch(second(0), second(9))), "bins"),
        (format!("{}&bins=2001", stretch(second(0), second(9))), "bins"),
    ] {
        let refused = house.get(&format!("/timeline?{query}"), &operator).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(json(refused).await["field"], field, "{query}");
    }
}

#[tokio::test]
async fn a_timeline_shows_own_cameras_and_alarms_to_those_who_may_know() {
    let house = House::new().await;
    let (east, west) = house.fill().await;
    let operator = house.viewer("op", Role::Operator, "town").await;
    let own = house.viewer("own", Role::Operator, "east").await;
    let technician = house.viewer("tech", Role::Technician, "town").await;
    let window = stretch(second(0), second(200));
    let cameras = |shown: &Value| -> Vec<String> {
        let rows = shown["rows"].as_array().unwrap();
        rows.iter().map(|row| row["camera"].as_str().unwrap().to_owned()).collect()
    };
    let all = house.timeline(&window, &operator).await;
    assert_eq!(cameras(&all), ["cam-east", "cam-west"]);
    let alarm = &all["rows"][0]["alarms"][0];
    assert_eq!(alarm["incident"], east.0);
    assert_eq!((&alarm["from_ms"], &alarm["to_ms"]), (&BEGAN.0.into(), &(BEGAN.0 + 10_000).into()));
    assert_eq!(
        (&alarm["kind"], &alarm["level"], &alarm["n"]),
        (&json!("crowding"), &json!("yellow"), &json!(1))
    );
    let named =
        house.timeline(&format!("cameras=cam-west,none,../x,cam-east,cam-west&{window}"), &operator).await;
    assert_eq!(cameras(&named), ["cam-west", "cam-east"], "in the order asked for, each once");
    assert_eq!(named["rows"][0]["alarms"][0]["incident"], west.0);
    assert_eq!(
        cameras(&house.timeline(&format!("cameras=cam-west,cam-east&{window}"), &own).await),
        ["cam-east"]
    );
    let theirs = house.timeline(&window, &technician).await;
    assert_eq!(cameras(&theirs), ["cam-east", "cam-west"]);
    for row in theirs["rows"].as_array().unwrap() {
        assert_eq!(row["alarms"], json!([]));
        assert_eq!(row["recorded"].as_array().unwrap().len(), 1);
    }

    let later = second(900);
    let again = house.alarm("cam-west", later).await;
    let jump = |query: String, cookie: &str| {
        let (house, cookie) = (&house, cookie.to_owned());
        async move { json(house.get(&format!("/timeline/next-alarm?{query}"), &cookie).await).await }
    };
    let found = jump(format!("at_ms={}", BEGAN.0 - 1), &operator).await;
    assert_eq!((&found["incident"], &found["at_ms"]), (&east.0.into(), &BEGAN.0.into()));
    let found = jump(format!("at_ms={}&direction=next", BEGAN.0), &operator).await;
    assert_eq!((&found["incident"], &found["camera"]), (&again.0.into(), &json!("cam-west")));
    let found = jump(format!("at_ms={}&direction=previous&cameras=cam-west", later.0), &operator).await;
    assert_eq!(found["incident"], west.0);
    assert_eq!(jump(format!("at_ms={}", BEGAN.0), &own).await["code"], "not_found");
    assert_eq!(jump("at_ms=0&direction=previous".to_owned(), &operator).await["code"], "not_found");
    assert_eq!(jump("at_ms=0".to_owned(), &technician).await["code"], "denied");
}

#[tokio::test]
async fn a_recording_is_described_played_in_ranges_and_written_down() {
    let house = House::new().await;
    house.fill().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let asked = stretch(second(51), second(61));
    let shown = json(house.get(&format!("/cameras/{CAMERA}/recording?{asked}"), &operator).await).await;
    assert_eq!((&shown["start_ms"], &shown["end_ms"]), (&second(50).0.into(), &second(61).0.into()));
    assert_eq!(
        (&shown["duration_ms"], &shown["frame_ms"], &shown["fps"]),
        (&json!(11_000), &json!(1000), &json!(1.0))
    );
    assert_eq!(shown["spans"], json!([{ "offset_ms": 0, "wall_ms": second(50).0 }]));
    assert_eq!(
        (&shown["codec"], &shown["width"], &shown["height"]),
        (&json!("h264"), &json!(960), &json!(540))
    );
    assert_eq!((&shown["has_audio"], &shown["gaps"]), (&json!(false), &json!([])));
    assert!(shown["h264"].as_str().unwrap().contains("/recording.h264.mp4?from_ms="));
    assert_eq!(house.audit("recording.view").await, [], "nothing was shown yet");

    let url = shown["mp4"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let mut head = get(url, &operator);
    *head.method_mut() = axum::http::Method::HEAD;
    let head = house.send(head).await;
    assert_eq!(head.headers()[header::CONTENT_LENGTH], shown["size_bytes"].to_string().as_str());
    assert_eq!(house.audit("recording.view").await, [], "nor now");
    let whole = house.get(url, &operator).await;
    assert_eq!(whole.status(), StatusCode::OK);
    let tag = whole.headers()[header::ETAG].clone();
    assert_eq!(head.headers()[header::ETAG], tag);
    assert!(bytes(head).await.is_empty());
    let whole = bytes(whole).await;
    assert_eq!(whole.len() as u64, shown["size_bytes"].as_u64().unwrap());
    let mut pieced = Vec::new();
    for (from, to) in [(0, 99), (100, 4_999), (5_000, whole.len() - 1)] {
        let mut request = get(url, &operator);
        request.headers_mut().insert(header::RANGE, format!("bytes={from}-{to}").parse().unwrap());
        let piece = house.send(request).await;
        assert_eq!(piece.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(piece.headers()[header::ETAG], tag);
        pieced.extend(bytes(piece).await);
    }
    assert_eq!(pieced, whole);
    let block = second(0).0.div_euclid(600_000) * 600_000;
    let detail = format!("main play {block}..{} ms", block + 600_000);
    let look = ("duty".to_owned(), "allowed".to_owned(), detail);
    assert_eq!(house.audit("recording.view").await, [look], "one look, however many pieces");

    let path = format!("/cameras/{CAMERA}/recording?{}", stretch(second(100), second(110)));
    let nothing = house.get(&path, &operator).await;
    assert_eq!(nothing.status(), StatusCode::NOT_FOUND);
    let nothing = json(nothing).await;
    assert_eq!(
        (&nothing["code"], &nothing["gaps"][0]["cause"]),
        (&json!("nothing_recorded"), &json!("stopped"))
    );
    let path = format!("/cameras/{CAMERA}/recording?{}", stretch(second(51), second(110)));
    let partly = json(house.get(&path, &operator).await).await;
    let after = &partly["gaps"][0];
    assert_eq!((&after["from_ms"], &after["cause"]), (&partly["end_ms"], &json!("stopped")));
    assert!(after["to_ms"].as_i64().unwrap() > second(110).0, "in its full length");
    assert_eq!(nothing["gaps"][0], *after, "wherever one looks at it");
    let path = format!("/cameras/{CAMERA}/recording?{}", stretch(second(0), second(4 * 3600 + 1)));
    let long = house.get(&path, &operator).await;
    assert_eq!(long.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn adjacent_stretches_lose_no_picture() {
    let house = House::new().await;
    let footage = coded("village_square", 200);
    let recorded = house.record_coded(&footage, START).await;
    let clips = house.state.clips.clone();
    let read = move |from: i64, to: i64| {
        let main = stream(CAMERA, StreamKind::Main);
        let clip = clips.plan(&main, WallTime(START.0 + from), WallTime(START.0 + to)).unwrap();
        let whole: Vec<u8> = clip.read_range(0..clip.len()).map(Result::unwrap).collect::<Vec<_>>().concat();
        let units: Vec<_> = clip.units().map(Result::unwrap).collect();
        assert_eq!(units.len(), clip.n_frames);
        assert!(units[0].unit.is_keyframe && units[0].unit.wall <= WallTime(START.0 + from));
        for one in &units {
            assert_eq!(clip.wall_of(one.unit.pts - Pts(0)), one.unit.wall);
            assert!(whole.windows(one.unit.nals.len()).any(|window| window == one.unit.nals));
        }
        units.into_iter().map(|one| (one.unit.wall, one.unit.nals)).collect::<BTreeMap<_, _>>()
    };
    let found = tokio::task::spawn_blocking(move || {
        let mut found = BTreeMap::new();
        for (from, to) in [(0, 3_100), (3_100, 7_990), (7_990, 8_000), (8_000, 20_000)] {
            found.extend(read(from, to));
        }
        found
    });
    let found = found.await.unwrap();
    let expected: BTreeMap<_, _> = recorded.into_iter().map(|unit| (unit.wall, unit.nals)).collect();
    assert_eq!(found.len(), expected.len());
    assert!(found == expected, "every picture, with its bytes and its time");
}

#[tokio::test]
async fn what_is_older_than_a_day_is_looked_at_for_a_reason() {
    let house = House::new().await;
    house.fill().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let outsider = house.viewer("out", Role::Operator, "west").await;
    let window = stretch(second(50), second(60));
    let at = format!("at_ms={}", second(55).0);
    house.clock.advance(Duration::from_secs(23 * 3600));
    let operator = {
        drop(operator);
        house.sign_in("op").await
    };
    let fresh = house.get(&format!("/cameras/{CAMERA}/recording.mp4?{window}"), &operator).await;
    assert_eq!(fresh.status(), StatusCode::OK);
    house.clock.advance(Duration::from_secs(2 * 3600));
    let operator = {
        drop(operator);
        house.sign_in("op").await
    };
    let outsider = {
        drop(outsider);
        house.sign_in("out").await
    };
    let before = house.audit("recording.view").await.len();
    for path in [
        format!("recording?{window}"),
        format!("recording.mp4?{window}"),
        format!("recording.h264.mp4?{window}"),
        format!("picture.jpg?{at}"),
        format!("recording?{window}&purpose=retrieval"),
        format!("recording?{window}&case=17"),
    ] {
        let refused = house.get(&format!("/cameras/{CAMERA}/{path}"), &operator).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
        assert_eq!(json(refused).await["code"], "purpose_needed", "{path}");
    }
    assert_eq!(house.audit("recording.view").await.len(), before + 6, "each refusal is written down");
    let reason = "purpose=retrieval&case=%E7%9F%B3%E5%85%AC%E3%80%942026%E3%80%9517%E5%8F%B7";
    let shown =
        json(house.get(&format!("/cameras/{CAMERA}/recording?{window}&{reason}"), &operator).await).await;
    let url = shown["mp4"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    assert_eq!(house.get(url, &operator).await.status(), StatusCode::OK, "the address carries the reason");
    let (purpose, outcome, detail) = house.audit("recording.view").await.pop().unwrap();
    assert_eq!((purpose.as_str(), outcome.as_str()), ("footage/retrieval", "allowed"));
    assert!(detail.ends_with("case 石公〔2026〕17号"), "{detail}");
    let check = |extra: &'static str, cookie: &str, expected: StatusCode| {
        let (house, cookie) = (&house, cookie.to_owned());
        let path = format!("/cameras/{CAMERA}/picture.jpg?{at}&{extra}");
        async move { assert_eq!(house.get(&path, &cookie).await.status(), expected, "{path}") }
    };
    check("purpose=fault&case=T-9", &operator, StatusCode::OK).await;
    check("purpose=curiosity&case=T-9", &operator, StatusCode::BAD_REQUEST).await;
    check("purpose=fault&case=a%0Ab", &operator, StatusCode::UNPROCESSABLE_ENTITY).await;
    check("purpose=fault&case=", &operator, StatusCode::UNPROCESSABLE_ENTITY).await;
    check("purpose=fault&case=T-9", &outsider, StatusCode::NOT_FOUND).await;
}

fn decode(params: &VideoParams, units: &[AccessUnit]) -> Vec<Frame> {
    let mut decoder = Decoder::new(params, DecoderChoice::Software).unwrap();
    let mut pictures: Vec<_> = units.iter().flat_map(|unit| decoder.feed(unit).unwrap()).collect();
    pictures.extend(decoder.drain().unwrap());
    pictures.iter().filter_map(Decoded::frame).collect()
}

#[tokio::test]
async fn a_still_is_the_keyframe_before_its_instant_and_goes_with_its_footage() {
    let house = House::new().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let outsider = house.viewer("out", Role::Operator, "west").await;
    let footage = coded("market_rain", 120);
    let recorded = house.record_coded(&footage, START).await;
    let frames = decode(&footage.params, &recorded);
    let expected = |wall: WallTime, width: u32| {
        let frame = frames.iter().find(|frame| frame.wall == wall).unwrap();
        analyze::jpeg(&frame.scaled_to(width)).unwrap()
    };
    let mut shown = Vec::new();
    for (at, keyframe, width) in [(0, 0, 160), (1_999, 0, 320), (2_000, 2_000, 160), (5_500, 4_000, 160)] {
        let path = format!("/cameras/{CAMERA}/picture.jpg?at_ms={}&width={width}", START.0 + at);
        for turn in ["made", "kept"] {
            let picture = house.get(&path, &operator).await;
            assert_eq!(picture.status(), StatusCode::OK, "{path}");
            let wall = WallTime(START.0 + keyframe);
            assert_eq!(picture.headers()["x-picture-ms"], wall.0.to_string().as_str());
            assert_eq!(picture.headers()[header::CACHE_CONTROL], "no-store");
            let jpeg = bytes(picture).await;
            assert!(jpeg == expected(wall, width), "{turn}: the picture at {at} ms is the keyframe's");
            shown.push(jpeg);
        }
    }
    assert_ne!(shown[0], shown[4], "keyframes differ");
    let volume =
        house.dir.path().join("data/pictures").join(&house.recorder.footage().disks().unwrap()[0].uuid);
    assert_eq!(std::fs::read_dir(&volume).unwrap().count(), 4, "each once");
    let path = format!("/cameras/{CAMERA}/picture.jpg?at_ms={}", START.0);
    assert_eq!(house.get(&path, &outsider).await.status(), StatusCode::NOT_FOUND, "though it is kept");
    assert_eq!(
        house.get(&format!("{path}&width=79"), &operator).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let gone = house.get(&format!("/cameras/{CAMERA}/picture.jpg?at_ms={}", second(11).0), &operator).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let gone = json(gone).await;
    assert_eq!((&gone["code"], &gone["gaps"][0]["cause"]), (&json!("nothing_recorded"), &json!("stalled")));

    let (recorder, stills) = (Arc::clone(&house.recorder), house.state.stills.clone());
    let delete = move || {
        let main = stream(CAMERA, StreamKind::Main);
        let all = sharpeyes_domain::segment::Span { from: START, to: second(100) };
        let rows = recorder.footage().segments_in(&main, all).unwrap();
        let gone =
            |row: SegmentRow| Discard { id: row.id, reason: DeletionReason::Expired, tier: Tier::Base };
        recorder.footage().discard(rows.into_iter().map(gone).collect(), second(100)).unwrap();
    };
    tokio::task::spawn_blocking(delete).await.unwrap();
    assert_eq!(house.get(&path, &operator).await.status(), StatusCode::NOT_FOUND, "at once");
    tokio::task::spawn_blocking(move || stills.sweep().unwrap()).await.unwrap();
    assert_eq!(std::fs::read_dir(&volume).unwrap().count(), 0, "and from the disk");
}

/// Mean difference of two pictures in brightness, both made small.
fn difference(a: &Frame, b: &Frame) -> f64 {
    let [a, b] = [a, b].map(|frame| frame.scaled_to(64));
    let (a, b) = (&a.planes[0].data, &b.planes[0].data);
    assert_eq!(a.len(), b.len());
    let sum: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    f64::from(sum) / f64::from(u32::try_from(a.len()).unwrap())
}

#[tokio::test]
async fn h265_is_re_coded_picture_for_picture_at_its_own_times() {
    let house = House::new().await;
    let operator = house.viewer("op", Role::Operator, "east").await;
    let footage = coded("market_rain", 96);
    // Five seconds, a pause of five, and three seconds of a new run.
    let (before, after) = footage.units.split_at(60);
    let mut recorded = house.record_units(&footage, before.to_vec(), START).await;
    house.end_run(GapCause::Stalled, second(5)).await;
    let first = after.iter().position(|unit| unit.is_keyframe).unwrap();
    recorded.extend(house.record_units(&footage, after[first..].to_vec(), second(5)).await);
    house.end_run(GapCause::CameraOffline, second(13)).await;
    let window = stretch(second(0), second(20));
    let shown = json(house.get(&format!("/cameras/{CAMERA}/recording?{window}"), &operator).await).await;
    assert_eq!(shown["codec"], "h265");
    let url = shown["h264"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let answer = house.get(&format!("{url}&width=640"), &operator).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    assert!(kind.starts_with("video/mp4; codecs=\"avc1.42"), "{kind}");
    assert_eq!(answer.headers()["x-start-ms"], START.0.to_string().as_str());
    let file = bytes(answer).await;
    assert_eq!(house.state.transcodes.in_use(), 0, "its place is free again");
    let path = house.dir.path().join("transcoded.mp4");
    std::fs::write(&path, &file).unwrap();
    let mut opened = FileDemuxer::open(&path, WallTime(0)).unwrap();
    let units: Vec<AccessUnit> = std::iter::from_fn(|| opened.demuxer.next_unit().unwrap()).collect();
    let times: Vec<i64> = units.iter().map(|unit| unit.wall.0).collect();
    let expected: Vec<i64> = recorded.iter().map(|unit| unit.wall.0 - START.0).collect();
    assert_eq!(times.len(), expected.len(), "no picture is left out or made up");
    for (found, wanted) in times.iter().zip(&expected) {
        assert!((found - wanted).abs() <= 1, "{found} is not {wanted}");
    }
    let originals = decode(
        &footage.params,
        &recorded
            .clone()
            .into_iter()
            .map(|unit| AccessUnit {
                pts: Pts(0) + MediaDuration::from_millis(unit.wall.0 - START.0),
                ..unit
            })
            .collect::<Vec<_>>(),
    );
    let copies = decode(&opened.params, &units);
    assert_eq!((copies[0].width_px, copies[0].height_px), (640, 360));
    assert_eq!(copies.len(), originals.len());
    let worst = originals.iter().zip(&copies).map(|(a, b)| difference(a, b)).fold(0.0, f64::max);
    assert!(worst < 6.0, "the pictures are the same: {worst}");
    let look = house.audit("recording.view").await.pop().unwrap();
    assert!(look.2.starts_with("main transcode "), "{look:?}");
}

#[tokio::test]
async fn the_clip_of_an_incident_is_re_coded_for_a_browser_that_cannot_play_it() {
    let house = House::new().await;
    let (here, elsewhere) = (
        house.viewer("op", Role::Operator, "east").await,
        house.viewer("away", Role::Operator, "west").await,
    );
    let footage = coded("market_rain", 96);
    let recorded = house.record_coded(&footage, START).await;
    house.clock.advance(Duration::from_secs(200));
    let incident = house.alarm(CAMERA, second(2)).await;
    let clip = json(house.get(&format!("/incidents/{incident}/clip"), &here).await).await;
    assert!(clip["mime"].as_str().unwrap().contains("hvc1"), "{clip}");
    let url = clip["h264"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let answer = house.get(url, &here).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    assert!(kind.starts_with("video/mp4; codecs=\"avc1.42"), "{kind}");
    let path = house.dir.path().join("clip.mp4");
    std::fs::write(&path, bytes(answer).await).unwrap();
    let mut opened = FileDemuxer::open(&path, WallTime(0)).unwrap();
    let times: Vec<i64> =
        std::iter::from_fn(|| opened.demuxer.next_unit().unwrap()).map(|unit| unit.wall.0).collect();
    assert_eq!(times.len(), recorded.len(), "in the clip's own time");
    for (found, unit) in times.iter().zip(&recorded) {
        assert!((found - (unit.wall.0 - START.0)).abs() <= 1, "{found} of {:?}", unit.wall);
    }
    assert_eq!(house.state.transcodes.in_use(), 0, "its place is free again");
    let look = house.audit("clip.view").await.pop().unwrap();
    assert!(look.2.starts_with("cam-east transcode "), "{look:?}");

    assert_eq!(house.get(url, &elsewhere).await.status(), StatusCode::NOT_FOUND);
    let wide = format!("/incidents/{incident}/clip.h264.mp4?from_ms={}&to_ms={}", START.0 - 60_000, START.0);
    assert_eq!(house.get(&wide, &here).await.status(), StatusCode::NOT_FOUND);
}

fn transcode_of(from: i64, to: i64, cookie: &str) -> Request<Body> {
    get(&format!("/cameras/{CAMERA}/recording.h264.mp4?{}", stretch(second(from), second(to))), cookie)
}

async fn piece(body: &mut axum::body::BodyDataStream) -> Option<Result<bytes::Bytes, axum::Error>> {
    tokio::time::timeout(Duration::from_secs(60), body.next()).await.expect("a word in time")
}

fn body(answer: Response<Body>) -> axum::body::BodyDataStream {
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().into_data_stream()
}

#[tokio::test]
async fn transcodes_are_few_and_their_places_come_back() {
    let house = House::new().await;
    house.record_coded(&coded("village_square", 150), START).await;
    let mut cookies = Vec::new();
    for name in ["anna", "bert", "carl"] {
        cookies.push(house.viewer(name, Role::Operator, "east").await);
    }
    let mut first = body(house.send(transcode_of(0, 10, &cookies[0])).await);
    let refused = house.send(transcode_of(0, 10, &cookies[0])).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let refused = json(refused).await;
    assert_eq!(
        (&refused["code"], &refused["limit"], &refused["in_use"]),
        (&json!("transcode_quota"), &json!(1), &json!(1))
    );
    let second = body(house.send(transcode_of(0, 10, &cookies[1])).await);
    let refused = json(house.send(transcode_of(0, 10, &cookies[2])).await).await;
    assert_eq!(
        (&refused["code"], &refused["limit"], &refused["in_use"]),
        (&json!("transcode_quota"), &json!(2), &json!(2))
    );
    drop(second);
    let third = body(house.send(transcode_of(0, 10, &cookies[2])).await);
    assert_eq!(house.state.transcodes.in_use(), 2, "the end of a connection frees its place");

    assert!(piece(&mut first).await.unwrap().is_ok());
    house.clock.advance(Duration::from_secs(61));
    let fourth = body(house.send(transcode_of(0, 10, &cookies[1])).await);
    // What was made already may still come; then the one that nobody read is over.
    while let Some(piece) = piece(&mut first).await {
        assert!(piece.is_ok());
    }
    drop((third, fourth));
    assert_eq!(house.state.transcodes.in_use(), 0);
}

#[tokio::test]
async fn the_end_of_a_session_ends_its_transcode() {
    let house = House::new().await;
    house.record_coded(&coded("village_square", 400), START).await;
    let id = house.account("op", Role::Operator, "east").await;
    let cookie = house.sign_in("op").await;
    let mut movie = body(house.send(transcode_of(0, 33, &cookie)).await);
    assert!(piece(&mut movie).await.unwrap().is_ok());
    assert!(piece(&mut movie).await.unwrap().is_ok());
    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    house.state.accounts.change(id, change, Author::CommandLine).await.unwrap();
    assert!(piece(&mut movie).await.unwrap().is_err(), "not one more piece");
    assert!(piece(&mut movie).await.is_none());
    assert_eq!(house.state.transcodes.in_use(), 0);
}
