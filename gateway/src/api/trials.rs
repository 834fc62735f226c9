//! A camera's rules in the words of the site file, and trials of other ones on its recording.
//!
//! Nothing here changes a rule: those stand in the site file.

use axum::{
    Json,
    body::Body as Bytes,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use sharpeyes_config::{Camera, ConfigError, TrialRules, rule_keys, rule_text};
use sharpeyes_domain::{
    ids::{ModelId, StreamId, StreamKind, TrialId},
    rule::RuleConfig,
    segment::Span,
    time::WallTime,
};
use sharpeyes_inference::{InferenceError, ModelFile, catalogue};
use utoipa::IntoParams;

use super::{
    convert::analysis,
    dto,
    error::ApiError,
    extract::{Body, Params},
    guard::{Guard, of_camera},
    recordings::{ErrandQuery, Visit},
};
use crate::{
    access::gate::Purpose,
    models,
    record::clip::ClipError,
    store::{
        shadow::{ShadowAlarm, ShadowSource},
        statistics::{AccuracyFilter, AccuracyRow, Scope},
        trials::TrialRow,
    },
    trial::{Beside, LiveAlarm, Side, TrialAlarm, TrialPlan, TrialResult, beside},
};

const LONGEST_MS: i64 = 24 * 3_600_000;
const LONGEST_VERDICTS_MS: i64 = 92 * 24 * 3_600_000;
const LONGEST_BESIDE_MS: i64 = 7 * 24 * 3_600_000;
/// As many as each side lists.
const MOST_BESIDE: usize = 500;
const LONGEST_TEXT: usize = 32 << 10;

/// The camera's rules in the words of the site file, with what a trial may use.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/rules", params(("id" = String, Path)), responses(
    (status = 200, body = dto::CameraRules), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn rules(guard: Guard, Path(id): Path<String>) -> Result<Json<dto::CameraRules>, ApiError> {
    let (camera, _) = guard.camera(&id, Purpose::Duty).await?;
    let kind = recorded(camera);
    let live = camera.rules.iter().map(|rule| written(rule, false));
    let shadow = camera.shadow_rules.iter().map(|rule| written(rule, true));
    let model = guard.state.trials.model(&camera.id, None).ok();
    Ok(Json(dto::CameraRules {
        camera: camera.id.to_string(),
        stream: kind.map(word_of),
        is_same_stream: kind.is_some() && camera.analysed().map(|(stream, _)| stream.kind) == kind,
        rules: live.chain(shadow).collect(),
        zones: camera.zones.iter().map(dto::Zone::from).collect(),
        lines: camera.lines.iter().map(dto::Line::from).collect(),
        model: model.map(|model| model.manifest.id.to_string()),
        models: models_here(&guard).await,
    }))
}

/// Tries rules on a stretch of the camera's recording: they are put into the queue of trials, which looks at one at a
/// time, behind everything else. The camera's own rules stay as they are.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/trials", params(("id" = String, Path)), request_body = dto::NewTrial,
    responses(
        (status = 201, body = dto::Trial),
        (status = 403, body = dto::ErrorBody, description = "older than 24 hours, and no `purpose` (`purpose_needed`)"),
        (status = 404, body = dto::ErrorBody, description = "no such camera, or `nothing_recorded`, with the gaps"),
        (status = 422, body = dto::ErrorBody, description = "`bad_rules` with `problems`, `bad_range`, `not_recorded`, \
            `trials_full`, or the word for what is wrong with the detector, e.g. `runtime_missing`, `model_missing`"),
    ))]
