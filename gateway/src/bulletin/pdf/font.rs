//! A font with Chinese characters: the site's choice, or the first one where systems keep them.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use skrifa::{
    FontRef, MetadataProvider as _,
    instance::{LocationRef, Size},
    string::StringId,
};

use crate::bulletin::WriteError;

/// Where systems keep them. Debian: fonts-noto-cjk, fonts-wqy-microhei, fonts-droid-fallback; others put the first
/// elsewhere.
const PLACES: &[&str] = &[
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-vf-fonts/NotoSansCJK-VF.ttc",
    "/usr/share/fonts/adobe-source-han-sans/SourceHanSansSC-Regular.otf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
];
/// Fonts of one collection.
const MOST_OF_COLLECTION: u32 = 32;
/// Every Chinese font has it.
const PROBE: char = '综';

/// A font that is in memory, with what was measured of it.
pub(super) struct Face {
    path: PathBuf,
    bytes: Arc<Vec<u8>>,
    index: u32,
    units_per_em: f32,
    /// Glyph and width by character.
    known: RefCell<HashMap<char, (u32, f32)>>,
}

impl Face {
    /// The site's choice, or the first of the usual ones that is there.
    pub(super) fn find(chosen: Option<&Path>) -> Result<Self, WriteError> {
        let looked: Vec<PathBuf> = match chosen {
            Some(path) => vec![path.to_owned()],
            None => PLACES.iter().map(PathBuf::from).collect(),
        };
        for path in &looked {
            match std::fs::read(path) {
                Ok(bytes) => return Self::of(path, bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(WriteError::Font { path: path.clone(), source }),
            }
        }
        Err(WriteError::NoFont { looked })
    }

    fn of(path: &Path, bytes: Vec<u8>) -> Result<Self, WriteError> {
        let with_chinese = |index: &u32| {
            let font = FontRef::from_index(&bytes, *index).ok()?;
            font.charmap().map(PROBE)?;
            let name = font.localized_strings(StringId::FAMILY_NAME).english_or_first()?.to_string();
            // Of a collection for several countries, the shapes of the mainland.
            Some(name.ends_with("SC"))
        };
        let all = || (0..MOST_OF_COLLECTION).filter_map(|index| Some((index, with_chinese(&index)?)));
        let best = all().find(|(_, is_simplified)| *is_simplified).or_else(|| all().next());
        let (index, _) = best.ok_or_else(|| WriteError::BadFont { path: path.to_owned() })?;
        let units_per_em = FontRef::from_index(&bytes, index)
            .map(|font| font.metrics(Size::unscaled(), LocationRef::default()).units_per_em)
            .map_err(|_| WriteError::BadFont { path: path.to_owned() })?;
        Ok(Self {
            path: path.to_owned(),
            bytes: Arc::new(bytes),
            index,
            units_per_em: f32::from(units_per_em.max(1)),
            known: RefCell::default(),
        })
    }

    pub(super) fn bytes(&self) -> Arc<Vec<u8>> {
        Arc::clone(&self.bytes)
    }

    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    pub(super) fn unusable(&self) -> WriteError {
        WriteError::BadFont { path: self.path.clone() }
    }

    /// A character's glyph and its width, of a size of 1. What the font does not have is its own sign for that.
    pub(super) fn glyph(&self, c: char) -> (u32, f32) {
        if let Some(&known) = self.known.borrow().get(&c) {
            return known;
        }
        let measured = FontRef::from_index(&self.bytes, self.index).map_or((0, 0.5), |font| {
            let id = font.charmap().map(c).unwrap_or_default();
            let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
            (id.to_u32(), metrics.advance_width(id).unwrap_or(self.units_per_em / 2.0) / self.units_per_em)
        });
        self.known.borrow_mut().insert(c, measured);
        measured
    }

    /// Of a size of 1.
    pub(super) fn width(&self, text: &str) -> f32 {
        text.chars().map(|c| self.glyph(c).1).sum()
    }

    /// Lines that are no wider than `width`, of a size of 1. Latin words stay whole where they can.
    pub(super) fn wrap(&self, text: &str, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let mut line = String::new();
            let mut used = 0.0;
            for word in words(paragraph) {
                let wide = self.width(word);
                if used + wide <= width {
                    line.push_str(word);
                    used += wide;
                    continue;
                }
                if !line.trim().is_empty() {
                    lines.push(std::mem::take(&mut line).trim_end().to_owned());
                }
                (line, used) = (String::new(), 0.0);
                // A word that is longer than a line is broken where it must.
                for c in word.trim_start().chars() {
                    let wide = self.glyph(c).1;
                    if used + wide > width && !line.is_empty() {
                        lines.push(std::mem::take(&mut line));
                        used = 0.0;
                    }
                    line.push(c);
                    used += wide;
                }
            }
            lines.push(line.trim_end().to_owned());
        }
        lines
    }
}

/// Runs that stay together: a Latin word with the space after it, or one Chinese character.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut last: Option<char> = None;
    for (i, c) in text.char_indices() {
        let is_break = last.is_some_and(|last| last == ' ' || !last.is_ascii() || !c.is_ascii());
        if is_break && c != ' ' {
            words.extend(text.get(start..i));
            start = i;
        }
        last = Some(c);
    }
    words.extend(text.get(start..));
    words
}
