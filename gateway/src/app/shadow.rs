//! Starts shadow models: a second detector behind a camera's rules that raises nothing.
//!
//! It decodes, tracks and rests on its own, so that what it would have raised does not depend on what the live model sees.
//! Whoever has none pays nothing. What it gets of the machine is [`Role::Shadow`]'s share.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sharpeyes_config::{Camera, Site};
use sharpeyes_domain::{
    alarm::{AlarmEdge, Moment},
    ids::{CameraId, ModelId},
    segment::Span,
    tamper::TamperEdge,
    time::WallTime,
    track::Track,
};
use sharpeyes_inference::ModelFile;
use tokio_util::sync::CancellationToken;

use super::{
    alarms::{AlarmQueue, Line, Table},
    analysis::{DeskSink, Refused, usable},
    health::Health,
};
use crate::{
    analyze::{
        AlarmSink, AnalysisSettings, Detectors, InferencePool, LiveAnalysis, ladder::LadderSettings,
        pipeline::CameraPipeline, seat::Role,
    },
    clock::Clock,
    hub::Hub,
    models,
    store::shadow::{ShadowLog, ShadowLook, ShadowSource},
};

/// How often it is written down how much they looked at.
const TALLY: Duration = Duration::from_secs(60);
/// A stretch is no longer than this, so that sums over a day are of that day.
const LONGEST_STRETCH: Duration = Duration::from_hours(1);

/// A camera with a shadow model that works.
pub(super) struct Shadowed<'a> {
    camera: &'a Camera,
    pub(super) model: ModelFile,
}

/// Opens each shadow model once. Cameras whose one cannot be used say so in `health`; their live analysis goes on.
pub(super) fn open<'a>(site: &'a Site, detectors: &Detectors, health: &mut Health) -> Vec<Shadowed<'a>> {
    let mut opened: HashMap<&ModelId, Result<ModelFile, Refused>> = HashMap::new();
    let mut ready = Vec::new();
    for camera in &site.cameras {
        let Some(wanted) = models::shadow_of(site, camera) else { continue };
        let model = opened.entry(wanted).or_insert_with(|| usable(site, detectors, Some(wanted)));
        match model {
            Ok(model) => ready.push(Shadowed { camera, model: model.clone() }),
            Err(Refused { code, text }) => {
                tracing::warn!(camera.id = %camera.id, code, error = text, "no shadow model; the live analysis goes on");
                health.not_shadowed(camera.id.clone(), wanted.clone(), code, text.clone());
            }
        }
    }
    ready
}

/// Registers them behind all live cameras, and counts what they look at.
pub(super) fn start(
    site: &Site,
    shadowed: Vec<Shadowed<'_>>,
    pool: &InferencePool,
    hub: &Hub,
    sink: &DeskSink,
    clock: &Clock,
    health: &mut Health,
) -> (Vec<Arc<LiveAnalysis>>, Tally) {
    let mut tally = Tally { watched: Vec::new(), log: sink.shadow_log(), clock: clock.clone() };
    let mut analyses = Vec::new();
    for Shadowed { camera, model } in shadowed {
        let Some(units) = camera.analysed().and_then(|(stream, _)| hub.poll(&stream)) else {
            continue;
        };
        // A rule that the model has no word for would look as if it missed everything.
        let (rules, blind): (Vec<_>, Vec<_>) =
            camera.rules.iter().cloned().partition(|rule| models::blind_to(rule, &model).is_none());
        for rule in blind {
            tracing::warn!(camera.id = %camera.id, rule = %rule.id, model = %model.manifest.id, "the shadow model does not know the class of this rule: it is not compared");
        }
        let (weakest, id) = (model.manifest.score, model.manifest.id);
        // The camera's own threshold was found for the live model.
        let pipeline = CameraPipeline::new(&rules, model.manifest.strong, weakest, site.timezone.clone());
        let look_every = site.analysis.look_every.into();
        let shadow = ShadowSink { queue: sink.queue(), source: ShadowSource::Model(id.clone()) };
        let analysis = LiveAnalysis::new(
            AnalysisSettings {
                camera: camera.id.clone(),
                role: Role::Shadow,
                model: id.clone(),
                weight: pipeline.weight(),
                ladder: LadderSettings {
                    parts: site.analysis.parts,
                    ..LadderSettings::new(site.analysis.ladder, pipeline.need(), camera.fps, look_every)
                },
                pipeline,
                decoder: site.analysis.decoder,
                units,
            },
            pool,
            Arc::new(shadow),
            clock.clone(),
        );
        health.shadowed(camera.id.clone(), analysis.clone());
        tally.watched.push(Watched::new(camera.id.clone(), id, analysis.clone()));
        analyses.push(analysis);
    }
    (analyses, tally)
}