pub(super) async fn ask(
    guard: Guard,
    Path(id): Path<String>,
    Body(new): Body<dto::NewTrial>,
) -> Result<(StatusCode, Json<dto::Trial>), ApiError> {
    let span = Span { from: WallTime(new.from_ms), to: WallTime(new.to_ms) };
    let errand = ErrandQuery { purpose: new.purpose, case: new.case };
    let visit = Visit::begin(&guard, &id, span.from, None, errand).await?;
    let camera = visit.camera;
    if span.is_empty() || span.to.0.saturating_sub(span.from.0) > LONGEST_MS {
        return Err(refuse("bad_range", "to_ms", "a trial is longer than nothing and at most 24 hours"));
    }
    if new.rules.len() > LONGEST_TEXT {
        return Err(refuse("bad_text", "rules", "rules have at most 32 KiB"));
    }
    let TrialRules { rules, zones } =
        camera.trial_rules(&new.rules).map_err(|error| ApiError::BadRules { problems: problems(error) })?;
    let model = detector(&guard, camera, new.model.as_deref())?;
    let blind = rules.iter().enumerate().filter_map(|(n, rule)| Some((n, models::blind_to(rule, &model)?)));
    let blind: Vec<_> = blind
        .map(|(n, message)| dto::RuleProblem { at: format!("camera.rule[{n}].kind"), message })
        .collect();
    if !blind.is_empty() {
        return Err(ApiError::BadRules { problems: blind });
    }
    let Some(kind) = recorded(camera) else {
        return Err(refuse("not_recorded", "camera", "no stream of this camera is recorded"));
    };
    let stream = StreamId { camera: camera.id.clone(), kind };
    check_recorded(&guard, &stream, span).await?;
    let names: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let detail = format!("try {} on {} {}..{} ms", names.join(","), kind.as_str(), span.from.0, span.to.0);
    visit.used(detail).await?;
    let model = model.manifest.id;
    let by = guard.viewer.name.clone();
    let plan = TrialPlan { stream, span, text: new.rules, rules, zones, model, by };
    let Some(trial) = guard.state.trials.ask(plan).await? else {
        return Err(refuse("trials_full", "camera", "as many trials wait as may: cancel one, or try later"));
    };
    let found = guard.state.trials.one(camera.id.clone(), trial).await?;
    let (row, _) = found.ok_or(ApiError::NotFound)?;
    Ok((StatusCode::CREATED, Json(show(&row))))
}

/// Trials on the camera's recording, the newest first. Over ones are kept for seven days, twenty of the whole site at most.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/trials", params(("id" = String, Path)), responses(
    (status = 200, body = Vec<dto::Trial>), (status = 404, body = dto::ErrorBody),
))]
pub(super) async fn list(guard: Guard, Path(id): Path<String>) -> Result<Json<Vec<dto::Trial>>, ApiError> {
    let (camera, _) = guard.camera(&id, Purpose::Duty).await?;
    let rows = guard.state.trials.list(camera.id.clone()).await?;
    Ok(Json(rows.iter().map(show).collect()))
}

/// One trial with what it found, beside what the live rules of the same names raised in the same time.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/trials/{trial}", params(("id" = String, Path), ("trial" = i64, Path)),
    responses((status = 200, body = dto::TrialDetail), (status = 404, body = dto::ErrorBody)))]
pub(super) async fn one(
    guard: Guard,
    Path((id, trial)): Path<(String, String)>,
) -> Result<Json<dto::TrialDetail>, ApiError> {
    let (camera, _) = guard.camera(&id, Purpose::Duty).await?;
    let (row, result) = found(&guard, camera, &trial).await?;
    Ok(Json(dto::TrialDetail { trial: show(&row), result: result.as_ref().map(show_result) }))
}

/// Ends a trial that waits or runs, with what it found; forgets one that is over.
#[utoipa::path(delete, path = "/api/v1/cameras/{id}/trials/{trial}", params(("id" = String, Path), ("trial" = i64, Path)),
    responses((status = 204), (status = 404, body = dto::ErrorBody)))]
