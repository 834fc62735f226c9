//! What the storage page warns of before it costs footage: a disk too small for what is promised, holds that have grown
//! past their limit, and holds that somebody wanted to look at again.

use std::{collections::BTreeMap, time::Duration};

use jiff::tz::TimeZone;
use sharpeyes_domain::{
    ids::{CameraId, DiskName},
    level::Level,
    ticket::{Fault, FaultKey, TicketKind},
};

use crate::{clock::local_text, record::retention::StorageReport, store::footage::DueReview};

/// A forecast from less footage is a guess.
const LEAST: Duration = Duration::from_secs(86_400);
/// Holds of one camera that a ticket names.
const NAMED: usize = 5;

/// By the newest measurement of each disk and the holds that are due.
pub(super) fn faults(reports: &[(DiskName, StorageReport)], due: &[DueReview]) -> Vec<(FaultKey, Fault)> {
    let site = FaultKey { kind: TicketKind::Storage, camera: None };
    let mut faults: Vec<(FaultKey, Fault)> = Vec::new();
    faults.extend(shortages(reports).map(|fault| (site, fault)));
    faults.extend(grown_holds(reports));
    faults.extend(reviews(due));
    faults
}

/// The site has one ticket: of the first disk that is short, with what is said of each.
fn shortages(reports: &[(DiskName, StorageReport)]) -> Option<Fault> {
    let short = reports.iter().filter_map(|(disk, report)| Some((disk, shortage(report)?)));
    short
        .map(|(disk, fault)| {
            if reports.len() > 1 {
                Fault { detail: format!("disk {disk}: {}", fault.detail), ..fault }
            } else {
                fault
            }
        })
        .reduce(|first, next| Fault { detail: format!("{}; {}", first.detail, next.detail), ..first })
}

fn shortage(report: &StorageReport) -> Option<Fault> {
    let forecast = report.forecast?;
    let is_known = report.streams.iter().any(|stream| report.at.since(stream.usage.oldest) >= LEAST);
    if !is_known {
        return None;
    }
    let gib = |bytes: u64| bytes.div_ceil(1 << 30);
    let keeps = forecast.keeps_days.unwrap_or(0.0);
    let (code, detail) = if forecast.shortfall_bytes > 0 {
        let short = gib(forecast.shortfall_bytes);
        (
            "floor_short",
            format!("{short} GiB are missing for what the law asks for; the disk keeps {keeps:.1} days"),
        )
    } else if forecast.missing_bytes > 0 {
        let (short, full) = (gib(forecast.missing_bytes), forecast.full_in_days.unwrap_or(0.0));
        (
            "keep_days_short",
            format!(
                "{short} GiB are missing for keep_days; the disk is full in {full:.1} days and keeps {keeps:.1}"
            ),
        )
    } else {
        return None;
    };
    Some(Fault {
        level: Level::Yellow,
        stage: None,
        code: code.to_owned(),
        detail,
        remedy: "add a larger disk, lower the cameras' bit rate, release holds, or shorten keep_days where the law lets you: \
                 otherwise the oldest footage goes before its time"
            .to_owned(),
    })
}

/// The limit is of each stream on a disk; a camera has one ticket.
fn grown_holds(reports: &[(DiskName, StorageReport)]) -> Vec<(FaultKey, Fault)> {
    let mut grown: BTreeMap<&CameraId, Vec<String>> = BTreeMap::new();
    for stream in reports.iter().flat_map(|(_, report)| &report.streams) {
        let held = stream.usage.held_bytes;
        if let Some(most) = stream.policy.tiers().held_bytes.filter(|most| held > *most) {
            let words =
                format!("{}: {held} bytes are held, more than {most}", stream.usage.stream.kind.as_str());
            grown.entry(&stream.usage.stream.camera).or_default().push(words);
        }
    }
    let fault = |(camera, words): (&CameraId, Vec<String>)| {
        let key = FaultKey { kind: TicketKind::Storage, camera: Some(camera.clone()) };
        let fault = Fault {
            level: Level::Yellow,
            stage: None,
            code: "held_bytes".to_owned(),
            detail: words.join("; "),
            remedy:
                "look which holds are still needed, and release the others; nothing releases them by itself"
                    .to_owned(),
        };
        (key, fault)
    };
    grown.into_iter().map(fault).collect()
}

fn reviews(due: &[DueReview]) -> Vec<(FaultKey, Fault)> {
    let mut of_cameras: BTreeMap<&CameraId, Vec<&DueReview>> = BTreeMap::new();
    for review in due {
        of_cameras.entry(&review.stream.camera).or_default().push(review);
    }
    let fault = |(camera, due): (&CameraId, Vec<&DueReview>)| {
        let name = |hold: &&DueReview| {
            let review = local_text(hold.review, &TimeZone::UTC);
            format!("hold {} of case {} by {}, review {review}", hold.id.0, hold.case_number, hold.owner_name)
        };
        let mut words: Vec<String> = due.iter().take(NAMED).map(name).collect();
        if due.len() > NAMED {
            words.push(format!("and {} more", due.len() - NAMED));
        }
        let key = FaultKey { kind: TicketKind::HoldReview, camera: Some(camera.clone()) };
        let fault = Fault {
            level: Level::Blue,
            stage: None,
            code: "hold_review".to_owned(),
            detail: words.join("; "),
            remedy: "ask the owner whether it is still needed: hold the footage anew with a later review date where it is, \
                     then release this one; nothing releases it by itself"
                .to_owned(),
        };
        (key, fault)
    };
    of_cameras.into_iter().map(fault).collect()
}

#[cfg(test)]
mod tests;
