//! The disk under the recording: its identity, its lock, its paths, its syncs. Nothing here knows of streams' state.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::RngExt as _;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sharpeyes_domain::{
    ids::{DiskName, StreamId},
    retention::DiskState,
    time::WallTime,
};

pub use error::VolumeError;
pub(crate) use mount::Mount;
use mount::MountKey;
pub use mount::Room;

use crate::store::footage::{DiskRow, Footage};

mod error;
mod mount;

/// Name of the identity file in the media directory.
pub const IDENTITY_FILE: &str = "identity.json";

/// What the identity file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    uuid: String,
    created_ms: i64,
    purpose: String,
}

/// How the disk is, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskReport {
    /// In a word.
    pub state: DiskState,
    /// The cause and what to do, English; empty when all is well.
    pub detail: String,
}

/// A media directory: locked for this process while it is the right one, watched for its return while it is not.
#[derive(Debug)]
pub struct Volume {
    name: DiskName,
    dir: PathBuf,
    /// Empty until the index is bound to a disk.
    uuid: OnceLock<String>,
    /// It was the right one since the start: from then on an empty directory is the place below it.
    was_here: AtomicBool,
    /// Never held while the disk is waited for.
    holding: Mutex<Holding>,
    report: Mutex<DiskReport>,
    is_dirty: AtomicBool,
    /// Since the start.
    written_bytes: AtomicU64,
    /// Since when the disk has owed an answer.
    waiting: Mutex<Option<Instant>>,
    /// As it said last.
    known_room: Mutex<Option<Room>>,
    /// The disk refused for want of room since someone looked.
    has_refused: AtomicBool,
    /// There is no room and nothing may be deleted: why.
    full: Mutex<Option<&'static str>>,
    /// Torn ends are set aside by one thread at a time.
    cutting: Mutex<()>,
}

/// What of the disk is in our hands.
#[derive(Debug)]
enum Holding {
    /// The right disk. The identity file carries the lock.
    Mounted { mount: Arc<Mount>, _identity: File },
    /// It failed. Nothing of it is open, so that it can be unmounted and mended; mounted anew it may be used again.
    Failed(MountKey),
    /// It is not there.
    Away,
}

/// What [`Volume::watch`] saw.
pub(crate) enum Watched {
    /// As before.
    Same,
    /// It was read-only and may be written again: bring it into order, then [`Volume::admit_writable`] it.
    Writable,
    /// The right disk is back, and locked: bring it into order, then [`Volume::admit`] it.
    Back(Returned),
}

/// The right disk, mounted anew, not yet written to.
pub(crate) struct Returned {
    mount: Arc<Mount>,
    identity: File,
}

impl Returned {
    /// Space and inodes, and whether anybody may write to it. Waits for the disk.
    pub(crate) fn room(&self) -> Option<Room> {
        self.mount.room().ok()
    }
}

/// Something is asked of the disk; the answer is there when this is dropped.
#[must_use]
pub(crate) struct Asking<'a>(&'a Volume);

impl Asking<'_> {
    /// It has answered, and is asked the next thing.
    pub(crate) fn again(&self, now: Instant) {
        *lock_of(&self.0.waiting) = Some(now);
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        *lock_of(&self.0.waiting) = None;
    }
}

impl Volume {
    /// A disk that nobody has looked at. Asks it nothing.
    #[must_use]
    pub fn new(name: &DiskName, dir: &Path) -> Self {
        Self {
            name: name.clone(),
            dir: dir.to_owned(),
            uuid: OnceLock::new(),
            was_here: AtomicBool::new(false),
            holding: Mutex::new(Holding::Away),
            report: Mutex::new(DiskReport { state: DiskState::Ok, detail: String::new() }),
            is_dirty: AtomicBool::new(false),
            written_bytes: AtomicU64::new(0),
            waiting: Mutex::default(),
            known_room: Mutex::default(),
            has_refused: AtomicBool::new(false),
            full: Mutex::default(),
            cutting: Mutex::default(),
        }
    }

