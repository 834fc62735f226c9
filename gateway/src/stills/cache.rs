//! Pictures as files in one directory, bounded by size: the longest unused go first.
//!
//! A file's name is its key, so that the directory is all there is to know. What cannot be kept is not kept: a full
//! disk costs time, not pictures.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use bytes::Bytes;
use sharpeyes_domain::ids::SegmentId;

/// Which picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) segment: SegmentId,
    /// Of its fragment in the segment's file.
    pub(super) offset: u64,
    pub(super) width_px: u16,
}

impl Key {
    fn file_name(self) -> String {
        format!("{}-{}-{}.jpg", self.segment.0, self.offset, self.width_px)
    }

    fn from_file_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".jpg")?.split('-');
        let key = Self {
            segment: SegmentId(parts.next()?.parse().ok()?),
            offset: parts.next()?.parse().ok()?,
            width_px: parts.next()?.parse().ok()?,
        };
        (parts.next().is_none() && key.file_name() == name).then_some(key)
    }
}

pub(super) struct Cache {
    dir: PathBuf,
    limit_bytes: u64,
    known: Mutex<Known>,
    has_failed: AtomicBool,
}

#[derive(Default)]
struct Known {
    bytes: u64,
    uses: u64,
    entries: HashMap<Key, Entry>,
    /// By use, the oldest first. Invariant: one for each entry.
    order: BTreeMap<u64, Key>,
}

#[derive(Clone, Copy)]
struct Entry {
    bytes: u64,
    used: u64,
}

impl Known {
    fn insert(&mut self, key: Key, bytes: u64) {
        self.remove(key);
        self.uses += 1;
        self.entries.insert(key, Entry { bytes, used: self.uses });
        self.order.insert(self.uses, key);
        self.bytes += bytes;
    }

    fn remove(&mut self, key: Key) -> bool {
        let Some(entry) = self.entries.remove(&key) else { return false };
        self.order.remove(&entry.used);
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        true
    }

    fn touch(&mut self, key: Key) -> bool {
        let Some(entry) = self.entries.get(&key).copied() else { return false };
        self.insert(key, entry.bytes);
        true
    }
}

impl Cache {
    /// Takes over what is left of the last time below `parent/volume`, and removes all else below `parent`.
    pub(super) fn open(parent: &Path, volume: &str, limit_bytes: u64) -> Self {
        let dir = parent.join(volume);
        let cache = Self { dir, limit_bytes, known: Mutex::default(), has_failed: AtomicBool::new(false) };
        match take_over(parent, &cache.dir) {
            Ok(found) => {
                let mut known = cache.lock();
                for (key, bytes) in found {
                    known.insert(key, bytes);
                }
                cache.evict(&mut known);
                drop(known);
            }
            Err(error) => cache.failed(&error),
        }
        cache
    }

    pub(super) fn get(&self, key: Key) -> Option<Bytes> {
        let mut known = self.lock();
        if !known.touch(key) {
            return None;
        }
        match fs::read(self.path(key)) {
            Ok(jpeg) => Some(jpeg.into()),
            Err(_) => {
                known.remove(key);
                None
            }
        }
    }

    pub(super) fn put(&self, key: Key, jpeg: &[u8]) {
        let mut known = self.lock();
        let path = self.path(key);
        let part = path.with_extension("part");
        match fs::write(&part, jpeg).and_then(|()| fs::rename(&part, &path)) {
            Ok(()) => {
                known.insert(key, u64::try_from(jpeg.len()).unwrap_or(u64::MAX));
                self.evict(&mut known);
            }
            Err(error) => {
                let _ = fs::remove_file(&part);
                drop(known);
                self.failed(&error);
            }
        }
    }

    /// Segments that pictures are kept of.
    pub(super) fn segments(&self) -> Vec<SegmentId> {
        let segments: BTreeSet<SegmentId> = self.lock().entries.keys().map(|key| key.segment).collect();
        segments.into_iter().collect()
    }

