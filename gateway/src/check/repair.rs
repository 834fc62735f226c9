//! What `--repair` does, fault by fault. Footage is never deleted when anything in it can be played, and a file whose
//! content has changed is left alone: that is for people to judge.

use std::{collections::BTreeSet, path::Path};

use sharpeyes_domain::{
    ids::{DiskName, SegmentId, StreamId},
    segment::{Gap, GapCause, Span},
    time::{MediaDuration, Pts, WallTime},
};

use super::{Audit, CheckError, Fault};
use crate::{
    record::{
        recovery::{Salvaged, recover, salvage, scan},
        torn::{Tail, Torn, WithoutRoom},
    },
    store::footage::{Change, ClosedSegment, NewRun, NewSegment, RunRef},
};

pub(super) fn repair(audit: &Audit, faults: &[Fault]) -> Result<(), CheckError> {
    let disks: Vec<_> = audit.disks.iter().map(|(name, dir)| (name, dir.as_path())).collect();
    // What died is closed first: a file that is adopted below gets the newest row, and is not the stream's present.
    recover(&disks, &audit.footage, audit.now)?;
    // Files before coverage: what a file turns out to hold decides which gaps there are.
    for fault in faults {
        match fault {
            Fault::Missing { id, stream, path, span } => {
                replace(audit, *id, path, stream, *span, None)?;
            }
            Fault::Size { id, stream, path, expected, found } if found < expected => {
                shorten(audit, *id, stream, path)?;
            }
            Fault::Size { id, path, expected, .. } => cut(audit, *id, path, *expected)?,
            Fault::Torn { path, found: None, .. } => {
                audit.footage.apply(vec![Change::ForgetTorn { path: path.clone() }])?;
            }
            Fault::Table { id, path, .. } => read_table_again(audit, *id, path)?,
            Fault::Orphan { stream, disk, path } => adopt(audit, stream, disk, path)?,
            Fault::Overlap { stream, span } => uncover(audit, stream, *span)?,
            Fault::Database { .. }
            | Fault::Identity { .. }
            | Fault::Row { .. }
            | Fault::LeftOpen { .. }
            | Fault::Undeleted { .. }
            | Fault::Hash { .. }
            | Fault::Torn { .. }
            | Fault::Stranger { .. }
            | Fault::Unexplained { .. }
            | Fault::EndUnexplained { .. } => {}
        }
    }
    recover(&disks, &audit.footage, audit.now)?;
    if faults.iter().any(|fault| matches!(fault, Fault::Row { .. })) {
        // What looks like a hole may be what such a row is about: no gap is written over it.
        return Ok(());
    }
    let mut holes = BTreeSet::new();
    for stream in audit.footage.streams()? {
        let mut found = Vec::new();
        super::look_at_coverage(audit, &stream, false, &mut found)?;
        for fault in found {
            if let Fault::Unexplained { stream, span } = fault {
                holes.insert((stream, span.from, span.to));
            }
        }
    }
    let gap = |(stream, from, to)| Change::AddGap {
        stream,
        gap: Gap { span: Span { from, to }, cause: GapCause::Corrupt },
    };
    audit.footage.apply(holes.into_iter().map(gap).collect())?;
    Ok(())
}

/// A complete file's row, and the folder that it lies in.
fn closed_at(audit: &Audit, id: SegmentId) -> Result<Option<(&Path, ClosedSegment)>, CheckError> {
    let Some(row) = audit.footage.segment(id)? else { return Ok(None) };
    Ok(audit.dir(&row.disk).zip(row.closed))
}

/// The row gives way to what is left of it, and the rest becomes a gap.
fn replace(
    audit: &Audit,
    id: SegmentId,
    path: &str,
    stream: &StreamId,
    lost: Span,
    kept: Option<Salvaged>,
) -> Result<(), CheckError> {
    let mut changes = Vec::new();
    let is_kept = kept.is_some();
    match kept {
        Some(salvaged) => changes.extend(salvaged.changes(audit.now)),
        None => changes.push(Change::Discard { id, since: audit.now }),
    }
    changes
        .push(Change::AddGap { stream: stream.clone(), gap: Gap { span: lost, cause: GapCause::Corrupt } });
    audit.footage.apply(changes)?;
    if !is_kept {
        tracing::warn!(path, "a segment is given up");
    }
    Ok(())
}

fn shorten(audit: &Audit, id: SegmentId, stream: &StreamId, path: &str) -> Result<(), CheckError> {
    let Some(row) = audit.footage.segment(id)? else { return Ok(()) };
    let Some((dir, before)) = audit.dir(&row.disk).zip(row.closed.as_ref()) else { return Ok(()) };
    match salvage(dir, &audit.footage, &row, audit.now)? {
        Some(salvaged) => {
            let lost = Span { from: salvaged.closed.span.to, to: before.span.to };
            replace(audit, id, path, stream, lost, Some(salvaged))
        }
        None => replace(audit, id, path, stream, before.span, None),
    }
}