    /// Locks the directory when it is the disk that `footage` knows by this name; makes it so when both are new. `None` for
    /// one that is not there, is another one or cannot be read: [`Volume::watch`] looks for it from now on.
    ///
    /// # Errors
    /// [`VolumeError::InUse`] beside another running gateway, [`VolumeError::Index`] when the index cannot be asked.
    pub(crate) fn look(&self, footage: &Footage, now: WallTime) -> Result<Option<Returned>, VolumeError> {
        match self.take(footage, now) {
            Ok(found) => Ok(Some(found)),
            Err(error @ (VolumeError::InUse { .. } | VolumeError::Index(_))) => Err(error),
            Err(error) => {
                self.say(state_of(&error), &error.to_string());
                Ok(None)
            }
        }
    }

    /// Opens and locks the right disk. A new one is marked, but only where none has been in this place since the start.
    fn take(&self, footage: &Footage, now: WallTime) -> Result<Returned, VolumeError> {
        let dir = &self.dir;
        let uuid = match verify(&self.name, dir, footage) {
            Ok(Verified::Match { uuid, is_marked }) => {
                if !is_marked {
                    footage.mark_disk(self.name.clone())?;
                }
                uuid
            }
            Ok(Verified::New { bound: Some(expected) }) if self.was_here.load(Ordering::Acquire) => {
                return Err(VolumeError::Missing { dir: dir.clone(), expected });
            }
            Ok(Verified::New { bound }) => {
                fs::create_dir_all(dir).map_err(at(dir))?;
                let uuid = match bound {
                    Some(uuid) => uuid,
                    None => {
                        let uuid = format!("{:032x}", rand::rng().random::<u128>());
                        footage.bind_disk(self.name.clone(), uuid.clone(), now)?;
                        uuid
                    }
                };
                write_identity(dir, &uuid, now)?;
                footage.mark_disk(self.name.clone())?;
                uuid
            }
            Err(error) => {
                if let VolumeError::Missing { expected, .. } | VolumeError::Mismatch { expected, .. } = &error
                {
                    self.uuid.get_or_init(|| expected.clone());
                }
                return Err(error);
            }
        };
        self.uuid.get_or_init(|| uuid);
        let (mount, identity) = open_mount(dir)?;
        Ok(Returned { mount, identity })
    }

    /// It is read and written from now on.
    pub(crate) fn hold(&self, found: Returned) {
        let Returned { mount, identity } = found;
        self.was_here.store(true, Ordering::Release);
        *lock_of(&self.holding) = Holding::Mounted { mount, _identity: identity };
        self.say(DiskState::Ok, "");
    }

    /// What it has said of itself. Asks it nothing.
    pub(crate) fn note_room(&self, room: Room) {
        *lock_of(&self.known_room) = Some(room);
        if room.is_read_only {
            self.say(DiskState::ReadOnly, READ_ONLY);
        }
    }