pub(super) async fn remove(
    guard: Guard,
    Path((id, trial)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (camera, _) = guard.camera(&id, Purpose::Duty).await?;
    let (row, _) = found(&guard, camera, &trial).await?;
    guard.state.trials.remove(row.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which time.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ShadowQuery {
    /// Wall time of the beginning.
    from_ms: i64,
    /// Wall time of the end.
    to_ms: i64,
}

/// What the camera's shadow rules would have raised, beside what its live rules did. No pictures.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/shadow-alarms", params(("id" = String, Path), ShadowQuery),
    responses((status = 200, body = dto::ShadowAlarms), (status = 404, body = dto::ErrorBody)))]
pub(super) async fn shadow(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<ShadowQuery>,
) -> Result<Json<dto::ShadowAlarms>, ApiError> {
    let (camera, _) = guard.camera(&id, Purpose::Duty).await?;
    let span = Span { from: WallTime(query.from_ms), to: WallTime(query.to_ms) };
    let shadow = guard.state.shadow.list(camera.id.clone(), ShadowSource::Rules, span).await?;
    let rules = camera.rules.iter().map(|rule| rule.id.clone()).collect();
    let live = guard.state.trials.live(camera.id.clone(), rules, span).await?;
    Ok(Json(dto::ShadowAlarms {
        shadow: shadow.iter().map(show_shadow).collect(),
        live: live.iter().map(show_raised).collect(),
    }))
}

/// What the camera's shadow model would have raised by its live rules, beside what the live model did raise by them. No
/// pictures. At most 7 days; when a side has more than 500 alarms, less than that: see `from_ms` and `to_ms`.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/shadow-model", params(("id" = String, Path), ShadowQuery),
    responses(
        (status = 200, body = dto::ShadowModel), (status = 404, body = dto::ErrorBody),
        (status = 422, body = dto::ErrorBody, description = "`bad_range`"),
    ))]
pub(super) async fn shadow_model(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<ShadowQuery>,
) -> Result<Json<dto::ShadowModel>, ApiError> {
    let (camera, _) = guard.camera(&id, Purpose::Duty).await?;
    let mut span = Span { from: WallTime(query.from_ms), to: WallTime(query.to_ms) };
    if span.is_empty() || span.to.0.saturating_sub(span.from.0) > LONGEST_BESIDE_MS {
        return Err(refuse("bad_range", "to_ms", "a shadow model is compared over at most 7 days"));
    }
    let Some(model) = models::shadow_of(&guard.state.site, camera) else {
        let found = beside(Vec::new(), Vec::new(), &[]);
        return Ok(Json(show_beside(&found, span, None)));
    };
    let source = ShadowSource::Model(model.clone());
    let mut raised = guard.state.shadow.list(camera.id.clone(), source, span).await?;
    if let Some(oldest) = raised.get(MOST_BESIDE - 1) {
        span.from = oldest.began;
    }
    let rules: Vec<_> = camera.rules.iter().map(|rule| rule.id.clone()).collect();
    let mut live = guard.state.trials.live(camera.id.clone(), rules, span).await?;
    if let Some(last) = live.get(MOST_BESIDE - 1) {
        span.to = last.began;
        raised.retain(|alarm| alarm.began < span.to);
    }
    live.reverse();
    let looks = guard.state.shadow.looks(camera.id.clone(), model.clone(), span).await?;
    let own = guard.state.health.shadow(&camera.id).map(analysis);
    Ok(Json(show_beside(&beside(raised, live, &looks), span, Some((model.to_string(), own)))))
}

/// What operators found the alarms of the viewer's cameras to be, by rule and level: the largest share of false ones
/// among those that were decided first. At most 92 days.
#[utoipa::path(get, path = "/api/v1/rules/verdicts", params(ShadowQuery),
    responses((status = 200, body = Vec<dto::RuleVerdicts>), (status = 422, body = dto::ErrorBody)))]
