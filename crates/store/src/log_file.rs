//! A file that is only appended to: space allocated ahead, one write per batch, cut back when a write fails.
//! Must never leave half a batch behind, nor hand out room that the disk does not have.

use crate::files;
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Space is allocated in steps of this size, so that few writes need a step.
const STEP: u64 = 256 * 1024;

/// An append-only file.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: Arc<File>,
    path: PathBuf,
    len: u64,
    /// The file system has promised the bytes up to here.
    allocated: u64,
    /// False where the file system cannot allocate ahead; then only the free-space reserve protects.
    can_allocate: bool,
    /// Something lies behind the end that must be cut off before the next write.
    needs_cut: bool,
    #[cfg(test)]
    pub(crate) disk: Option<Arc<small_disk::SmallDisk>>,
}

impl LogFile {
    /// Takes a file whose first `len` bytes are good; what lies behind them is cut off.
    pub(crate) fn attach(file: File, path: &Path, len: u64) -> io::Result<Self> {
        file.set_len(len)?;
        Ok(Self {
            file: Arc::new(file),
            path: path.to_path_buf(),
            len,
            allocated: len,
            can_allocate: true,
            needs_cut: false,
            #[cfg(test)]
            disk: None,
        })
    }

    /// Shares the small disk of another log in tests; else nothing.
    pub(crate) fn on_the_disk_of(self, other: Option<&Self>) -> Self {
        #[cfg(test)]
        return Self { disk: other.and_then(|other| other.disk.clone()), ..self };
        #[cfg(not(test))]
        {
            let _ = other;
            self
        }
    }

    /// Lets tests take a file system that cannot allocate ahead.
    #[cfg(test)]
    pub(crate) fn cannot_allocate(&mut self) {
        self.can_allocate = false;
    }

    /// Bytes that are good.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The file itself, to be synced.
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes that the file was renamed.
    pub(crate) fn moved_to(&mut self, path: &Path) {
        self.path = path.to_path_buf();
    }

    /// Makes sure that so many bytes can be appended.
    pub(crate) fn make_room(&mut self, n_bytes: u64) -> io::Result<()> {
        self.cut_rest()?;
        let needed = self.len.saturating_add(n_bytes);
        if needed <= self.allocated || !self.can_allocate {
            return Ok(());
        }
        // A whole step may be more than a nearly full disk has left, so the exact need is tried next.
        self.allocate(needed.next_multiple_of(STEP)).or_else(|_| self.allocate(needed))
    }

    fn allocate(&mut self, end: u64) -> io::Result<()> {
        #[cfg(test)]
        if let Some(disk) = &self.disk {
            disk.take(end - self.allocated)?;
            self.allocated = end;
            return Ok(());
        }
        match fallocate(&*self.file, FallocateFlags::KEEP_SIZE, self.len, end - self.len) {
            Ok(()) => self.allocated = end,
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => self.can_allocate = false,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Appends all bytes or none.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.cut_rest()?;
        match self.write_all(bytes) {
            Ok(()) => {
                self.len += bytes.len() as u64;
                self.allocated = self.allocated.max(self.len);
                Ok(())
            }
            Err(error) => {
                self.needs_cut = true;
                // A failure here is met again, and reported, before the next write.
                let _ = self.cut_rest();
                Err(error)
            }
        }
    }

    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let (mut rest, mut at) = (bytes, self.len);
        while !rest.is_empty() {
            match self.write_some(rest, at) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n_written) => {
                    rest = rest.get(n_written..).unwrap_or_default();
                    at += n_written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_some(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        #[cfg(test)]
        if let Some(disk) = &self.disk {
            let beyond = (at + bytes.len() as u64).saturating_sub(self.allocated.max(at));
            let n_fit = bytes.len() - usize::try_from(beyond - disk.take_some(beyond)).unwrap_or(usize::MAX);
            return match n_fit {
                0 => Err(io::ErrorKind::StorageFull.into()),
                _ => self.file.write_at(&bytes[..n_fit], at),
            };
        }
        self.file.write_at(bytes, at)
    }

    /// Takes the bytes behind `len` back that an earlier append wrote.
    pub(crate) fn cut_to(&mut self, len: u64) -> io::Result<()> {
        self.len = self.len.min(len);
        self.needs_cut = true;
        self.cut_rest()
    }

    fn cut_rest(&mut self) -> io::Result<()> {
        if self.needs_cut {
            self.give_room_back()?;
            self.needs_cut = false;
        }
        Ok(())
    }

    /// Ends the file at its good bytes, which gives space allocated ahead back.
    pub(crate) fn give_room_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.len)?;
        #[cfg(test)]
        if let Some(disk) = &self.disk {
            disk.put_back(self.allocated.saturating_sub(self.len));
        }
        self.allocated = self.len;
        Ok(())
    }