    /// Held by whoever sets torn ends aside that stayed in their files: of two, the later would find the first one's copy
    /// and a file that is cut already.
    pub(crate) fn cutting(&self) -> MutexGuard<'_, ()> {
        lock_of(&self.cutting)
    }

    /// What the site file calls it.
    #[must_use]
    pub fn name(&self) -> &DiskName {
        &self.name
    }

    /// The media directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The disk's own name, as in its identity file; empty before the first use.
    #[must_use]
    pub fn uuid(&self) -> &str {
        self.uuid.get().map_or("", String::as_str)
    }

    /// How the disk is; slow, and then not answering, as soon as what it is asked now has taken too long. Asks it nothing.
    #[must_use]
    pub fn report(&self, now: Instant) -> DiskReport {
        let report = lock_of(&self.report).clone();
        match self.waits(now) {
            Some(waits) if waits > NOT_ANSWERING => {
                DiskReport { state: DiskState::NotAnswering, detail: NO_ANSWER.to_owned() }
            }
            Some(waits) if waits > SLOW_SYNC && report.state == DiskState::Ok => {
                DiskReport { state: DiskState::Slow, detail: SLOW.to_owned() }
            }
            Some(_) | None => report,
        }
    }

    /// The disk is asked something from now on.
    pub(crate) fn ask(&self, now: Instant) -> Asking<'_> {
        *lock_of(&self.waiting) = Some(now);
        Asking(self)
    }

    /// How long an answer has been owed.
    fn waits(&self, now: Instant) -> Option<Duration> {
        lock_of(&self.waiting).map(|since| now.saturating_duration_since(since))
    }

    /// What was asked of the disk has not come back for too long.
    pub(crate) fn does_not_answer(&self, now: Instant) -> bool {
        self.waits(now).is_some_and(|waits| waits > NOT_ANSWERING)
    }

    /// The service goes on without its answer: until it is in use, an answer on the way there does not make it well.
    pub(crate) fn give_up(&self) {
        self.say(DiskState::NotAnswering, NO_ANSWER);
    }

    fn state(&self) -> DiskState {
        lock_of(&self.report).state
    }

    /// It is not there, is another one, or cannot be read.
    pub(crate) fn is_away(&self) -> bool {
        matches!(*lock_of(&self.holding), Holding::Away)
    }

    /// Nothing can be written, and nothing be brought into order, until the file system may be written again.
    pub(crate) fn is_read_only(&self) -> bool {
        let is_read_only = self.room().is_ok_and(|room| room.is_read_only);
        if is_read_only {
            self.say(DiskState::ReadOnly, READ_ONLY);
        }
        is_read_only
    }

    /// The disk, when writing may go on: it is the same, no sync has failed, and there is room.
    ///
    /// # Errors
    /// [`VolumeError::Changed`], [`VolumeError::Failed`], [`VolumeError::ReadOnly`] or [`VolumeError::Full`].
    pub(crate) fn ensure_usable(&self) -> Result<Arc<Mount>, VolumeError> {
        if let Some(cause) = *lock_of(&self.full) {
            return Err(VolumeError::Full { dir: self.dir.clone(), cause });
        }
        // The watch takes this back when the file system may be written again.
        if self.state() == DiskState::ReadOnly {
            return Err(VolumeError::ReadOnly { dir: self.dir.clone() });
        }
        self.ensure_intact()
    }

    /// The disk, when it is the same and no sync has failed: what is there may be cut and deleted, full or not.
    ///
    /// # Errors
    /// [`VolumeError::Changed`] or [`VolumeError::Failed`].
    pub(crate) fn ensure_intact(&self) -> Result<Arc<Mount>, VolumeError> {
        let mount = self.mounted()?;
        if mount.has_failed() {
            return Err(VolumeError::Failed { dir: self.dir.clone() });
        }
        if MountKey::of(&self.dir).ok() == Some(mount.key()) {
            Ok(mount)
        } else {
            Err(VolumeError::Changed { dir: self.dir.clone() })
        }
    }

    /// What is mounted, to the best of our knowledge. The lock is not held while the disk is waited for.
    fn mounted(&self) -> Result<Arc<Mount>, VolumeError> {
        match &*lock_of(&self.holding) {
            Holding::Mounted { mount, .. } => Ok(Arc::clone(mount)),
            Holding::Failed(_) => Err(VolumeError::Failed { dir: self.dir.clone() }),
            Holding::Away => Err(VolumeError::Changed { dir: self.dir.clone() }),
        }
    }

    /// Space and inodes. Waits for the disk: not for those who only want to know of it.
    ///
    /// # Errors
    /// As [`Volume::ensure_usable`], and when the disk cannot say.
    pub fn room(&self) -> Result<Room, VolumeError> {
        let mount = self.mounted()?;
        let room = mount.room().map_err(at(&self.dir))?;
        *lock_of(&self.known_room) = Some(room);
        Ok(room)
    }

    /// The same as the disk said last, less than a second ago where it answers; `None` while it is away. Asks it nothing.
    pub(crate) fn known_room(&self) -> Option<Room> {
        self.mounted().ok()?;
        *lock_of(&self.known_room)
    }

    /// Bytes that were written since the start.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// So many bytes were written; the next [`Volume::sync_if_dirty`] has work.
    pub fn mark_written(&self, bytes: u64) {
        self.written_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.is_dirty.store(true, Ordering::Release);
    }

    /// Brings everything written so far to the disk, data and directories, of all cameras at once.
    ///
    /// After a failed sync the kernel drops the pages and reports success next time, so a failure is final for this
    /// mount: nothing more is written until the disk is mounted anew, or the gateway restarted. For want of room it is
    /// not: each file that lost something hears of it when it is finished, and is read back.
    ///
    /// # Errors
    /// [`VolumeError::Io`] once, when it fails.
    pub fn sync_if_dirty(&self, now: Instant) -> Result<(), VolumeError> {
        let Ok(mount) = self.mounted() else { return Ok(()) };
        if mount.has_failed() || !self.is_dirty.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let asking = self.ask(now);
        let synced = mount.sync();
        drop(asking);
        let Err(source) = synced else { return Ok(()) };
        if is_no_room(&source) {
            tracing::warn!(error = %source, dir = %self.dir.display(), "a sync found no room");
            self.has_refused.store(true, Ordering::Release);
            return Ok(());
        }
        mount.fail();
        Err(VolumeError::Io { path: self.dir.clone(), source })
    }

    /// Remembers what kept a write from being done.
    pub(crate) fn note(&self, error: &VolumeError) {
        let VolumeError::Io { source, .. } = error else { return };
        match source.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT) => {
                self.has_refused.store(true, Ordering::Release);
            }
            Some(rustix::io::Errno::ROFS) => self.say(DiskState::ReadOnly, READ_ONLY),
            // Of this process or of one path: the recording ticket tells of it, and no mount mends it.
            Some(
                rustix::io::Errno::INTR
                | rustix::io::Errno::NOENT
                | rustix::io::Errno::EXIST
                | rustix::io::Errno::ISDIR
                | rustix::io::Errno::NOTDIR
                | rustix::io::Errno::ACCESS
                | rustix::io::Errno::PERM
                | rustix::io::Errno::MFILE
                | rustix::io::Errno::NFILE
                | rustix::io::Errno::NOMEM
                | rustix::io::Errno::LOOP
                | rustix::io::Errno::NAMETOOLONG
                | rustix::io::Errno::NOTEMPTY
                | rustix::io::Errno::INVAL
                | rustix::io::Errno::FBIG
                | rustix::io::Errno::AGAIN
                | rustix::io::Errno::BUSY,
            )
            | None => {}
            // Not a full disk and not a protected one: the device or the file system is broken, or away (EIO, EUCLEAN,
            // ENODEV, ENXIO, ETIMEDOUT, ESTALE and others).
            Some(_) => {
                if let Holding::Mounted { mount, .. } = &*lock_of(&self.holding) {
                    mount.fail();
                }
            }
        }
    }

    /// Whether the disk refused for want of room since this was asked last.
    pub(crate) fn take_refusal(&self) -> bool {
        self.has_refused.swap(false, Ordering::AcqRel)
    }

    /// Stops all writing for want of room, or lets it go on. `streams` are those that are not recorded.
    pub(crate) fn set_full(&self, cause: Option<&'static str>, streams: &[StreamId]) {
        let before = std::mem::replace(&mut *lock_of(&self.full), cause);
        match (before, cause) {
            (_, Some(cause)) => {
                let names: Vec<String> = streams.iter().map(ToString::to_string).collect();
                let detail = format!(
                    "{cause}: {} not recorded. Release holds \
                     (GET /api/v1/holds), or add space; recording resumes by itself",
                    if names.is_empty() {
                        "cameras are".to_owned()
                    } else {
                        format!("{} are", names.join(", "))
                    }
                );
                self.say(DiskState::Full, &detail);
            }
            (Some(_), None) => self.say(DiskState::Ok, ""),
            (None, None) => {}
        }
    }

    /// A sync took this long.
    pub(crate) fn note_sync(&self, took: Duration) {
        let (is_slow, state) = (took > SLOW_SYNC, self.state());
        if is_slow && state == DiskState::Ok {
            self.say(DiskState::Slow, SLOW);
        } else if !is_slow && state == DiskState::Slow {
            self.say(DiskState::Ok, "");
        }
    }

    /// Looks whether the right disk is still there, or there again. Writes nothing, but for the mark of a new disk.
    pub(crate) fn watch(&self, footage: &Footage, now: WallTime) -> Watched {
        // Asked before the lock is taken: a disk that hangs must not hold up those who only want to know of it.
        let there = MountKey::of(&self.dir).ok();
        let is_read_only = self.room().is_ok_and(|room| room.is_read_only);
        let mut holding = lock_of(&self.holding);
        match &*holding {
            Holding::Mounted { mount, .. } if there == Some(mount.key()) && !mount.has_failed() => {
                drop(holding);
                match self.state() {
                    _ if is_read_only => self.say(DiskState::ReadOnly, READ_ONLY),
                    DiskState::ReadOnly => return Watched::Writable,
                    DiskState::Ok | DiskState::Full | DiskState::Slow => {}
                    DiskState::Missing | DiskState::Swapped | DiskState::Failed | DiskState::NotAnswering => {
                        self.say(DiskState::Ok, "")
                    }
                }
                return Watched::Same;
            }
            Holding::Mounted { mount, .. } if there == Some(mount.key()) => {
                let failed = Holding::Failed(mount.key());
                let gone = std::mem::replace(&mut *holding, failed);
                drop(holding);
                drop(gone);
            }
            Holding::Failed(key) if there == Some(*key) => {}
            Holding::Mounted { .. } | Holding::Failed(_) | Holding::Away => {
                // Closed before it is opened anew: the lock must not meet itself.
                let gone = std::mem::replace(&mut *holding, Holding::Away);
                drop(holding);
                drop(gone);
                return self.look_for_return(footage, now);
            }
        }
        self.say(DiskState::Failed, &VolumeError::Failed { dir: self.dir.clone() }.to_string());
        Watched::Same
    }

    fn look_for_return(&self, footage: &Footage, now: WallTime) -> Watched {
        match self.take(footage, now) {
            Ok(found) => return Watched::Back(found),
            Err(error) => self.say(state_of(&error), &error.to_string()),
        }
        Watched::Same
    }

    /// Recording may go on there.
    pub(crate) fn admit(&self, returned: Returned) {
        self.hold(returned);
        tracing::info!(dir = %self.dir.display(), "the disk is back; recording goes on");
    }

    /// Recording may go on: what a read-only file system had left undone is in order.
    pub(crate) fn admit_writable(&self) {
        self.say(DiskState::Ok, "");
    }

    fn say(&self, state: DiskState, detail: &str) {
        let mut report = lock_of(&self.report);
        if report.state != state || report.detail != detail {
            match state {
                DiskState::Ok => tracing::info!(dir = %self.dir.display(), "the disk is well"),
                DiskState::Slow => tracing::warn!(dir = %self.dir.display(), state = state.as_str(), detail),
                DiskState::Full
                | DiskState::ReadOnly
                | DiskState::Missing
                | DiskState::Swapped
                | DiskState::Failed
                | DiskState::NotAnswering => {
                    tracing::error!(dir = %self.dir.display(), state = state.as_str(), detail, "the disk");
                }
            }
            *report = DiskReport { state, detail: detail.to_owned() };
        }
    }

    /// Where the files of `stream` lie, below [`Volume::dir`].
    #[must_use]
    pub fn stream_dir(stream: &StreamId) -> String {
        format!("{}/{}", stream.camera, stream.kind.as_str())
    }

    /// Removes files that garbage names, and syncs each of their directories once. One that is gone already is fine, and
    /// one that the disk does not let go of keeps no other.
    ///
    /// # Errors
    /// [`VolumeError`]; nothing is removed from another disk.
    pub(crate) fn remove(&self, paths: &[String]) -> Result<Removed, VolumeError> {
        // Also on a full disk: this is what makes room.
        let mount = self.mounted()?;
        let mut removed = Removed::default();
        let mut in_directories: BTreeMap<&Path, Vec<&String>> = BTreeMap::new();
        for path in paths {
            match mount.unlink(path) {
                Ok(()) => {
                    let directory = Path::new(path).parent().unwrap_or(Path::new(""));
                    in_directories.entry(directory).or_default().push(path);
                }
                Err(source) => removed.failed(at(&self.dir.join(path))(source)),
            }
        }
        for (directory, paths) in in_directories {
            match mount.sync_dir(directory) {
                Ok(()) => removed.paths.extend(paths.into_iter().cloned()),
                Err(source) => removed.failed(at(&self.dir.join(directory))(source)),
            }
        }
        Ok(removed)
    }
}

