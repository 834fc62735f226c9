//! The disks, for those who keep them.

use axum::Json;
use sharpeyes_domain::{
    ids::DiskName,
    retention::{DeletionReason, DiskState, LegalBasis},
    time::WallTime,
};

use super::{dto, error::ApiError, guard::Guard};
use crate::{
    access::gate::{Object, Purpose},
    record::retention::{Keeping, KeptDisk, StreamReport},
    store::{audit::Outcome, footage::DeletionRow},
};

const DELETIONS: u32 = 100;

/// Disks with their forecast, retention of every stream, and the newest deletions.
#[utoipa::path(get, path = "/api/v1/storage", responses((status = 200, body = dto::Storage)))]
pub(super) async fn show(guard: Guard) -> Result<Json<dto::Storage>, ApiError> {
    let keeping = guard.state.keeping.clone();
    let work = move || storage(&keeping);
    let shown =
        tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Internal(Box::new(error)))?;
    Ok(Json(shown?))
}

/// The wall clock is right although it jumped: footage ages by it from now on.
#[utoipa::path(post, path = "/api/v1/storage/clock", responses((status = 200, body = dto::RetentionClock)))]
pub(super) async fn confirm_clock(guard: Guard) -> Result<Json<dto::RetentionClock>, ApiError> {
    let before = clock(&guard.state.keeping);
    let detail = format!("ahead by {} ms", before.doubted_ahead_ms.unwrap_or(0));
    let entry = guard.entry(&Object::Site, Purpose::Duty, Outcome::Allowed, detail);
    guard.state.accounts.audit().append(entry).await?;
    guard.state.keeping.confirm_clock();
    Ok(Json(before))
}

fn storage(keeping: &Keeping) -> Result<dto::Storage, ApiError> {
    let disks = keeping.disks();
    let deletions =
        keeping.footage().deletions(DELETIONS).map_err(|error| ApiError::Internal(Box::new(error)))?;
    let now = keeping.clock().now();
    let streams = disks.iter().flat_map(|disk| {
        let measured = disk.report.iter().flat_map(|report| &report.streams);
        measured.map(|found| stream(&disk.name, found, now))
    });
    let mut cameras: Vec<dto::StreamStorage> = streams.collect();
    cameras.sort_by(|a, b| (&a.camera, &a.stream, &a.disk).cmp(&(&b.camera, &b.stream, &b.disk)));
    let tiers = tiers(disks.iter().flat_map(|disk| &disk.report).flat_map(|report| &report.streams));
    Ok(dto::Storage {
        tiers,
        cameras,
        volumes: disks.into_iter().map(volume).collect(),
        clock: clock(keeping),
        deletions: deletions.iter().map(deletion).collect(),
    })
}

fn volume(kept: KeptDisk) -> dto::Volume {
    let KeptDisk { name, dir, uuid, disk, room, report } = kept;
    let forecast = report.as_ref().and_then(|report| report.forecast);
    let shortfall = forecast.map_or(0, |forecast| forecast.shortfall_bytes);
    dto::Volume {
        name: name.to_string(),
        dir,
        uuid,
        state: state(disk.state),
        detail: disk.detail,
        total_bytes: room.map(|room| room.total_bytes),
        free_bytes: room.map(|room| room.free_bytes),
        recorded_bytes: report.as_ref().map_or(0, |report| report.recorded_bytes),
        inodes_free: room.and_then(|room| room.inodes_free),
        forecast: dto::StorageForecast {
            bytes_per_day: forecast.map_or(0, |forecast| forecast.bytes_per_day),
            full_in_days: forecast.and_then(|forecast| forecast.full_in_days),
            keeps_days: forecast.and_then(|forecast| forecast.keeps_days),
            is_enough: shortfall == 0,
            shortfall_bytes: (shortfall > 0).then_some(shortfall),
        },
    }
}

fn clock(keeping: &Keeping) -> dto::RetentionClock {
    let clock = keeping.clock();
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let confirm_after = keeping.settings().confirm_after;
    dto::RetentionClock {
        trusted_ms: clock.now().0,
        doubted_ahead_ms: clock.doubt().map(|doubt| millis(doubt.ahead)),
        confirmed_in_ms: clock.doubt().map(|doubt| millis(confirm_after.saturating_sub(doubt.lasted))),
    }
}

fn tiers<'a>(streams: impl Iterator<Item = &'a StreamReport>) -> dto::TierBytes {
    streams.fold(dto::TierBytes::default(), |sum, StreamReport { usage, .. }| dto::TierBytes {
        base_bytes: sum.base_bytes + usage.base_bytes(),
        incident_bytes: sum.incident_bytes + usage.incident_bytes(),
        held_bytes: sum.held_bytes + usage.held_bytes,
    })
}

fn stream(disk: &DiskName, found: &StreamReport, now: WallTime) -> dto::StreamStorage {
    let (usage, policy) = (&found.usage, &found.policy);
    dto::StreamStorage {
        camera: usage.stream.camera.to_string(),
        stream: usage.stream.kind.as_str().to_owned(),
        disk: disk.to_string(),
        oldest_ms: usage.oldest.0,
        newest_ms: usage.newest.0,
        bytes: usage.bytes,
        bytes_per_day: found.bytes_per_day,
        base_days: policy.base_days(),
        incident_days: policy.incident_days(),
        floor_days: policy.basis().floor_days(),
        legal_basis: match policy.basis() {
            LegalBasis::General => dto::LegalBasis::General,
            LegalBasis::KeyTarget => dto::LegalBasis::KeyTarget,
        },
        max_bytes: policy.max_bytes(),
        incident_max_bytes: policy.tiers().incident_bytes,
        held_warn_bytes: policy.tiers().held_bytes,
        base_bytes: usage.base_bytes(),
        incident_bytes: usage.incident_bytes(),
        held_bytes: usage.held_bytes,
        is_below_floor: usage.newest_shed.is_some_and(|shed| now.since(shed) < policy.floor()),
    }
}

fn deletion(row: &DeletionRow) -> dto::Deletion {
    dto::Deletion {
        at_ms: row.at.0,
        camera: row.stream.camera.to_string(),
        stream: row.stream.kind.as_str().to_owned(),
        from_ms: row.span.from.0,
        to_ms: row.span.to.0,
        bytes: row.bytes,
        sha256: hex::encode(row.sha256),
        reason: match row.reason {
            DeletionReason::Expired => dto::DeletionReason::Expired,
            DeletionReason::Bytes => dto::DeletionReason::Bytes,
            DeletionReason::DiskFull => dto::DeletionReason::DiskFull,
            DeletionReason::Torn => dto::DeletionReason::Torn,
        },
    }
}

const fn state(state: DiskState) -> dto::DiskState {
    match state {
        DiskState::Ok => dto::DiskState::Ok,
        DiskState::Full => dto::DiskState::Full,
        DiskState::ReadOnly => dto::DiskState::ReadOnly,
        DiskState::Missing => dto::DiskState::Missing,
        DiskState::Swapped => dto::DiskState::Swapped,
        DiskState::Failed => dto::DiskState::Failed,
        DiskState::Slow => dto::DiskState::Slow,
        DiskState::NotAnswering => dto::DiskState::NotAnswering,
    }
}
