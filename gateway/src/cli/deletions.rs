//! `sharpeyes deletions`: the proofs of deletion, for auditors.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
};

use anyhow::Context as _;
use sharpeyes_domain::time::WallTime;

use super::{Failure, Outcome, SiteFile};
use crate::store::footage::{DeletionDay, Footage, chain, line};

/// Rows read at a time.
const PAGE: u32 = 4_096;

/// The single proofs of the last 30 days, one a line, unless asked otherwise.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    site: SiteFile,
    /// Those that were folded: one line for each stream, reason and day.
    #[arg(long, conflicts_with = "verify")]
    days: bool,
    /// A file of single proofs as this command once printed them: tells whether the folded ones stand for them.
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
}

pub(super) fn deletions(arguments: &Arguments) -> Result<Outcome, Failure> {
    let site = arguments.site.load()?;
    let footage = Footage::open(&site.data_dir.join("footage.db"))?;
    if let Some(file) = &arguments.verify {
        let copy = File::open(file).with_context(|| file.display().to_string())?;
        return verify(&footage.deletion_days()?, BufReader::new(copy));
    }
    if arguments.days {
        for day in footage.deletion_days()? {
            say!("{}", day_line(&day));
        }
        return Ok(Outcome::Clean);
    }
    let mut after = 0;
    loop {
        let page = footage.deletions_after(after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(Outcome::Clean) };
        after = *last;
        for (_, row) in &page {
            say!("{}", line(row));
        }
    }
}

fn day_line(day: &DeletionDay) -> String {
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        day.day.0,
        day.stream.camera,
        day.stream.kind.as_str(),
        day.reason.as_str(),
        day.n_files,
        day.bytes,
        day.span.from.0,
        day.span.to.0,
        hex::encode(day.sha256)
    )
}

/// What a copy has of one stream, reason and day.
#[derive(Default)]
struct Copied {
    n_files: u64,
    sha256: [u8; 32],
}

/// Holds each folded day of which the copy has anything against it.
fn verify(folded: &[DeletionDay], copy: impl BufRead) -> Result<Outcome, Failure> {
    let mut copied: BTreeMap<String, Copied> = BTreeMap::new();
    for (number, text) in (1..).zip(copy.lines()) {
        let text = text?;
        let key = key_of(&text).with_context(|| format!("line {number} is no proof of deletion: {text}"))?;
        let of_day = copied.entry(key).or_default();
        of_day.n_files += 1;
        of_day.sha256 = chain(of_day.sha256, &text);
    }
    let (mut n_same, mut n_partial, mut n_other) = (0, 0, 0);
    for day in folded {
        let Some(found) = copied.remove(&key(
            day.day,
            day.stream.camera.as_str(),
            day.stream.kind.as_str(),
            day.reason.as_str(),
        )) else {
            continue;
        };
        if found.n_files == day.n_files && found.sha256 == day.sha256 {
            n_same += 1;
        } else if found.n_files < day.n_files {
            n_partial += 1;
            say!("in part\t{} of {} files\t{}", found.n_files, day.n_files, day_line(day));
        } else {
            n_other += 1;
            say!("OTHER\t{}", day_line(day));
        }
    }
    say!(
        "{n_same} folded days are what the copy says, {n_other} are not, of {n_partial} the copy has a part; {} are not folded yet",
        copied.len()
    );
    Ok(if n_other == 0 { Outcome::Clean } else { Outcome::Unhealthy })
}

/// The stream, reason and day of a single proof.
fn key_of(text: &str) -> Option<String> {
    let columns: Vec<&str> = text.split('\t').collect();
    let [at, camera, stream, _, _, _, _, reason] = columns[..] else { return None };
    Some(key(DeletionDay::day_of(WallTime(at.parse().ok()?)), camera, stream, reason))
}

fn key(day: WallTime, camera: &str, stream: &str, reason: &str) -> String {
    format!("{}\t{camera}\t{stream}\t{reason}", day.0)
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{
        ids::{CameraId, StreamId, StreamKind},
        retention::DeletionReason,
        segment::Span,
    };

    use super::*;
    use crate::store::footage::DeletionRow;

    const DAY_MS: i64 = 86_400_000;

    fn proof(n: i64) -> DeletionRow {
        DeletionRow {
            at: WallTime(20_000 * DAY_MS + n),
            stream: StreamId { camera: CameraId::new("gate").unwrap(), kind: StreamKind::Main },
            span: Span { from: WallTime(n), to: WallTime(n + 1_000) },
            bytes: 7,
            sha256: [u8::try_from(n).unwrap(); 32],
            reason: DeletionReason::Expired,
        }
    }

    fn folded(proofs: &[DeletionRow]) -> DeletionDay {
        DeletionDay {
            stream: proofs[0].stream.clone(),
            day: DeletionDay::day_of(proofs[0].at),
            reason: DeletionReason::Expired,
            n_files: u64::try_from(proofs.len()).unwrap(),
            bytes: 21,
            span: Span { from: WallTime(1), to: WallTime(1_003) },
            sha256: proofs.iter().fold([0; 32], |so_far, proof| chain(so_far, &line(proof))),
        }
    }

    #[test]
    fn a_copy_that_was_changed_is_told_from_one_that_was_not() {
        let proofs = [proof(1), proof(2), proof(3)];
        let day = folded(&proofs);
        let check = |proofs: &[DeletionRow], is_sound: bool| {
            let copy: String = proofs.iter().map(|proof| line(proof) + "\n").collect();
            let found = verify(std::slice::from_ref(&day), copy.as_bytes()).map_err(|_| "failed");
            assert_eq!(matches!(found, Ok(Outcome::Clean)), is_sound, "{copy}");
        };
        check(&proofs, true);
        check(&[], true);
        // A copy that begins or ends within the day says nothing against it.
        check(&proofs[..2], true);
        let mut forged = proofs.clone();
        forged[1].sha256 = [9; 32];
        check(&forged, false);
        forged.swap(0, 1);
        check(&forged, false);
        assert!(verify(&[day], "nothing".as_bytes()).is_err());
    }
}