/// What [`Volume::remove`] did.
#[derive(Debug, Default)]
pub(crate) struct Removed {
    /// Gone for good.
    pub(crate) paths: Vec<String>,
    /// Why the first of the others is not.
    pub(crate) error: Option<VolumeError>,
}

impl Removed {
    fn failed(&mut self, error: VolumeError) {
        self.error.get_or_insert(error);
    }
}

/// Whether the disk has no room, or its owner no quota, left.
pub(crate) fn is_no_room(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
    matches!(errno, Some(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT))
}

/// A disk that needs longer for a sync is called slow.
const SLOW_SYNC: Duration = Duration::from_secs(5);

/// One that has owed an answer for longer is not waited for.
const NOT_ANSWERING: Duration = Duration::from_secs(10);

const NO_ANSWER: &str = "the disk has not answered for more than 10 s: look at the disk, its cable, its controller \
    (dmesg) or its network; recording resumes by itself when it answers";

const SLOW: &str = "a sync takes more than 5 s; check the disk (dmesg, smartctl) and what else uses it";

const READ_ONLY: &str = "the file system is read-only: if it remounted itself so, the disk has an error \
    (dmesg): check it (fsck) and mount it anew; else mount it for writing; recording resumes by itself";

fn lock_of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a disk is that cannot be had for this reason.
fn state_of(error: &VolumeError) -> DiskState {
    match error {
        VolumeError::Missing { .. } => DiskState::Missing,
        VolumeError::Mismatch { .. }
        | VolumeError::Unknown { .. }
        | VolumeError::Renamed { .. }
        | VolumeError::NotEmpty { .. } => DiskState::Swapped,
        VolumeError::Damaged { .. }
        | VolumeError::InUse { .. }
        | VolumeError::Changed { .. }
        | VolumeError::Failed { .. }
        | VolumeError::ReadOnly { .. }
        | VolumeError::Full { .. }
        | VolumeError::Io { .. }
        | VolumeError::Index(_) => DiskState::Failed,
    }
}

