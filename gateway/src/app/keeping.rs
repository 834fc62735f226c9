//! Wires what keeps the disks in order: retention's thread, what it learns of incidents, and the databases' reserve.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use sharpeyes_config::Site;
use sharpeyes_domain::{
    ids::{AlarmId, StreamId, StreamKind},
    retention::Policy,
    segment::Span,
};

use super::AppError;
use crate::{
    clock::Clock,
    record::{
        Recorder,
        retention::{IncidentSource, Keeping, Retention, RetentionSettings},
    },
    store::{db::DbError, dispatch::Dispatch, footage::IncidentMark, reserve::Reserve},
};

/// How often the databases' disk is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// A moment is a span, too.
const AT_LEAST: Duration = Duration::from_millis(1);

/// Retention's threads, one for each disk, and that of the databases' reserve. Stopped when dropped.
pub(super) struct Keeper {
    stops: Vec<SyncSender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Keeper {
    /// Starts retention; what comes back is for the interface.
    pub(super) fn start(
        site: &Site,
        recorder: &Recorder,
        dispatch: &Dispatch,
        clock: Clock,
    ) -> Result<(Self, Arc<Keeping>), AppError> {
        let source = Incidents {
            dispatch: dispatch.clone(),
            clock,
            pre_roll: site.incident.pre_roll,
            post_roll: site.incident.post_roll,
            after: AlarmId(0),
            running: BTreeSet::new(),
        };
        let retentions = recorder.retention(settings(site), Box::new(source))?;
        let keeping = retentions.first().map(Retention::keeping).expect("a site has a disk");
        let reserve = Reserve::open(&site.data_dir, site.storage.database_reserve)
            .map_err(|source| AppError::DataDir { path: site.data_dir.clone(), source })?;
        let keeper = Self::spawn(retentions, reserve).map_err(AppError::Thread)?;
        Ok((keeper, keeping))
    }

    fn spawn(retentions: Vec<Retention>, mut reserve: Reserve) -> io::Result<Self> {
        let (stop_reserve, reserve_stopped) = sync_channel::<()>(1);
        let watch = std::thread::Builder::new().name("db-reserve".into()).spawn(move || {
            while reserve_stopped.recv_timeout(LOOK) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                if let Err(error) = reserve.look() {
                    tracing::warn!(%error, "the databases' disk cannot be asked for its space");
                }
            }
        })?;
        let mut keeper = Self { stops: vec![stop_reserve], threads: vec![watch] };
        for retention in retentions {
            let (stop, stopped) = sync_channel(1);
            let name = format!("retain-{}", retention.disk());
            let thread = std::thread::Builder::new().name(name).spawn(move || retention.run(&stopped))?;
            keeper.stops.push(stop);
            keeper.threads.push(thread);
        }
        Ok(keeper)
    }

    /// Lets a pass that has begun come to its end. Blocks.
    pub(super) fn end(mut self) {
        self.stops.clear();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread that keeps the disks had panicked");
            }
        }
    }
}

/// The policy of every camera: one that is not recorded any more still has footage.
pub(crate) fn settings(site: &Site) -> RetentionSettings {
    let cameras: HashMap<_, _> =
        site.cameras.iter().map(|camera| (camera.id.clone(), camera.retention)).collect();
    let streams = site.cameras.iter().flat_map(|camera| {
        let recorded = [StreamKind::Main, StreamKind::Sub].into_iter();
        let recorded = recorded.filter(|kind| camera.record.includes(*kind));
        recorded.map(|kind| StreamId { camera: camera.id.clone(), kind })
    });
    RetentionSettings {
        reserve: site.storage.reserve,
        unnamed: cameras.values().copied().fold(site.storage.policy, Policy::strictest),
        recorded: streams.collect(),
        cameras,
        confirm_after: site.storage.clock_confirm,
    }
}

/// Asks the dispatch tables which alarms are new or still run, beginning with all that there ever were.
struct Incidents {
    dispatch: Dispatch,
    clock: Clock,
    pre_roll: Duration,
    post_roll: Duration,
    after: AlarmId,
    running: BTreeSet<AlarmId>,
}

impl IncidentSource for Incidents {
    fn changed(&mut self) -> Result<Vec<IncidentMark>, DbError> {
        let mut marks = Vec::new();
        // Kept only when all went well: what an error has cut short is asked for again.
        let (mut after, mut running) = (self.after, self.running.clone());
        loop {
            let found = self.dispatch.alarm_times_blocking(after, &running)?;
            let before = after;
            for alarm in found {
                after = after.max(alarm.id);
                if alarm.is_over {
                    running.remove(&alarm.id);
                } else {
                    running.insert(alarm.id);
                }
                // While it runs, what is recorded now belongs to it.
                let last = if alarm.is_over { alarm.last } else { alarm.last.max(self.clock.wall()) };
                let span = Span {
                    from: alarm.began.minus(self.pre_roll),
                    to: last.max(alarm.began).plus(self.post_roll + AT_LEAST),
                };
                marks.push(IncidentMark { alarm: alarm.id, camera: alarm.camera, span });
            }
            if after == before {
                (self.after, self.running) = (after, running);
                return Ok(marks);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{ids::CameraId, retention::LegalBasis};

    use super::*;

    #[test]
    fn a_camera_that_is_switched_off_keeps_its_policy_and_one_without_a_name_gets_the_strictest() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("site.toml");
        let text = r#"
            [site]
            name = "x"
            timezone = "Asia/Shanghai"
            data_dir = "data"
            [[area]]
            id = "town"
            name = "x"
            kind = "township"
            [[camera]]
            id = "gate"
            name = "x"
            area = "town"
            place = "crowded"
            main = "rtsp://192.0.2.1/main"
            sub = "rtsp://192.0.2.1/sub"
            record = false
            legal_basis = "key_target"
            keep_days = 90
            incident_days = 120
            [[camera]]
            id = "dam"
            name = "x"
            area = "town"
            place = "crowded"
            main = "rtsp://192.0.2.2/main"
            sub = "rtsp://192.0.2.2/sub"
            record = "sub"
        "#;
        std::fs::write(&file, text).unwrap();
        let settings = settings(&Site::load(&file).unwrap());
        let key = Policy::new(90, 120, None, LegalBasis::KeyTarget).unwrap();
        assert_eq!(settings.cameras.get(&CameraId::new("gate").unwrap()), Some(&key));
        assert_eq!(settings.unnamed, key);
        let recorded: Vec<String> = settings.recorded.iter().map(ToString::to_string).collect();
        assert_eq!(recorded, ["dam/sub"]);
    }
}
