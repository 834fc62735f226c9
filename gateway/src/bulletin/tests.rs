//! The files as other programs read them: their numbers are the document's.

use std::{
    io::{Cursor, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use calamine::{Data, Reader as _, Xlsx};

use super::{
    Format, Lang, WriteError,
    document::{
        Accuracy, AccuracyRow, AreaRow, Bulletin, BulletinKind, Coverage, DayRow, FaultRow, Flash, FlashStep,
        FlashUnit, Flow, Heat, HeatCell, LevelRow, Named, NamedRow, Previous, RedRow, ReturnRow, Share,
        Spread, Statistics, Tally, Times, UnitRow, UnitTally,
    },
    write,
};

/// 2026-11-25 00:00 in Shanghai.
const FROM: i64 = 1_795_536_000_000;
const DAY: i64 = 86_400_000;

fn named(id: &str, name: &str, name_en: Option<&str>) -> Named {
    Named { id: id.to_owned(), name: name.to_owned(), name_en: name_en.map(str::to_owned) }
}

fn tally() -> Tally {
    Tally {
        received: 1_234,
        settled: 1_100,
        open: 120,
        merged: 14,
        accepted: 1_200,
        accepted_in_time: Share { n: 1_111, of: 1_200 },
        settled_in_time: Share { n: 987, of: 1_103 },
        overdue: 77,
        open_overdue: 3,
        handled: 900,
        false_alarms: 151,
        returns: 21,
        satisfied: Share { n: 88, of: 91 },
        ..Tally::default()
    }
}

fn statistics() -> Statistics {
    let spread = Spread { n: 9, median_s: Some(75), p90_s: Some(4_000) };
    let accuracy = Share { n: 46, of: 50 };
    Statistics {
        from_ms: FROM,
        to_ms: FROM + DAY,
        as_of_ms: FROM + DAY,
        as_of_seq: 4_242,
        coverage: Coverage {
            areas: vec![named("town", "柳树镇", None)],
            class: None,
            source: Some(named("grid", "网格上报", Some("Grid worker"))),
            unit: None,
        },
        total: tally(),
        levels: vec![LevelRow { level: 1, tally: tally(), before: Some(1_000) }],
        classes: vec![NamedRow {
            of: named("accident", "交通事故", Some("Traffic accident")),
            tally: tally(),
            before: Some(1_000),
        }],
        sources: vec![NamedRow {
            of: named("grid", "网格上报", Some("Grid worker")),
            tally: tally(),
            before: None,
        }],
        areas: (0..200)
            .map(|i| AreaRow {
                of: named(&format!("g{i}"), &format!("第{i}网格"), None),
                kind: "grid".to_owned(),
                parent: None,
                depth: u32::from(i > 0),
                tally: Tally { received: 5_000 + i, ..Tally::default() },
            })
            .collect(),
        units: vec![
            UnitRow {
                of: named("fire", "=HYPERLINK(\"http://x\",\"消防站\")", None),
                tally: UnitTally {
                    told: 64,
                    signed_in_time: Share { n: 60, of: 63 },
                    overdue: Share { n: 16, of: 64 },
                    ..UnitTally::default()
                },
            },
            UnitRow {
                of: named("police", "派出所", None),
                tally: UnitTally { told: 4, overdue: Share { n: 3, of: 4 }, ..UnitTally::default() },
            },
            UnitRow {
                of: named("justice", "司法所", None),
                tally: UnitTally { told: 9, overdue: Share { n: 0, of: 9 }, ..UnitTally::default() },
            },
        ],
        days: vec![DayRow {
            day: "2026-11-25".to_owned(),
            received: 1_234,
            settled: 1_100,
            false_alarms: 151,
            overdue: 77,
        }],
        heat: Heat {
            areas: vec![named("town", "柳树镇", None), named("east", "东村", None)],
            tops: vec![0],
            classes: vec![named("accident", "交通事故", Some("Traffic accident"))],
            cells: vec![
                HeatCell { area: 0, class: 0, hour: 17, n: 333 },
                HeatCell { area: 1, class: 0, hour: 17, n: 222 },
            ],
        },
        times: Times { accept: spread, sign: spread, arrive: spread, settle: spread },
        red_arrivals: Vec::new(),
        flow: Some(Flow { open_before: 41, received: 1_234, settled: 1_150, open_after: 125 }),
        accuracy: Accuracy {
            alarms: 60,
            confirmed: 46,
            false_alarms: 4,
            undecided: 10,
            accuracy,
            missed: 2,
            rows: vec![AccuracyRow {
                camera: "cam-1".to_owned(),
                camera_name: "东门桥".to_owned(),
                rule: "accident".to_owned(),
                class: "accident".to_owned(),
                level: 1,
                alarms: 60,
                confirmed: 46,
                false_alarms: 4,
                undecided: 10,
                accuracy,
            }],
        },
        previous: Some(Previous { from_ms: FROM - DAY, to_ms: FROM, received: 1_000 }),
        reds: vec![RedRow {
            number: "20261125-0017".to_owned(),
            class: named("accident", "交通事故", Some("Traffic accident")),
            area: named("east", "东村", None),
            place: Some("东门桥".to_owned()),
            title: None,
            opened_ms: FROM + 60_000,
            accepted_ms: Some(FROM + 102_000),
            arrived_ms: None,
            settled_ms: None,
            state: "handling".to_owned(),
            reason: None,
            is_overdue: true,
            units: vec![named("police", "派出所", None)],
        }],
        returns: vec![ReturnRow {
            number: "20261125-0009".to_owned(),
            unit: named("fire", "消防站", None),
            at_ms: FROM + 3_600_000,
            note: Some("不属本单位职责".to_owned()),
        }],
        faults: vec![FaultRow {
            camera: named("cam-2", "水库西", None),
            kind: "stream".to_owned(),
            first_ms: FROM,
            over_ms: None,
            times: 3,
        }],
        n_faults: Some(3),
    }
}

fn daily() -> Bulletin {
    Bulletin {
        kind: BulletinKind::Daily,
        title: String::new(),
        site: "柳树镇".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        made_ms: FROM + DAY + 3_600_000,
        made_by: "张三".to_owned(),
        statistics: Some(statistics()),
        flash: None,
    }
}

fn flash() -> Bulletin {
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 80);
    encoder.encode(&[90; 64 * 36 * 3], 64, 36, jpeg_encoder::ColorType::Rgb).unwrap();
    let step = |at, action: &str, note: Option<&str>| FlashStep {
        at_ms: FROM + at,
        action: action.to_owned(),
        by: Some("李四".to_owned()),
        unit: None,
        note: note.map(str::to_owned),
    };
    Bulletin {
        kind: BulletinKind::Flash,
        statistics: None,
        flash: Some(Flash {
            incident: 17,
            number: "20261125-0017".to_owned(),
            class: named("accident", "交通事故", Some("Traffic accident")),
            level: 1,
            state: "handling".to_owned(),
            source: named("camera", "视频告警", Some("Camera alarm")),
            title: None,
            description: None,
            area_path: vec!["柳树镇".to_owned(), "东村".to_owned()],
            camera: Some("东门桥".to_owned()),
            zone: None,
            location: None,
            latitude: Some(33.5),
            longitude: Some(105.25),
            began_ms: FROM + 1_000,
            opened_ms: FROM + 5_000,
            due_ms: None,
            alarms: 3,
            is_overdue: false,
            owner: Some("李四".to_owned()),
            units: vec![FlashUnit {
                name: "交警中队".to_owned(),
                is_lead: true,
                told_ms: FROM + 60_000,
                signed_ms: Some(FROM + 90_000),
                arrived_ms: None,
                finished_ms: None,
            }],
            history: vec![
                step(5_000, "open", None),
                step(9_000, "claim", None),
                step(60_000, "dispatch", Some("请速到场")),
            ],
            picture: Some(STANDARD.encode(&jpeg)),
            picture_sha256: Some("ab".repeat(32)),
            edition: 2,
        }),
        ..daily()
    }
}

#[test]
fn text_with_commas_has_the_numbers_and_no_formula() {
    let csv = String::from_utf8(write(&daily(), Format::Csv, Lang::Chinese, None).unwrap()).unwrap();
    assert!(csv.starts_with('\u{feff}'), "spreadsheets know it by its mark");
    for line in [
        "接收事件,1234",
        "按时受理率,1111/1200 (92.6%)",
        "交通事故,1234,1100,120,77,1111,1200,92.6,987,1103,89.5,151,21,0,0,0,88,91,96.7,0,1000",
        "上期接收,1000",
        "环比,增加 234 (23.4%)",
        "增长最多的类别,交通事故 1000 → 1234",
        "20261125-0017,2026-11-25 00:01:00,交通事故,东村 / 东门桥,,派出所,42 秒,—,—,处置中,是",
        "2026-11-25 01:00:00,20261125-0009,消防站,不属本单位职责",
        "水库西,视频流中断,2026-11-25 00:00:00,未恢复,3",
        "退回：列出 1 条，共 21 条。",
        "摄像机故障：列出 1 条，共 3 条。",
        "东门桥,accident,交通事故,红色（一级）,60,46,4,10,46,50,92.0",
        "柳树镇,交通事故,17,333",
        "第199网格,网格,5199",
        "\"'=HYPERLINK(\"\"http://x\"\",\"\"消防站\"\")\",64",
    ] {
        assert!(csv.contains(line), "{line}\n{csv}");
    }
    let english = String::from_utf8(write(&daily(), Format::Csv, Lang::English, None).unwrap()).unwrap();
    assert!(english.contains("Received,1234") && english.contains("Traffic accident,1234"), "{english}");
}

#[test]
fn a_workbook_has_numbers_as_numbers() {
    let file = write(&daily(), Format::Xlsx, Lang::Chinese, None).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(&file)).unwrap();
    let classes = book.worksheet_range("分类").unwrap();
    let row: Vec<_> = classes.rows().nth(1).unwrap().to_vec();
    assert_eq!(row[..2], [Data::String("交通事故".to_owned()), Data::Float(1_234.0)]);
    assert_eq!((&row[5], &row[6]), (&Data::Float(1_111.0), &Data::Float(1_200.0)), "numerator, denominator");
    assert!(matches!(row[7], Data::Float(share) if (share - 1_111.0 / 1_200.0).abs() < 1e-9));
    assert_eq!(book.worksheet_range("分区域").unwrap().height(), 201, "all areas, and the head");
    let units = book.worksheet_range("分单位").unwrap();
    assert_eq!(
        units.get_value((1, 0)),
        Some(&Data::String("=HYPERLINK(\"http://x\",\"消防站\")".to_owned()))
    );
    assert_eq!(units.get_value((1, 1)), Some(&Data::Float(64.0)));
    assert!(book.worksheet_formula("分单位").unwrap().is_empty(), "what is written is no formula");
    let again = write(&daily(), Format::Xlsx, Lang::Chinese, None).unwrap();
    assert_eq!(file, again, "the same bulletin is the same file");
}