fn open_mount(dir: &Path) -> Result<(Arc<Mount>, File), VolumeError> {
    let path = dir.join(IDENTITY_FILE);
    let identity = File::open(&path).map_err(at(&path))?;
    lock(&identity, dir)?;
    let mount = Mount::open(dir).map_err(at(dir))?;
    Ok((Arc::new(mount), identity))
}

/// Removes a file that garbage names, and syncs its directory. A file that is gone already is fine.
pub(crate) fn unlink(dir: &Path, path: &str) -> Result<(), VolumeError> {
    let path = dir.join(path);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
        Ok(()) | Err(_) => {}
    }
    match path.parent() {
        Some(parent) if parent.is_dir() => sync_dir(parent),
        Some(_) | None => Ok(()),
    }
}

/// Whether a directory may be recorded to.
pub(crate) enum Verified {
    /// It is the disk that the index describes.
    Match {
        /// Its uuid.
        uuid: String,
        /// The index knows that its identity file has been written.
        is_marked: bool,
    },
    /// Neither has been used; the index may be bound already (a crash between the two writes).
    New {
        /// The index's uuid.
        bound: Option<String>,
    },
}

/// Compares the disk with what the index knows by this name; changes nothing.
pub(crate) fn verify(name: &DiskName, dir: &Path, footage: &Footage) -> Result<Verified, VolumeError> {
    let known = footage.disks()?;
    let bound = known.iter().find(|disk| disk.name == *name).cloned();
    let found = read_identity(dir)?;
    match (bound, found) {
        (Some(DiskRow { uuid, is_marked, .. }), Some(found)) if uuid == found.uuid => {
            Ok(Verified::Match { uuid, is_marked })
        }
        (Some(bound), Some(found)) => {
            Err(VolumeError::Mismatch { dir: dir.to_owned(), expected: bound.uuid, found: found.uuid })
        }
        (None, Some(found)) => match known.into_iter().find(|disk| disk.uuid == found.uuid) {
            Some(known) => {
                Err(VolumeError::Renamed { dir: dir.to_owned(), known: known.name, name: name.clone() })
            }
            None => Err(VolumeError::Unknown { dir: dir.to_owned(), found: found.uuid }),
        },
        (Some(bound), None) => {
            if !bound.is_marked && is_empty(dir)? {
                Ok(Verified::New { bound: Some(bound.uuid) })
            } else {
                Err(VolumeError::Missing { dir: dir.to_owned(), expected: bound.uuid })
            }
        }
        (None, None) => {
            if !is_empty(dir)? {
                return Err(VolumeError::NotEmpty { dir: dir.to_owned() });
            }
            Ok(Verified::New { bound: None })
        }
    }
}