    /// Removes the pictures of these segments.
    pub(super) fn forget(&self, segments: &[SegmentId]) {
        let mut known = self.lock();
        let keys: Vec<Key> =
            known.entries.keys().filter(|key| segments.contains(&key.segment)).copied().collect();
        for key in keys {
            self.remove(&mut known, key);
        }
    }

    fn evict(&self, known: &mut Known) {
        while known.bytes > self.limit_bytes
            && let Some((_, &oldest)) = known.order.first_key_value()
        {
            self.remove(known, oldest);
        }
    }

    fn remove(&self, known: &mut Known, key: Key) {
        known.remove(key);
        if let Err(error) = fs::remove_file(self.path(key))
            && error.kind() != io::ErrorKind::NotFound
        {
            self.failed(&error);
        }
    }

    fn path(&self, key: Key) -> PathBuf {
        self.dir.join(key.file_name())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Once: a full disk would say it with every picture.
    fn failed(&self, error: &io::Error) {
        if !self.has_failed.swap(true, Ordering::Relaxed) {
            tracing::warn!(dir = %self.dir.display(), %error, "stills cannot be kept on this disk; each is made anew");
        }
    }
}

/// Keys and sizes, the oldest file first.
fn take_over(parent: &Path, dir: &Path) -> io::Result<Vec<(Key, u64)>> {
    fs::create_dir_all(dir)?;
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if path != dir && path.is_dir() {
            fs::remove_dir_all(&path)?;
        }
    }
    let mut found: Vec<(SystemTime, Key, u64)> = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        match entry.file_name().to_str().and_then(Key::from_file_name) {
            Some(key) => {
                let metadata = entry.metadata()?;
                found.push((metadata.modified()?, key, metadata.len()));
            }
            None => fs::remove_file(entry.path())?,
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, key, bytes)| (key, bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(segment: i64) -> Key {
        Key { segment: SegmentId(segment), offset: 700, width_px: 160 }
    }

    fn files(dir: &Path) -> BTreeSet<String> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn the_longest_unused_goes_first_and_the_limit_holds() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::open(&home.path().join("pictures"), "a", 100);
        for segment in 1..=3 {
            cache.put(key(segment), &[0; 30]);
        }
        assert!(cache.get(key(1)).is_some());
        cache.put(key(4), &[0; 30]);
        let kept: Vec<bool> = (1..=4).map(|segment| cache.get(key(segment)).is_some()).collect();
        assert_eq!(kept, [true, false, true, true]);
        assert_eq!(files(&home.path().join("pictures/a")).len(), 3, "and its file is gone");
        cache.put(key(5), &[0; 101]);
        assert!(cache.get(key(5)).is_none(), "larger than the limit");
    }

    #[test]
    fn pictures_of_deleted_footage_and_of_another_index_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let parent = home.path().join("pictures");
        let cache = Cache::open(&parent, "a", 1_000);
        cache.put(key(1), &[1; 30]);
        cache.put(key(2), &[2; 30]);
        assert_eq!(cache.segments(), [SegmentId(1), SegmentId(2)]);
        cache.forget(&[SegmentId(1)]);
        assert!(cache.get(key(1)).is_none());
        drop(cache);
        fs::write(parent.join("a/3-1-160.part"), "torn").unwrap();
        let again = Cache::open(&parent, "a", 1_000);
        assert_eq!(again.get(key(2)).as_deref(), Some(&[2; 30][..]));
        assert_eq!(files(&parent.join("a")), BTreeSet::from(["2-700-160.jpg".to_owned()]));
        drop(again);
        let other = Cache::open(&parent, "b", 1_000);
        assert!(other.get(key(2)).is_none());
        assert_eq!(files(&parent), BTreeSet::from(["b".to_owned()]));
    }

    #[test]
    fn a_directory_that_cannot_be_used_costs_only_time() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("pictures"), "a file").unwrap();
        let cache = Cache::open(&home.path().join("pictures"), "a", 1_000);
        cache.put(key(1), &[1; 30]);
        assert!(cache.get(key(1)).is_none());
    }
}
