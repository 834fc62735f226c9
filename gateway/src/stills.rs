//! Stills of recordings, for scrubbing: one keyframe decoded, scaled and kept as a JPEG.
//!
//! Who may look is decided before anything here is asked. The recording's index is asked first each time, so that no
//! picture is shown whose footage is gone; files of such pictures are removed within a minute.

mod cache;

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use sharpeyes_domain::{ids::StreamId, time::WallTime};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    analyze::{
        self,
        decode::{self, DecodeError},
    },
    record::{
        clip::{ClipError, ClipReader},
        pictures::Still,
    },
    store::footage::{Footage, FootageError},
};
use cache::{Cache, Key};

/// Decodes at the same time: scrubbing must not take the machine from recording and analysis.
const DECODES: usize = 2;
/// How soon a picture leaves the disk after its footage.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum StillError {
    /// Nothing was recorded then, or it cannot be read.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// The keyframe cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It fits no JPEG.
    #[error(transparent)]
    Jpeg(#[from] jpeg_encoder::EncodingError),
    /// The service is shutting down.
    #[error("the service is shutting down")]
    Closing,
}

/// A picture of the recording.
#[derive(Clone, Debug)]
pub struct StillPicture {
    /// Of the keyframe.
    pub wall: WallTime,
    /// As a file.
    pub jpeg: Bytes,
}

/// Makes stills and keeps them. Clones share everything.
#[derive(Clone)]
pub struct Stills {
    clips: ClipReader,
    footage: Footage,
    cache: Arc<Cache>,
    decodes: Arc<Semaphore>,
}

impl Stills {
    /// Keeps at most `limit_bytes` of pictures below `dir`, for the footage of this index alone. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when the index cannot be read. A directory that cannot be used is no error: then nothing is kept.
    pub fn open(
        clips: ClipReader,
        footage: Footage,
        dir: &Path,
        limit_bytes: u64,
    ) -> Result<Self, FootageError> {
        // Numbers of segments mean something within one index only.
        let volume = footage.disks()?.into_iter().next().map(|disk| disk.uuid).unwrap_or_default();
        let cache = Arc::new(Cache::open(dir, &volume, limit_bytes));
        let stills = Self { clips, footage, cache, decodes: Arc::new(Semaphore::new(DECODES)) };
        stills.sweep()?;
        Ok(stills)
    }

    /// The keyframe at or before `at`, scaled to `width_px`, or as it is when it is not that wide.
    ///
    /// # Errors
    /// [`StillError`].
    pub async fn picture(
        &self,
        stream: &StreamId,
        at: WallTime,
        width_px: u16,
    ) -> Result<StillPicture, StillError> {
        let (stills, stream) = (self.clone(), stream.clone());
        let look = move || -> Result<(Still, Option<Bytes>), StillError> {
            let still = stills.clips.still(&stream, at)?;
            let kept = stills.cache.get(key(&still, width_px));
            Ok((still, kept))
        };
        let (still, kept) = blocking(look).await?;
        let wall = still.wall;
        if let Some(jpeg) = kept {
            return Ok(StillPicture { wall, jpeg });
        }
        // Held by the work itself, which goes on when nobody waits for it any more.
        let permit = Arc::clone(&self.decodes).acquire_owned().await.map_err(|_| StillError::Closing)?;
        let stills = self.clone();
        let work = move || {
            let _permit = permit;
            // Someone may have waited for the same one.
            match stills.cache.get(key(&still, width_px)) {
                Some(jpeg) => Ok(jpeg),
                None => stills.make(&still, width_px),
            }
        };
        Ok(StillPicture { wall, jpeg: blocking(work).await? })
    }

    fn make(&self, still: &Still, width_px: u16) -> Result<Bytes, StillError> {
        let keyframe = self.clips.read_still(still)?;
        let frame = decode::still(&keyframe.params, &keyframe.unit)?;
        let jpeg = Bytes::from(analyze::jpeg(&frame.scaled_to(width_px.into()))?);
        self.cache.put(key(still, width_px), &jpeg);
        Ok(jpeg)
    }

    /// Removes pictures whose footage is gone. Blocks.
    ///
    /// # Errors
    /// [`FootageError`] when the index cannot be read.
    pub fn sweep(&self) -> Result<(), FootageError> {
        let gone = self.footage.gone(&self.cache.segments())?;
        self.cache.forget(&gone);
        Ok(())
    }

    /// Sweeps until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
            let stills = self.clone();
            match tokio::task::spawn_blocking(move || stills.sweep()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "stills of deleted footage could not be looked for"),
                Err(error) => tracing::error!(%error, "looking for stills of deleted footage failed"),
            }
        }
    }
}

fn key(still: &Still, width_px: u16) -> Key {
    Key { segment: still.segment, offset: still.offset(), width_px }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StillError> + Send + 'static,
) -> Result<T, StillError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StillError::Closing))
}