/// The lock that the recorder holds, for someone who must not run beside it.
pub(crate) fn lock(identity: &File, dir: &Path) -> Result<(), VolumeError> {
    flock(identity, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
        if error == rustix::io::Errno::WOULDBLOCK {
            VolumeError::InUse { dir: dir.to_owned() }
        } else {
            VolumeError::Io { path: dir.join(IDENTITY_FILE), source: error.into() }
        }
    })
}

/// Makes a directory's entries durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), VolumeError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> VolumeError + use<> {
    let path = path.to_owned();
    move |source| VolumeError::Io { path, source }
}

fn read_identity(dir: &Path) -> Result<Option<Identity>, VolumeError> {
    let path = dir.join(IDENTITY_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(&path)(error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| VolumeError::Damaged { path, source })
}

fn write_identity(dir: &Path, uuid: &str, now: WallTime) -> Result<(), VolumeError> {
    let identity = Identity {
        uuid: uuid.to_owned(),
        created_ms: now.0,
        purpose: "Sharp Eyes footage; footage.db knows this uuid. Do not copy this file to another disk."
            .to_owned(),
    };
    let path = dir.join(IDENTITY_FILE);
    let text = serde_json::to_vec_pretty(&identity)
        .map_err(|source| VolumeError::Damaged { path: path.clone(), source })?;
    let new = dir.join("identity.json.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new).map_err(at(&new))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(at(&new))?;
    fs::rename(&new, &path).map_err(at(&path))?;
    sync_dir(dir)
}

/// Nothing in it but what a fresh file system or an interrupted first start leaves.
fn is_empty(dir: &Path) -> Result<bool, VolumeError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(at(dir)(error)),
    };
    for entry in entries {
        let name = entry.map_err(at(dir))?.file_name();
        if name != "lost+found" && name != "identity.json.new" {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