pub(super) async fn verdicts(
    guard: Guard,
    Params(query): Params<ShadowQuery>,
) -> Result<Json<Vec<dto::RuleVerdicts>>, ApiError> {
    let (from, to) = (WallTime(query.from_ms), WallTime(query.to_ms));
    if to <= from || to.0.saturating_sub(from.0) > LONGEST_VERDICTS_MS {
        return Err(refuse("bad_range", "to_ms", "verdicts are of at most 92 days"));
    }
    let site = &guard.state.site;
    // An incident may lie in another area than its camera: what is shown is decided by the camera.
    let areas = site.areas.areas().iter().map(|area| area.id.clone()).collect();
    let scope = Scope { before: from, from, to, as_of: guard.state.clock.wall(), areas };
    let found = guard.state.statistics.accuracy(scope, AccuracyFilter::default()).await?;
    let seen = |row: &AccuracyRow| {
        site.camera(&row.camera).is_some_and(|camera| guard.sees_camera(camera, guard.action()))
    };
    let mut rows: Vec<AccuracyRow> = found.rows.into_iter().filter(seen).collect();
    rows.sort_by(|a, b| {
        let decided = |of: &AccuracyRow| of.verdicts.confirmed + of.verdicts.false_alarms;
        // Shares compared without dividing; rules without a verdict come last.
        let (left, right) =
            (b.verdicts.false_alarms * decided(a).max(1), a.verdicts.false_alarms * decided(b).max(1));
        left.cmp(&right).then(decided(b).cmp(&decided(a)))
    });
    let show = |row: AccuracyRow| dto::RuleVerdicts {
        camera: row.camera.to_string(),
        camera_name: row.camera_name,
        rule: row.rule.to_string(),
        class: row.class.into(),
        level: row.level.number(),
        confirmed: row.verdicts.confirmed,
        false_alarms: row.verdicts.false_alarms,
        undecided: row.verdicts.undecided,
    };
    Ok(Json(rows.into_iter().map(show).collect()))
}

/// Which still.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StillQuery {
    /// Of the alarm with this `n`.
    n: usize,
    /// `trial` if not given.
    #[serde(default)]
    #[param(required = false)]
    side: dto::TrialSide,
}

/// The moment of an alarm of a trial, 480 pixels wide at most, while its footage is there.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/trials/{trial}/still.jpg",
    params(("id" = String, Path), ("trial" = i64, Path), StillQuery),
    responses((status = 200, content_type = "image/jpeg"), (status = 404, body = dto::ErrorBody)))]
