//! What the gateway holds of recordings: on or off, what is wanted, and the way to the thread that writes.
//! Must never let a call wait or fail, nor write a file before something is to be recorded.

use super::draft::Draft;
use super::filter::Filter;
use super::plan::{KeySource, Plan, Wanted};
use super::purge::{self, Purged};
use super::queue::{Order, Queue};
use super::stats::Stats;
use super::worker::{Now, Shared, Worker};
use super::{Key, Problem, Reader, Writer, segment};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// Whoever waits for the thread looks so often whether it is still there.
const LOOK: Duration = Duration::from_millis(200);

/// Records calls, where the operator asked for it.
#[derive(Debug)]
pub struct Recorder {
    data_folder: PathBuf,
    is_on: AtomicBool,
    plan: RwLock<Option<Arc<Plan>>>,
    shared: Arc<Shared>,
    /// Held while it is turned on or off, and while recordings are purged.
    thread: Mutex<Option<Running>>,
}

/// The thread that writes, and the key with which it does.
#[derive(Debug)]
struct Running {
    key: Key,
    handle: JoinHandle<()>,
}

impl Running {
    /// The thread's answer; nothing where it failed.
    fn answer<T>(&self, told: &Receiver<T>) -> Option<T> {
        loop {
            match told.recv_timeout(LOOK) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Timeout) if !self.handle.is_finished() => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

impl Recorder {
    /// A recorder of a data folder that the caller owns; it records nothing until it is told what.
    pub fn new(data_folder: &Path, stats: Arc<Stats>, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let shared =
            Shared { queue: Queue::default(), stats, problem: Mutex::default(), now: Now(Arc::new(now)) };
        Self {
            data_folder: data_folder.to_path_buf(),
            is_on: AtomicBool::new(false),
            plan: RwLock::default(),
            shared: Arc::new(shared),
            thread: Mutex::default(),
        }
    }

    /// Whether anything is recorded.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// What is wanted of a tool's calls; nothing where they are not recorded.
    #[must_use]
    pub fn wanted(&self, server: &str, tool: &str) -> Option<Wanted> {
        if !self.is_on() {
            return None;
        }
        self.plan()?.wanted(server, tool)
    }

    /// Hands a call over; when too many wait it is dropped and counted.
    pub fn submit(&self, draft: Draft) {
        if self.is_on() && !self.shared.queue.put(draft) {
            self.shared.stats.count_dropped();
        }
    }

    /// Takes note of what is to be recorded without beginning it, for a process that serves nobody.
    pub fn prepare(&self, plan: Option<Plan>) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = plan.map(Arc::new);
    }

    /// Records by this from now on, or nothing; reads the ends of all segments when it begins, so not for an event loop.
    ///
    /// # Errors
    /// When the key is missing, wrong, or the recordings of before cannot be gone on with; then what held before stays.
    pub fn apply(&self, plan: Option<Plan>) -> Result<(), Problem> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(plan) = plan.map(Arc::new) else {
            self.is_on.store(false, Ordering::Relaxed);
            self.prepare(None);
            self.stop(&mut thread);
            return Ok(());
        };
        let key = self.key_of(&plan)?;
        if thread.as_ref().is_some_and(|running| running.key == key) {
            self.shared.queue.order(Order::Plan(Arc::clone(&plan)));
        } else {
            let mut writer = Writer::open(&self.data_folder, &key)?;
            self.stop(&mut thread);
            writer.set_retention(plan.retention);
            *thread = Some(self.start(key, writer, Arc::clone(&plan))?);
        }
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = Some(plan);
        self.is_on.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn start(&self, key: Key, writer: Writer, plan: Arc<Plan>) -> Result<Running, Problem> {
        let worker = Worker { shared: Arc::clone(&self.shared), writer, plan, retry_at_ms: 0 };
        let spawned = std::thread::Builder::new().name("recordings".to_owned()).spawn(move || worker.run());
        let handle = spawned.map_err(|error| Problem::io("starting a thread for", &self.folder(), &error))?;
        Ok(Running { key, handle })
    }

    fn stop(&self, thread: &mut Option<Running>) {
        let Some(running) = thread.take() else { return };
        self.shared.queue.order(Order::Stop);
        if running.handle.join().is_err() {
            tracing::error!("the thread that records calls failed");
        }
    }

    /// Waits until all that was handed over before is written, or cannot be.
    pub fn flush(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*thread {
            let (done, told) = mpsc::channel();
            self.shared.queue.order(Order::Flush(done));
            // Where the thread failed, nothing more is written.
            let _ = running.answer(&told);
        }
    }

    /// Writes all that waits and records nothing more.
    pub fn close(&self) {
        // Turning off cannot fail.
        let _ = self.apply(None);
    }

    /// Why nothing can be written, while that is so.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.shared.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What became of recordings since the start.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// Where recordings are.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.data_folder.join(segment::FOLDER)
    }

    /// What is recorded; nothing while that is off.
    #[must_use]
    pub fn plan(&self) -> Option<Arc<Plan>> {
        self.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The recordings, all that was handed over before included. Not for an event loop.
    ///
    /// # Errors
    /// When there is no key, or the folder cannot be read.
    pub fn read(&self) -> Result<Reader, Problem> {
        self.flush();
        if segment::list(&self.folder())?.is_empty() {
            return Ok(Reader::nothing());
        }
        Reader::open(&self.data_folder, &self.present_key()?)
    }

    /// Removes what a filter means. Not for an event loop.
    ///
    /// # Errors
    /// When there is no key, or the system refuses.
    pub fn purge(&self, filter: &Filter) -> Result<Purged, Problem> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() {
            let (done, told) = mpsc::channel();
            self.shared.queue.order(Order::Purge(filter.clone(), done));
            let failed =
                || Problem::io("purging", &self.folder(), &std::io::Error::other("the thread failed"));
            return told.recv().unwrap_or_else(|_| Err(failed()));
        }
        if filter.is_all() {
            let n_recordings = self.count();
            purge::all(&self.folder())?;
            return Ok(Purged { n_recordings, problems: Vec::new() });
        }
        if segment::list(&self.folder())?.is_empty() {
            return Ok(Purged::default());
        }
        Writer::open(&self.data_folder, &self.present_key()?)?.purge(filter)
    }

    /// How many recordings there are, as far as a key tells.
    fn count(&self) -> u64 {
        let reader = self.present_key().and_then(|key| Reader::open(&self.data_folder, &key));
        reader.map_or(0, |reader| reader.filter(Result::is_ok).count() as u64)
    }

    fn present_key(&self) -> Result<Key, Problem> {
        match self.plan().as_deref() {
            Some(Plan { key: KeySource::Given(key), .. }) => Ok(key.clone()),
            Some(Plan { key: KeySource::DataFolder, .. }) | None => {
                let none = || Problem::NoKey { path: Key::file(&self.data_folder) };
                Key::load(&self.data_folder)?.ok_or_else(none)
            }
        }
    }

    fn key_of(&self, plan: &Plan) -> Result<Key, Problem> {
        match &plan.key {
            KeySource::Given(key) => Ok(key.clone()),
            KeySource::DataFolder => Key::load_or_create(&self.data_folder),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close();
    }
}