/// Bytes behind the last fragment are set aside, when what is before them is what was recorded; where there is no room for
/// that, they are known of from now on.
fn cut(audit: &Audit, id: SegmentId, path: &str, expected: u64) -> Result<(), CheckError> {
    let Some(row) = audit.footage.segment(id)? else { return Ok(()) };
    let Some((dir, closed)) = audit.dir(&row.disk).zip(row.closed.as_ref()) else { return Ok(()) };
    let full = dir.join(path);
    let is_same = scan(&full)?
        .is_some_and(|scanned| scanned.valid_bytes == expected && scanned.sha256 == closed.sha256);
    if is_same {
        let (footage, disk, stream, span) = (&audit.footage, &row.disk, &row.stream, closed.span);
        let (now, without_room) = (audit.now, WithoutRoom::Stays);
        if (Torn { disk, dir, footage, stream, path, span, now, without_room }).cut(expected)? == Tail::Stays
        {
            audit.footage.apply(vec![Change::LeaveUncut { id, span, since: now }])?;
        }
    }
    Ok(())
}

fn read_table_again(audit: &Audit, id: SegmentId, path: &str) -> Result<(), CheckError> {
    let Some((dir, before)) = closed_at(audit, id)? else { return Ok(()) };
    let Some(mut scanned) = scan(&dir.join(path))? else { return Ok(()) };
    if scanned.valid_bytes != before.size_bytes || scanned.sha256 != before.sha256 {
        return Ok(());
    }
    scanned.move_to(before.start_pts);
    // The file does not know when the picture after its last one came; the row does.
    scanned.stretch_to(before.span.to);
    if let Some(closed) = scanned.close(id, before.state) {
        audit.footage.apply(vec![Change::CloseSegment(closed)])?;
    }
    Ok(())
}

/// A file that is closed once more takes the place of the gap rows that lie over it.
fn uncover(audit: &Audit, stream: &StreamId, span: Span) -> Result<(), CheckError> {
    let covered = audit.footage.readable_segments_in(stream, span)?.into_iter().filter_map(|row| row.closed);
    audit.footage.apply(covered.map(Change::CloseSegment).collect())?;
    Ok(())
}

/// A file without a row gets one when it can be played and the index has nothing else for its time.
fn adopt(audit: &Audit, stream: &StreamId, disk: &DiskName, path: &str) -> Result<(), CheckError> {
    let Some(dir) = audit.dir(disk) else { return Ok(()) };
    let full = dir.join(path);
    let scanned = scan(&full)?.filter(|scanned| !scanned.fragments.is_empty());
    let Some(scanned) = scanned else {
        // Nobody knows when it was recorded, but before now: an alarm of tomorrow must not keep it.
        let span = Span { from: WallTime(0), to: WallTime(audit.now.0.saturating_add(1)) };
        let (footage, without_room) = (&audit.footage, WithoutRoom::Stays);
        Torn { disk, dir, footage, stream, path, span, now: audit.now, without_room }.keep_file()?;
        audit.footage.apply(vec![Change::DiscardFile {
            disk: disk.clone(),
            path: path.to_owned(),
            since: audit.now,
        }])?;
        return Ok(());
    };
    let (Some(first), Some(last)) = (scanned.fragments.first(), scanned.fragments.last()) else {
        return Ok(());
    };
    let span = Span { from: first.wall, to: last.wall_end };
    if !audit.footage.readable_segments_in(stream, span)?.is_empty() {
        return Ok(());
    }
    let audio_entry = scanned.audio.as_ref().map(|audio| &*audio.sample_entry);
    let known = match audit.footage.run_with_entry(stream, &scanned.params.sample_entry, audio_entry)? {
        Some(id) => audit.footage.run(id)?.filter(|run| run.wall_start <= first.wall),
        None => None,
    };
    let (run, start_pts) = match known {
        Some(run) => {
            let into_run = MediaDuration::from(first.wall.since(run.wall_start));
            (RunRef::Known(run.id), Pts(0) + into_run)
        }
        None => {
            let params = scanned.params.clone().into();
            let audio = scanned.audio.clone().map(Into::into);
            (RunRef::New(NewRun { generation: 0, wall_start: first.wall, params, audio }), Pts(0))
        }
    };
    let new = NewSegment {
        run,
        stream: stream.clone(),
        disk: disk.clone(),
        path: path.to_owned(),
        start_wall: first.wall,
        start_pts,
    };
    let opened = audit.footage.apply(vec![Change::OpenSegment(new)])?;
    let Some(opened) = opened else { return Ok(()) };
    let Some(row) = audit.footage.segment(opened.segment)? else { return Ok(()) };
    if let Some(salvaged) = salvage(dir, &audit.footage, &row, audit.now)? {
        let mut changes = vec![Change::CutGaps { stream: stream.clone(), span: salvaged.closed.span }];
        changes.extend(salvaged.changes(audit.now));
        audit.footage.apply(changes)?;
    }
    Ok(())
}