pub(super) async fn still(
    guard: Guard,
    Path((id, trial)): Path<(String, String)>,
    Params(query): Params<StillQuery>,
) -> Result<Response, ApiError> {
    let (camera, allowed) = guard.camera(&id, Purpose::Duty).await?;
    let (row, result) = found(&guard, camera, &trial).await?;
    let result = result.ok_or(ApiError::NotFound)?;
    let (side, moment) = match query.side {
        dto::TrialSide::Trial => {
            (Side::Trial, result.alarms.get(query.n).filter(|a| a.has_still).map(|a| a.raised))
        }
        dto::TrialSide::Live => {
            (Side::Live, result.live.get(query.n).filter(|a| a.has_still).map(|a| a.raised))
        }
    };
    let moment = moment.ok_or(ApiError::NotFound)?;
    let still = guard.state.trials.still(&row, side, query.n, moment).await;
    let still = still.ok_or(ApiError::NotFound)?;
    let detail = format!("stills of trial {}", row.id);
    guard.looked_at_part(&allowed, &of_camera(camera), Purpose::Duty, detail).await?;
    Response::builder()
        .header(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"))
        .body(Bytes::from(still))
        .map_err(|error| ApiError::Internal(Box::new(error)))
}

async fn found(
    guard: &Guard,
    camera: &Camera,
    trial: &str,
) -> Result<(TrialRow, Option<TrialResult>), ApiError> {
    let trial = trial.parse().map(TrialId).map_err(|_| ApiError::NotFound)?;
    guard.state.trials.one(camera.id.clone(), trial).await?.ok_or(ApiError::NotFound)
}

/// What the live analysis looks at, if that is recorded, else what is.
fn recorded(camera: &Camera) -> Option<StreamKind> {
    let analysed = camera.analysed().map(|(stream, _)| stream.kind);
    let kinds = analysed.into_iter().chain([StreamKind::Main, StreamKind::Sub]);
    kinds.into_iter().find(|kind| camera.record.includes(*kind))
}

async fn check_recorded(guard: &Guard, stream: &StreamId, span: Span) -> Result<(), ApiError> {
    let (clips, stream, now) = (guard.state.clips.clone(), stream.clone(), guard.state.clock.wall());
    let look = move || -> Result<_, ClipError> {
        let is_there = clips.has_any(&stream, span)?;
        Ok(if is_there { None } else { Some(clips.gaps_around(&stream, span, now)?) })
    };
    let missing = tokio::task::spawn_blocking(look).await;
    match missing.map_err(|error| ApiError::Internal(Box::new(error)))?? {
        None => Ok(()),
        Some(gaps) => Err(ApiError::NothingRecorded { gaps }),
    }
}

fn detector(guard: &Guard, camera: &Camera, wanted: Option<&str>) -> Result<ModelFile, ApiError> {
    let missing =
        |message: String| ApiError::Unprocessable { code: "model_missing", message, field: Some("model") };
    let wanted = wanted.map(ModelId::new).transpose().map_err(|error| missing(error.to_string()))?;
    let model = guard.state.trials.model(&camera.id, wanted.as_ref());
    model.map_err(|error: std::sync::Arc<InferenceError>| ApiError::Unprocessable {
        code: models::code(&error),
        message: error.to_string(),
        field: Some("model"),
    })
}

/// The built-in detector and those that are installed and whole as far as their manifests tell.
async fn models_here(guard: &Guard) -> Vec<String> {
    let folder = guard.state.site.inference.models.clone();
    let list = move || -> Vec<String> {
        let entries = catalogue::list(&folder).unwrap_or_default();
        entries.into_iter().filter(|entry| entry.model.is_ok()).map(|entry| entry.id).collect()
    };
    tokio::task::spawn_blocking(list).await.unwrap_or_default()
}

fn refuse(code: &'static str, field: &'static str, message: &str) -> ApiError {
    ApiError::Unprocessable { code, message: message.to_owned(), field: Some(field) }
}

fn problems(error: ConfigError) -> Vec<dto::RuleProblem> {
    match error {
        ConfigError::Invalid { problems, .. } => {
            let problems = problems.into_iter();
            problems.map(|one| dto::RuleProblem { at: one.at, message: one.fault.to_string() }).collect()
        }
        ConfigError::Syntax { line, message, .. } => {
            vec![dto::RuleProblem { at: format!("line {line}"), message }]
        }
        ConfigError::Read { .. } => vec![dto::RuleProblem { at: String::new(), message: error.to_string() }],
    }
}

fn written(rule: &RuleConfig, is_shadow: bool) -> dto::WrittenRule {
    let keys = rule_keys(rule).into_iter();
    let json = |value| serde_json::to_value(value).unwrap_or_default();
    let shadow = is_shadow.then(|| ("shadow".to_owned(), true.into()));
    let mut text = rule_text(rule);
    if is_shadow {
        text.push_str("shadow = true\n");
    }
    dto::WrittenRule {
        rule: rule.into(),
        is_shadow,
        keys: keys.map(|(key, value)| (key.to_owned(), json(value))).chain(shadow).collect(),
        text,
    }
}

const fn word_of(kind: StreamKind) -> dto::LiveStream {
    match kind {
        StreamKind::Main => dto::LiveStream::Main,
        StreamKind::Sub => dto::LiveStream::Sub,
    }
}

fn show(row: &TrialRow) -> dto::Trial {
    dto::Trial {
        id: row.id.0,
        camera: row.camera.to_string(),
        stream: word_of(row.stream),
        from_ms: row.span.from.0,
        to_ms: row.span.to.0,
        rules: row.text.clone(),
        model: row.model.clone(),
        asked_ms: row.asked.0,
        by: row.by.clone(),
        state: row.state.into(),
        reached_ms: row.reached.0,
        ended_ms: row.ended.map(|at| at.0),
        code: row.code.clone(),
        detail: row.detail.clone(),
    }
}

fn show_result(result: &TrialResult) -> dto::TrialResult {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut alarms: Vec<_> = result.alarms.iter().zip(0..).map(|(alarm, n)| show_alarm(alarm, n)).collect();
    alarms.sort_by_key(|alarm| (alarm.began_ms, alarm.n));
    let n_met = count(result.alarms.iter().filter(|alarm| alarm.is_met).count());
    let missed = result.live.iter().filter(|alarm| !alarm.is_met && !alarm.is_unseen);
    dto::TrialResult {
        alarms,
        n_alarms: result.n_alarms,
        live: result.live.iter().zip(0..).map(|(alarm, n)| show_live(alarm, n)).collect(),
        n_both: n_met,
        n_only_trial: count(result.alarms.len()) - n_met,
        n_only_live: count(missed.count()),
        blind: result
            .blind
            .iter()
            .map(|blind| dto::TrialBlind {
                from_ms: blind.span.from.0,
                to_ms: blind.span.to.0,
                cause: blind.cause.map(|cause| cause.as_str().to_owned()),
            })
            .collect(),
        zones: result.zones.iter().map(dto::Zone::from).collect(),
        n_pictures: result.n_pictures,
        n_decoded: result.n_decoded,
        n_detected: result.n_detected,
        n_broken: result.n_broken,
    }
}

fn show_shadow(alarm: &ShadowAlarm) -> dto::ShadowAlarm {
    dto::ShadowAlarm {
        rule: alarm.rule.to_string(),
        class: alarm.class.into(),
        level: alarm.level.number(),
        began_ms: alarm.began.0,
        raised_ms: alarm.raised.0,
        ended_ms: alarm.ended.map(|at| at.0),
        evidence: (&alarm.evidence).into(),
    }
}

fn show_raised(alarm: &LiveAlarm) -> dto::ShadowAlarm {
    dto::ShadowAlarm {
        rule: alarm.rule.to_string(),
        class: alarm.class.into(),
        level: alarm.level.number(),
        began_ms: alarm.began.0,
        raised_ms: alarm.raised.0,
        ended_ms: alarm.ended.map(|at| at.0),
        evidence: (&alarm.evidence).into(),
    }
}

fn show_beside(
    found: &Beside,
    span: Span,
    shadow: Option<(String, Option<dto::AnalysisHealth>)>,
) -> dto::ShadowModel {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (model, analysis) = shadow.unzip();
    let shadow = found.shadow.iter();
    let shadow = shadow.map(|(alarm, is_met)| dto::ComparedAlarm {
        alarm: show_shadow(alarm),
        is_met: *is_met,
        is_unseen: false,
    });
    let live = found.live.iter().map(|alarm| dto::ComparedAlarm {
        alarm: show_raised(alarm),
        is_met: alarm.is_met,
        is_unseen: alarm.is_unseen,
    });
    dto::ShadowModel {
        model,
        analysis: analysis.flatten(),
        from_ms: span.from.0,
        to_ms: span.to.0,
        shadow: shadow.collect(),
        live: live.collect(),
        n_both: count(found.n_both),
        n_only_shadow: count(found.n_only_shadow),
        n_only_live: count(found.n_only_live),
        n_seen: found.n_seen,
        n_left_out: found.n_left_out,
    }
}

fn show_alarm(alarm: &TrialAlarm, n: u32) -> dto::TrialAlarm {
    dto::TrialAlarm {
        n,
        rule: alarm.rule.to_string(),
        class: alarm.class.into(),
        level: alarm.level.number(),
        began_ms: alarm.began.0,
        raised_ms: alarm.raised.0,
        ended_ms: alarm.ended.map(|at| at.0),
        end_cause: alarm.cause.map(|cause| cause.as_str().to_owned()),
        evidence: (&alarm.evidence).into(),
        boxes: alarm.boxes.iter().map(dto::TraceBox::from).collect(),
        has_still: alarm.has_still,
        is_met: alarm.is_met,
    }
}

fn show_live(alarm: &LiveAlarm, n: u32) -> dto::TrialLiveAlarm {
    dto::TrialLiveAlarm {
        n,
        alarm: alarm.alarm.0,
        rule: alarm.rule.to_string(),
        class: alarm.class.into(),
        level: alarm.level.number(),
        began_ms: alarm.began.0,
        raised_ms: alarm.raised.0,
        ended_ms: alarm.ended.map(|at| at.0),
        evidence: (&alarm.evidence).into(),
        has_still: alarm.has_still,
        is_met: alarm.is_met,
        is_unseen: alarm.is_unseen,
    }
}
