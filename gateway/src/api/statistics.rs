//! Statistics of the viewer's areas.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::Json;
use serde::Deserialize;
use sharpeyes_config::Camera;
use sharpeyes_domain::{access::Action, ids::AreaId, statistics::Verdicts, time::WallTime};
use utoipa::IntoParams;

use super::{
    dto,
    error::ApiError,
    extract::Params,
    guard::{Guard, of_camera},
    incidents::word,
};
use crate::{
    bulletin,
    store::statistics::{AccuracyFilter, IncidentKind, Scope},
};

/// A year and a day: what a report may cover.
const LONGEST: Duration = Duration::from_hours(24 * 367);

/// Which incidents.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatisticsQuery {
    /// Those that came from here on.
    from_ms: i64,
    /// And before then; at most 367 days later.
    to_ms: i64,
    /// As they stood then: what was done later is not looked at. `to_ms` if not given, or now if that is ahead.
    as_of_ms: Option<i64>,
    /// In this area and what lies in it.
    area: Option<String>,
    /// Of this class.
    class: Option<String>,
    /// From this source.
    source: Option<String>,
    /// That this unit was told of.
    unit: Option<String>,
}

/// What a centre is judged by: what came within a time, and what had become of it.
#[utoipa::path(get, path = "/api/v1/statistics", params(StatisticsQuery), responses(
    (status = 200, body = dto::Statistics), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn show(
    guard: Guard,
    Params(query): Params<StatisticsQuery>,
) -> Result<Json<dto::Statistics>, ApiError> {
    let scope = scope(
        &guard,
        query.from_ms,
        query.to_ms,
        WallTime(query.as_of_ms.unwrap_or(query.to_ms)),
        query.area.as_deref(),
    )?;
    let kind = kind(query.class.as_deref(), query.source.as_deref(), query.unit.as_deref())?;
    Ok(Json(count(&guard, scope, kind).await?))
}

/// Counts, and names what was counted.
pub(super) async fn count(
    guard: &Guard,
    scope: Scope,
    kind: IncidentKind,
) -> Result<dto::Statistics, ApiError> {
    let local = bulletin::local(guard.state.site.timezone.clone());
    let mut counted = guard.state.statistics.count(scope.clone(), kind.clone(), local).await?;
    // Whose statistics somebody reads is not yet whose cameras' health. An area is asked about once.
    let mut known: BTreeMap<&AreaId, bool> = BTreeMap::new();
    counted.faults.retain(|row| {
        let camera = guard.state.site.camera(&row.camera).filter(|camera| scope.areas.contains(&camera.area));
        let may = |camera: &Camera| guard.may(Action::CameraHealth, &of_camera(camera));
        camera.is_some_and(|camera| *known.entry(&camera.area).or_insert_with(|| may(camera)))
    });
    Ok(bulletin::statistics(&guard.state.site, &scope, &kind, &counted))
}

/// Which alarms.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AccuracyQuery {
    /// Those that began from here on.
    from_ms: i64,
    /// And before then; at most 367 days later.
    to_ms: i64,
    /// By what was known then; now if not given.
    as_of_ms: Option<i64>,
    /// In this area and what lies in it.
    area: Option<String>,
    /// Of this camera.
    camera: Option<String>,
    /// Of rules with this name.
    rule: Option<String>,
}

/// How often alarms were right, by camera, rule and level: each is what operators found its incident to be.
#[utoipa::path(get, path = "/api/v1/statistics/accuracy", params(AccuracyQuery), responses(
    (status = 200, body = dto::AlarmAccuracy), (status = 422, body = dto::ErrorBody),
))]
pub(super) async fn accuracy(
    guard: Guard,
    Params(query): Params<AccuracyQuery>,
) -> Result<Json<dto::AlarmAccuracy>, ApiError> {
    let as_of = query.as_of_ms.map_or(guard.state.clock.wall(), WallTime);
    let scope = scope(&guard, query.from_ms, query.to_ms, as_of, query.area.as_deref())?;
    let as_of_ms = scope.as_of.0;
    let filter = AccuracyFilter {
        camera: query.camera.as_deref().map(|camera| word("camera", camera)).transpose()?,
        rule: query.rule.as_deref().map(|rule| word("rule", rule)).transpose()?,
    };
    let found = guard.state.statistics.accuracy(scope, filter).await?;
    let mut all = Verdicts::default();
    for row in &found.rows {
        all.add(row.verdicts);
    }
    Ok(Json(dto::AlarmAccuracy {
        from_ms: query.from_ms,
        to_ms: query.to_ms,
        as_of_ms,
        as_of_seq: found.as_of.0,
        alarms: all.alarms(),
        confirmed: all.confirmed,
        false_alarms: all.false_alarms,
        undecided: all.undecided,
        accuracy: all.accuracy().into(),
        rows: bulletin::accuracy_rows(&guard.state.site, &found.rows),
    }))
}

/// What is asked about: of the areas only the viewer's, and nothing that is yet to come.
pub(super) fn scope(
    guard: &Guard,
    from_ms: i64,
    to_ms: i64,
    as_of: WallTime,
    area: Option<&str>,
) -> Result<Scope, ApiError> {
    let span = to_ms.checked_sub(from_ms).and_then(|span| u64::try_from(span).ok());
    if !span.is_some_and(|span| (1..=LONGEST.as_secs() * 1_000).contains(&span)) {
        return Err(ApiError::Unprocessable {
            code: "bad_range",
            message: "a range ends after it begins, and within 367 days".to_owned(),
            field: Some("to_ms"),
        });
    }
    let as_of = as_of.min(guard.state.clock.wall());
    let before = WallTime(from_ms.saturating_sub(to_ms - from_ms));
    let (from, to) = (WallTime(from_ms), WallTime(to_ms));
    Ok(Scope { before, from, to, as_of, areas: areas(guard, area)? })
}

/// Words of a question as what they stand for.
pub(super) fn kind(
    class: Option<&str>,
    source: Option<&str>,
    unit: Option<&str>,
) -> Result<IncidentKind, ApiError> {
    Ok(IncidentKind {
        class: class.map(|class| word("class", class)).transpose()?,
        source: source.map(|source| word("source", source)).transpose()?,
        unit: unit.map(|unit| word("unit", unit)).transpose()?,
    })
}

fn areas(guard: &Guard, area: Option<&str>) -> Result<BTreeSet<AreaId>, ApiError> {
    let site = &guard.state.site;
    let roots = guard.viewer.areas.iter().filter(|root| guard.sees_area(root));
    let own: BTreeSet<AreaId> = roots.flat_map(|root| site.area_subtree(root)).collect();
    let Some(area) = area else { return Ok(own) };
    let subtree = site.area_subtree(&word("area", area)?).into_iter();
    Ok(subtree.filter(|area| own.contains(area)).collect())
}
