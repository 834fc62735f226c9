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
use crate::store::footage::{DeletionDay, DeletionRow, Footage, FootageError, chain, line};

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
    /// A file of single proofs as this command once printed them: tells whether the folded ones, and those that are
    /// still single, are what it says.
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
}

pub(super) fn deletions(arguments: &Arguments) -> Result<Outcome, Failure> {
    let site = arguments.site.load()?;
    let footage = Footage::open(&site.data_dir.join("footage.db"))?;
    if let Some(file) = &arguments.verify {
        let copy = File::open(file).with_context(|| file.display().to_string())?;
        // Of one moment: what is folded meanwhile would be found in neither place.
        return footage
            .proofs(|proofs| verify(&proofs.days()?, |at| proofs.singles_at(at), BufReader::new(copy)))?;
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
    /// Lines that the index has as single proofs too.
    n_single: u64,
    /// The others: they were folded, or the index never had them.
    n_old: u64,
    /// Over the others.
    sha256: [u8; 32],
}

/// Holds a copy against the folded days and the single proofs of one moment. `singles_at` gives the latter of one
/// instant.
///
/// Folding takes the oldest lines of a day first, in batches: of a day that it has begun, the lines that are no single
/// proofs any more are those that its row stands for.
fn verify(
    folded: &[DeletionDay],
    mut singles_at: impl FnMut(WallTime) -> Result<Vec<DeletionRow>, FootageError>,
    copy: impl BufRead,
) -> Result<Outcome, Failure> {
    let mut copied: BTreeMap<String, Copied> = BTreeMap::new();
    // The days of the first and of the last line, each of which the copy may have only a part of.
    let mut ends: Option<(WallTime, WallTime)> = None;
    // What was deleted together lies together and has one time.
    let (mut instant, mut singles) = (None, Vec::new());
    for (number, text) in (1..).zip(copy.lines()) {
        let text = text?;
        let (at, key) =
            key_of(&text).with_context(|| format!("line {number} is no proof of deletion: {text}"))?;
        let day = DeletionDay::day_of(at);
        ends = Some((ends.map_or(day, |(first, _)| first), day));
        if instant != Some(at) {
            singles = singles_at(at)?.iter().map(line).collect::<Vec<String>>();
            instant = Some(at);
        }
        let of_day = copied.entry(key).or_default();
        if let Some(n) = singles.iter().position(|single| *single == text) {
            singles.swap_remove(n);
            of_day.n_single += 1;
        } else {
            of_day.n_old += 1;
            of_day.sha256 = chain(of_day.sha256, &text);
        }
    }
    let (mut n_same, mut n_begun, mut n_partial, mut n_other, mut n_missing) = (0, 0, 0, 0, 0);
    for day in folded {
        let key = key(day.day, day.stream.camera.as_str(), day.stream.kind.as_str(), day.reason.as_str());
        let Some(found) = copied.remove(&key) else {
            if ends.is_some_and(|(first, last)| first < day.day && day.day < last) {
                n_missing += 1;
                say!("MISSING FROM THE COPY\t{}", day_line(day));
            }
            continue;
        };
        if found.n_old == day.n_files && found.sha256 == day.sha256 {
            if found.n_single == 0 {
                n_same += 1;
            } else {
                n_begun += 1;
                say!("not folded whole yet\t{} files more\t{}", found.n_single, day_line(day));
            }
        } else if found.n_old < day.n_files {
            n_partial += 1;
            say!("in part\t{} of {} files\t{}", found.n_old, day.n_files, day_line(day));
        } else {
            n_other += 1;
            say!("OTHER\t{}", day_line(day));
        }
    }
    let mut n_unfolded = 0;
    for (key, found) in &copied {
        if found.n_old == 0 {
            n_unfolded += 1;
        } else {
            n_missing += 1;
            say!("MISSING\t{} of {} files\t{key}", found.n_old, found.n_old + found.n_single);
        }
    }
    say!(
        "{n_same} folded days are what the copy says, {n_other} are not, of {n_partial} the copy has a part, \
         {n_missing} are missing here or there; {n_begun} are not folded whole yet, {n_unfolded} not at all"
    );
    Ok(if n_other + n_missing == 0 { Outcome::Clean } else { Outcome::Unhealthy })
}

/// When a single proof says that it was, and its stream, reason and day.
fn key_of(text: &str) -> Option<(WallTime, String)> {
    let columns: Vec<&str> = text.split('\t').collect();
    let [at, camera, stream, _, _, _, _, reason] = columns[..] else { return None };
    let at = WallTime(at.parse().ok()?);
    Some((at, key(DeletionDay::day_of(at), camera, stream, reason)))
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

    const DAY_MS: i64 = 86_400_000;

    fn proof(n: i64) -> DeletionRow {
        proof_of(20_000, n)
    }

    fn proof_of(day: i64, n: i64) -> DeletionRow {
        DeletionRow {
            at: WallTime(day * DAY_MS + n),
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

    /// Holds a copy of `copied` against an index that has folded `folded` and has `singles` still.
    fn assert_found(folded: &[DeletionDay], singles: &[DeletionRow], copied: &[DeletionRow], is_sound: bool) {
        let copy: String = copied.iter().map(|proof| line(proof) + "\n").collect();
        let singles_at =
            |at: WallTime| Ok(singles.iter().filter(|single| single.at == at).cloned().collect());
        let found = verify(folded, singles_at, copy.as_bytes()).map_err(|_| "failed");
        assert_eq!(matches!(found, Ok(Outcome::Clean)), is_sound, "{copy}");
    }

    #[test]
    fn a_copy_that_was_changed_is_told_from_one_that_was_not() {
        let proofs = [proof(1), proof(2), proof(3)];
        let day = folded(&proofs);
        let check = |proofs: &[DeletionRow], is_sound: bool| {
            assert_found(std::slice::from_ref(&day), &[], proofs, is_sound);
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
        assert!(verify(&[day], |_| Ok(Vec::new()), "nothing".as_bytes()).is_err());
    }

    #[test]
    fn a_day_that_is_being_folded_is_no_other_one() {
        let proofs = [proof(1), proof(2), proof(3), proof(4)];
        let day = [folded(&proofs[..2])];
        assert_found(&day, &proofs[2..], &proofs, true);
        // Copied when the first line was folded already.
        assert_found(&day, &proofs[2..], &proofs[1..], true);
        for n in 0..4 {
            let mut forged = proofs.clone();
            forged[n].bytes = 8;
            assert_found(&day, &proofs[2..], &forged, false);
        }
        let added = [&proofs[..], &[proof(5)]].concat();
        assert_found(&day, &proofs[2..], &added, false);
    }

    #[test]
    fn a_whole_day_is_neither_added_nor_left_out() {
        let days = [1, 2, 3].map(|day| [proof_of(day, 1), proof_of(day, 2)]);
        let (all, rows) = (days.concat(), days.each_ref().map(|day| folded(&day[..])));
        assert_found(&rows, &[], &all, true);
        assert_found(&rows[..2], &days[2], &all, true);
        // The index has it neither as a day nor as single proofs.
        assert_found(&rows[..2], &[], &all, false);
        assert_found(&rows[1..], &[], &all, false);
        assert_found(&rows[..2], &days[2][1..], &all, false);
        // The copy has what was before and after it.
        let without = [&days[0][..], &days[2][..]].concat();
        assert_found(&rows, &[], &without, false);
        // It may begin later, and end before.
        assert_found(&rows, &[], &all[2..], true);
        assert_found(&rows, &[], &all[..4], true);
    }
}
