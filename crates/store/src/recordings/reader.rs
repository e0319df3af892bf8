//! Reads recordings, one after the other or several segments at once.
//! Must never change a file, nor take a segment without its end for a whole one unless it is the last.

use super::frames::{Found, Frames};
use super::seal::HEAD_BYTES;
use super::{Key, Problem, Recording, Segment, codec, segment};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All recordings of a data folder, oldest segment first. It may be read while a gateway writes: what is written
/// after it was opened may be missing.
///
/// After a [`Problem`] it goes on with the next segment.
#[derive(Debug)]
pub struct Reader {
    segments: Vec<Segment>,
    /// Nothing where there is nothing to read.
    key: Option<Arc<Key>>,
    /// The next segment.
    at: usize,
    records: Option<Records>,
    n_torn: u64,
}

impl Reader {
    /// Opens the recordings of a data folder; one that has none is empty.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn open(data_folder: &Path, key: &Key) -> Result<Self, Problem> {
        let segments = segment::list(&data_folder.join(segment::FOLDER))?;
        let key = Some(Arc::new(key.clone()));
        Ok(Self { segments, key, at: 0, records: None, n_torn: 0 })
    }

    /// No recordings, which takes no key.
    pub(super) fn nothing() -> Self {
        Self { segments: Vec::new(), key: None, at: 0, records: None, n_torn: 0 }
    }

    /// The segments, to be read with [`Reader::read`] from as many threads as wanted.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The recordings of one of its segments.
    ///
    /// # Errors
    /// When it cannot be read, was sealed with another key, or has another format.
    pub fn read(&self, segment: &Segment) -> Result<Records, Problem> {
        let is_last = self.segments.last() == Some(segment);
        let no_key = || Problem::NoKey { path: segment.path().to_path_buf() };
        Records::open(segment, self.key.as_deref().ok_or_else(no_key)?, is_last)
    }

    /// Bytes at the end of the last segment that are no whole recording: one that is being written, or was when the
    /// process died.
    #[must_use]
    pub fn n_torn(&self) -> u64 {
        self.n_torn
    }
}

impl Iterator for Reader {
    type Item = Result<Recording, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(records) = &mut self.records {
                match records.next() {
                    None => self.n_torn = records.n_torn(),
                    found => return found,
                }
            }
            let segment = self.segments.get(self.at)?;
            self.records = None;
            self.at += 1;
            match self.read(segment) {
                Ok(records) => self.records = Some(records),
                // Retention or a purge removed it since.
                Err(_) if !segment.path().exists() => {}
                Err(problem) => return Some(Err(problem)),
            }
        }
    }
}

/// The recordings of one segment. After a [`Problem`] there are none.
#[derive(Debug)]
pub struct Records {
    /// Nothing where not even the head of the segment was written.
    frames: Option<Frames>,
    path: PathBuf,
    is_last: bool,
    is_over: bool,
    n_torn: u64,
}

impl Records {
    pub(super) fn open(segment: &Segment, key: &Key, is_last: bool) -> Result<Self, Problem> {
        let path = segment.path().to_path_buf();
        let size = path.metadata().map_err(|error| Problem::io("reading", &path, &error))?.len();
        if is_last && size < HEAD_BYTES as u64 {
            return Ok(Self { frames: None, path, is_last, is_over: false, n_torn: size });
        }
        let frames = Some(Frames::open(segment, key)?);
        Ok(Self { frames, path, is_last, is_over: false, n_torn: 0 })
    }

    /// Bytes at its end that are no whole recording, once all were read.
    #[must_use]
    pub fn n_torn(&self) -> u64 {
        self.n_torn
    }

    fn read(&mut self) -> Result<Option<Recording>, Problem> {
        let Some(frames) = &mut self.frames else { return Ok(None) };
        let offset = frames.offset();
        let damaged = |problem| Problem::damaged(&self.path, offset, problem);
        match frames.next()? {
            Found::Recording(bytes) => {
                codec::read(bytes).map(Some).ok_or_else(|| damaged("a recording has no known form"))
            }
            Found::End(_) => Ok(None),
            Found::Torn(n_torn) if self.is_last => {
                self.n_torn = n_torn;
                Ok(None)
            }
            Found::Torn(_) => Err(damaged("its end is missing")),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Recording, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let found = self.read().transpose();
        self.is_over = !matches!(found, Some(Ok(_)));
        found
    }
}