/// Writes down what a shadow model would have raised, and nothing else of what it says.
struct ShadowSink {
    queue: AlarmQueue,
    source: ShadowSource,
}

impl AlarmSink for ShadowSink {
    fn alarm(&self, camera: &CameraId, edge: AlarmEdge, _: Option<Vec<u8>>) {
        let line = Line { camera: camera.clone(), table: Table::Shadow(self.source.clone()) };
        self.queue.put(line, edge, None);
    }

    /// The live analysis sees the same pixels.
    fn tamper(&self, _: &CameraId, _: TamperEdge) {}

    fn seen(&self, _: &CameraId, _: Moment, _: &[Track]) {}
}

/// How much each shadow model looked at, on its way into the table.
pub(super) struct Tally {
    watched: Vec<Watched>,
    log: ShadowLog,
    clock: Clock,
}

struct Watched {
    camera: CameraId,
    model: ModelId,
    analysis: Arc<LiveAnalysis>,
    count: Count,
}

impl Watched {
    const fn new(camera: CameraId, model: ModelId, analysis: Arc<LiveAnalysis>) -> Self {
        Self { camera, model, analysis, count: Count::new() }
    }
}

impl Tally {
    /// Until shutdown, once a minute and at the end. Ends at once when there is nothing to count.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut last = self.clock.wall();
        while !self.watched.is_empty() {
            let is_over = tokio::time::timeout(TALLY, stop.cancelled()).await.is_ok();
            let now = self.clock.wall();
            for one in &mut self.watched {
                let status = one.analysis.status();
                let left_out = status.counters.dropped() + status.skipped;
                let Some(look) = one.count.step(Span { from: last, to: now }, status.counters.seen, left_out)
                else {
                    continue;
                };
                if let Err(error) = self.log.looked(one.camera.clone(), one.model.clone(), look).await {
                    tracing::warn!(camera.id = %one.camera, %error, "how much a shadow model looked at is not written down");
                }
            }
            last = now;
            if is_over {
                return;
            }
        }
    }
}

/// What was counted until the last minute, and since when it looks without a pause.
struct Count {
    seen: u64,
    left_out: u64,
    since: Option<WallTime>,
}

impl Count {
    const fn new() -> Self {
        Self { seen: 0, left_out: 0, since: None }
    }

    /// What `minute` adds to which stretch; `None` when there was nothing to look at, and that ends the stretch.
    fn step(&mut self, minute: Span, seen: u64, left_out: u64) -> Option<ShadowLook> {
        let (n_seen, n_left_out) = (seen.saturating_sub(self.seen), left_out.saturating_sub(self.left_out));
        (self.seen, self.left_out) = (seen, left_out);
        let since = self.since.filter(|since| minute.from.since(*since) < LONGEST_STRETCH && n_seen > 0);
        let from = since.unwrap_or(minute.from);
        self.since = (n_seen > 0).then_some(from);
        let span = Span { from, to: minute.to };
        (n_seen + n_left_out > 0).then_some(ShadowLook { span, n_seen, n_left_out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_in_which_it_looked_are_one_stretch_and_others_end_it() {
        let mut count = Count::new();
        let mut step = |minute: i64, seen, left_out| {
            let span = Span { from: WallTime(minute * 60_000), to: WallTime((minute + 1) * 60_000) };
            count.step(span, seen, left_out).map(|look| {
                (look.span.from.0 / 60_000, look.span.to.0 / 60_000, look.n_seen, look.n_left_out)
            })
        };
        assert_eq!(step(0, 10, 0), Some((0, 1, 10, 0)));
        assert_eq!(step(1, 30, 5), Some((0, 2, 20, 5)), "more of the same stretch");
        assert_eq!(step(2, 30, 95), Some((2, 3, 0, 90)), "it was asked and gave way: a stretch of its own");
        assert_eq!(step(3, 40, 95), Some((3, 4, 10, 0)));
        assert_eq!(step(4, 40, 95), None, "the camera was away");
        assert_eq!(step(5, 50, 95), Some((5, 6, 10, 0)));
        assert_eq!(step(65, 60, 95), Some((65, 66, 10, 0)), "an hour is enough for one");
    }
}