#[test]
fn a_document_has_the_numbers_and_the_picture() {
    let text = |bulletin: &Bulletin| {
        let file = write(bulletin, Format::Docx, Lang::Chinese, None).unwrap();
        let mut parts = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        let names: Vec<String> = parts.file_names().map(str::to_owned).collect();
        let mut xml = String::new();
        parts.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
        (xml, names)
    };
    let (xml, _) = text(&daily());
    for part in ["柳树镇日报 2026-11-25", ">1234<", ">1111/1200 (92.6%)<", ">46/50 (92.0%)<", "交通事故"]
    {
        assert!(xml.contains(part), "{part}");
    }
    let (xml, names) = text(&flash());
    for part in ["20261125-0017", "交警中队", "请速到场", "2026-11-25 00:01:00"] {
        assert!(xml.contains(part), "{part}");
    }
    assert!(names.iter().any(|name| name.starts_with("word/media/")), "{names:?}");
}

/// What `pdftotext` reads; `None` where it is not installed.
fn read_pdf(file: &[u8]) -> Option<String> {
    let started = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        eprintln!("skipped: pdftotext (Debian: poppler-utils) is not installed");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let bytes = file.to_vec();
    let feeder = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// `None` where there is no font.
fn pdf(bulletin: &Bulletin, lang: Lang) -> Option<Vec<u8>> {
    match write(bulletin, Format::Pdf, lang, None) {
        Ok(file) => Some(file),
        Err(WriteError::NoFont { .. }) => {
            eprintln!("skipped: no font with Chinese characters (Debian: fonts-noto-cjk) is installed");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn pages_have_chinese_text_that_can_be_read_and_the_numbers() {
    let Some(file) = pdf(&daily(), Lang::Chinese) else { return };
    assert!(
        file.starts_with(b"%PDF-") && file.len() < 1 << 20,
        "only what is used of the font: {}",
        file.len()
    );
    assert_eq!(file, pdf(&daily(), Lang::Chinese).unwrap(), "the same bulletin is the same file");
    if let Some(text) = read_pdf(&file) {
        for part in [
            "柳树镇日报 2026-11-25",
            "接收事件",
            "1234",
            "1111/1200 (92.6%)",
            "东门桥",
            "46/50 (92.0%)",
            "5001",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("第199网格"), "what is too long for paper is in the other files");
    }
    let Some(file) = pdf(&flash(), Lang::English) else { return };
    if let Some(text) = read_pdf(&file) {
        for part in [
            "20261125-0017",
            "交警中队",
            "请速到场",
            "Traffic accident",
            "Dispatched",
            "33.500000, 105.250000",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}

#[test]
fn a_font_that_is_missing_or_none_is_said() {
    let nowhere = Path::new("/nowhere/font.ttf");
    let missing = write(&daily(), Format::Pdf, Lang::Chinese, Some(nowhere)).unwrap_err();
    assert!(
        missing.to_string().contains("/nowhere/font.ttf") && missing.to_string().contains("fonts-noto-cjk")
    );
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("font.ttf");
    std::fs::write(&bad, b"not a font").unwrap();
    let refused = write(&daily(), Format::Pdf, Lang::Chinese, Some(&bad)).unwrap_err();
    assert!(matches!(refused, WriteError::BadFont { .. }), "{refused}");
}

#[test]
fn shares_are_rounded_and_nothing_of_nothing_is_no_share() {
    use super::layout::{percent, share_text};
    let check =
        |n, of, expected: Option<&str>| assert_eq!(percent(Share { n, of }).as_deref(), expected, "{n}/{of}");
    check(0, 0, None);
    check(0, 7, Some("0.0"));
    check(1, 3, Some("33.3"));
    check(2, 3, Some("66.7"));
    check(7, 7, Some("100.0"));
    check(4_860, 5_301, Some("91.7"));
    assert_eq!(share_text(Share { n: 0, of: 0 }), "—");
}

#[test]
fn units_that_are_late_stand_by_their_share_and_first_in_a_weekly_report() {
    let weekly = Bulletin { kind: BulletinKind::Weekly, ..daily() };
    let csv = String::from_utf8(write(&weekly, Format::Csv, Lang::Chinese, None).unwrap()).unwrap();
    let at = |words: &str| csv.find(words).unwrap_or_else(|| panic!("{words}\n{csv}"));
    // 3 of 4 before 16 of 64, though there are fewer of them.
    assert!(
        at("派出所,3,4,75.0") < at("\"'=HYPERLINK(\"\"http://x\"\",\"\"消防站\"\")\",16,64,25.0"),
        "{csv}"
    );
    assert!(!csv.contains("司法所,0,9"), "who was never late is not in the list\n{csv}");
    assert!(at("二、各单位超时情况") < at("、分单位") && at("各单位超时情况") < at("、红色事件"));
    let csv = String::from_utf8(write(&daily(), Format::Csv, Lang::English, None).unwrap()).unwrap();
    let at = |words: &str| csv.find(words).unwrap_or_else(|| panic!("{words}\n{csv}"));
    assert!(
        at("2. Red incidents") < at("Overdue by unit") && at("Faults of cameras") < at("How long it took")
    );
    for line in ["Traffic accident 1000 → 1234", "42 s,—,—,Handling,yes", "Stream interrupted", "not over"]
    {
        assert!(csv.contains(line), "{line}\n{csv}");
    }
}

#[test]
fn a_report_of_an_older_release_is_still_read() {
    let mut old = serde_json::to_value(daily()).unwrap();
    let statistics = old["statistics"].as_object_mut().unwrap();
    for field in ["previous", "reds", "returns", "faults"] {
        statistics.remove(field).unwrap();
    }
    statistics["accuracy"].as_object_mut().unwrap().remove("missed").unwrap();
    let unit = statistics["units"][0]["tally"].as_object_mut().unwrap();
    unit.remove("overdue").unwrap();
    unit.remove("satisfied").unwrap();
    let old: Bulletin = serde_json::from_value(old).unwrap();
    let csv = String::from_utf8(write(&old, Format::Csv, Lang::Chinese, None).unwrap()).unwrap();
    assert!(csv.contains("接收事件,1234") && !csv.contains("环比"), "{csv}");
}