    /// Bytes free on the volume.
    pub(crate) fn volume_free(&self) -> io::Result<u64> {
        #[cfg(test)]
        if let Some(disk) = &self.disk {
            return Ok(disk.free());
        }
        files::free_bytes(&self.path)
    }
}

/// A disk of few bytes, for tests that need to choose the byte at which it is full.
#[cfg(test)]
pub(crate) mod small_disk {
    use std::io;
    use std::sync::Mutex;

    /// The bytes that are left.
    #[derive(Debug)]
    pub(crate) struct SmallDisk(Mutex<u64>);

    impl SmallDisk {
        pub(crate) fn new(free: u64) -> Self {
            Self(Mutex::new(free))
        }

        pub(crate) fn free(&self) -> u64 {
            *self.0.lock().unwrap()
        }

        pub(crate) fn set_free(&self, free: u64) {
            *self.0.lock().unwrap() = free;
        }

        pub(super) fn take(&self, n_bytes: u64) -> io::Result<()> {
            let mut free = self.0.lock().unwrap();
            *free = free.checked_sub(n_bytes).ok_or(io::ErrorKind::StorageFull)?;
            Ok(())
        }

        pub(super) fn take_some(&self, n_bytes: u64) -> u64 {
            let mut free = self.0.lock().unwrap();
            let taken = n_bytes.min(*free);
            *free -= taken;
            taken
        }

        pub(super) fn put_back(&self, n_bytes: u64) {
            *self.0.lock().unwrap() += n_bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::small_disk::SmallDisk;
    use super::*;

    fn log(disk: Option<u64>) -> (tempfile::TempDir, LogFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = LogFile::attach(files::create_new(&path).unwrap(), &path, 0).unwrap();
        log.disk = disk.map(|free| Arc::new(SmallDisk::new(free)));
        (folder, log)
    }

    fn content(log: &LogFile) -> Vec<u8> {
        std::fs::read(log.path()).unwrap()
    }

    #[test]
    fn a_write_that_fails_half_way_leaves_nothing() {
        for free in 0..10 {
            let (_folder, mut log) = log(Some(5 + free));
            log.append(b"first").unwrap();
            let result = log.append(b"0123456789");
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
            assert_eq!(content(&log), b"first");
        }
    }

    #[test]
    fn room_that_was_made_is_there_when_the_disk_is_full() {
        let (_folder, mut log) = log(Some(100));
        log.make_room(60).unwrap();
        log.disk.as_ref().unwrap().set_free(0);
        assert!(log.make_room(61).is_err());
        log.append(&[b'x'; 60]).unwrap();
        assert!(log.append(b"y").is_err());
        assert_eq!(content(&log).len(), 60);
    }

    #[test]
    fn room_does_not_show_in_the_length() {
        let (_folder, mut log) = log(None);
        log.make_room(1000).unwrap();
        log.append(b"abc").unwrap();
        assert_eq!(content(&log), b"abc");
        log.cut_to(1).unwrap();
        log.append(b"z").unwrap();
        assert_eq!(content(&log), b"az");
    }

    #[test]
    fn a_real_device_without_space_refuses() {
        let file = files::open(Path::new("/dev/full")).unwrap();
        let log = LogFile {
            file: Arc::new(file),
            path: "/dev/full".into(),
            len: 0,
            allocated: 0,
            can_allocate: true,
            needs_cut: false,
            disk: None,
        };
        assert!(crate::error::is_full(&log.write_all(b"x").unwrap_err()));
    }
}
