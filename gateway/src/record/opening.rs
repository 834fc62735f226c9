//! The first look at a disk, on a thread of its own: one that does not answer keeps neither the service from starting nor
//! the cameras of the others from being recorded.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, PoisonError, atomic::Ordering},
    thread::Builder,
    time::Duration,
};

use super::{
    RecordError, Shared,
    recovery::{self, Left},
    volume::{Returned, Room},
};

/// Between two looks whether the disk still owes an answer.
const PAUSE: Duration = Duration::from_millis(50);

/// A disk that is being looked at.
pub(super) struct Opening {
    shared: Arc<Shared>,
    desk: Arc<Desk>,
}

/// Where the thread and whoever waits for it meet.
struct Desk {
    stage: Mutex<Stage>,
    moved: Condvar,
}

enum Stage {
    Awaited,
    /// In time: what was found. The disk is in use.
    Done(Result<Left, RecordError>),
    /// Nobody waits any more: the disk is treated as one that comes back.
    GivenUp,
}

/// The right disk, with its files in order.
struct Found {
    returned: Returned,
    /// As it said before: whoever takes it into use asks it nothing more.
    room: Option<Room>,
    left: Left,
}

impl Opening {
    pub(super) fn begin(shared: &Arc<Shared>) -> io::Result<Self> {
        let desk = Arc::new(Desk { stage: Mutex::new(Stage::Awaited), moved: Condvar::new() });
        shared.is_opening.store(true, Ordering::Release);
        Builder::new().name(format!("record-open-{}", shared.volume.name())).spawn({
            let (shared, desk) = (Arc::clone(shared), Arc::clone(&desk));
            move || {
                let ended = catch_unwind(AssertUnwindSafe(|| deliver(&shared, &desk, open(&shared))));
                shared.is_opening.store(false, Ordering::Release);
                if ended.is_err() {
                    tracing::error!(disk = %shared.volume.name(), "the first look at a disk failed: this is a bug of ours");
                    desk.moved.notify_all();
                }
            }
        })?;
        Ok(Self { shared: Arc::clone(shared), desk })
    }

    /// What a crash left there, as soon as the disk is in use. Nothing for one that is away, read-only, or owes an answer
    /// for too long: recording begins there when it can. Blocks.
    ///
    /// # Errors
    /// [`RecordError::Volume`] when another gateway uses the disk; [`RecordError::Index`].
    pub(super) fn wait(self) -> Result<Left, RecordError> {
        let Self { shared, desk } = self;
        let mut stage = desk.stage.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Stage::Done(found) = std::mem::replace(&mut *stage, Stage::GivenUp) {
                return found;
            }
            if shared.volume.does_not_answer(shared.clock.instant()) {
                shared.volume.give_up();
                break;
            }
            if !shared.is_opening() {
                break;
            }
            *stage = Stage::Awaited;
            stage = desk.moved.wait_timeout(stage, PAUSE).unwrap_or_else(PoisonError::into_inner).0;
        }
        tracing::error!(disk = %shared.volume.name(), "the disk does not answer: the service starts without it");
        Ok(Left::default())
    }
}

fn open(shared: &Shared) -> Result<Option<Found>, RecordError> {
    let Shared { volume, footage, clock, .. } = shared;
    let now = clock.wall();
    let asking = volume.ask(clock.instant());
    let Some(returned) = volume.look(footage, now)? else { return Ok(None) };
    let room = returned.room();
    let mut left = Left::default();
    if !room.is_some_and(|room| room.is_read_only) {
        let step = || asking.again(clock.instant());
        left = recovery::recover_disk(volume.name(), volume.dir(), footage, now, step)?;
    }
    Ok(Some(Found { returned, room, left }))
}

fn deliver(shared: &Shared, desk: &Desk, opened: Result<Option<Found>, RecordError>) {
    let mut stage = desk.stage.lock().unwrap_or_else(PoisonError::into_inner);
    if let Stage::Awaited = *stage {
        *stage =
            Stage::Done(opened.map(|found| found.map_or_else(Left::default, |found| take(shared, found))));
        desk.moved.notify_all();
        return;
    }
    drop(stage);
    let named = match opened {
        Ok(None) => return,
        Ok(Some(found)) => {
            let mut segments = found.left.segments.iter();
            segments
                .try_for_each(|(row, segment)| recovery::name_lost(&shared.footage, row, segment))
                .map(|()| drop(take(shared, found)))
        }
        Err(error) => Err(error),
    };
    match named {
        Ok(()) => tracing::info!(disk = %shared.volume.name(), "the disk answers; recording goes on"),
        // Not in use: the watch looks at it from now on.
        Err(error) => tracing::error!(%error, "the disk answers and cannot be used yet; it is tried again"),
    }
}

/// The disk is used from now on. Waits for nothing: who waits for the disk's first answer waits for this, too.
fn take(shared: &Shared, found: Found) -> Left {
    shared.volume.hold(found.returned);
    if let Some(room) = found.room {
        shared.volume.note_room(room);
    }
    found.left
}
