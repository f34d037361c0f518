//! Writes objects to the database file, many waiting writes in one durable commit.

use std::path::Path;
use std::sync::mpsc;

use bytes::Bytes;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;

/// `shelf NUL key` to the object's JSON.
const OBJECTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("objects");
/// Counters by name.
const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");
/// The counter that holds the last version.
const VERSION: &str = "version";
/// More than this many writes are not put into one commit, so that the first of them does not wait too long.
const BATCH_WRITES: usize = 4096;
/// The page cache of the database; reads come from our own index, so it only has to hold the inner pages.
const CACHE_BYTES: usize = 32 << 20;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One write for the writer thread.
pub(crate) struct Job {
    pub(crate) shelf: Box<str>,
    /// Empty: nothing to write, only wait for all before.
    pub(crate) key: Box<str>,
    /// `None` removes.
    pub(crate) json: Option<Bytes>,
    pub(crate) version: u64,
    /// Told once the write is on disk.
    pub(crate) done: oneshot::Sender<Result<(), String>>,
}

/// What the file held.
pub(crate) struct Loaded {
    pub(crate) version: u64,
    pub(crate) objects: Vec<(Box<str>, Box<str>, Bytes)>,
}

/// The way to the writer thread; the thread ends when this is dropped.
pub(crate) struct Disk {
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<std::thread::JoinHandle<()>>,
}

impl Disk {
    /// Opens the file, reads it, and starts the writer.
    pub(crate) fn open(path: &Path) -> Result<(Self, Loaded), Failure> {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(path)?;
        let loaded = load(&database)?;
        let (jobs, queue) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("sandbox-store".to_owned())
            .spawn(move || write_all(&database, &queue))?;
        Ok((
            Self {
                jobs: Some(jobs),
                writer: Some(writer),
            },
            loaded,
        ))
    }

    /// Queues a write; its `done` is told, also when the writer is gone (then by being dropped).
    pub(crate) fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs
            && jobs.send(job).is_err()
        {
            tracing::error!("the database writer has ended");
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the database writer panicked");
        }
    }
}

fn load(database: &Database) -> Result<Loaded, Failure> {
    let write = database.begin_write()?;
    write.open_table(OBJECTS)?;
    write.open_table(COUNTERS)?;
    write.commit()?;
    let read = database.begin_read()?;
    let mut version = read
        .open_table(COUNTERS)?
        .get(VERSION)?
        .map_or(0, |found| found.value());
    let mut objects = Vec::new();
    for row in read.open_table(OBJECTS)?.iter()? {
        let (key, json) = row?;
        let (shelf, key) = key.value().split_once('\0').ok_or("a key without a shelf")?;
        objects.push((shelf.into(), key.into(), Bytes::copy_from_slice(json.value())));
    }
    if objects.is_empty() {
        version = 0;
    }
    Ok(Loaded { version, objects })
}

fn write_all(database: &Database, queue: &mpsc::Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_WRITES
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        let outcome = commit(database, &batch).map_err(|failure| failure.to_string());
        if let Err(failure) = &outcome {
            tracing::error!(%failure, "the database refuses writes");
        }
        for job in batch {
            // Whoever waited may have gone: the write stands all the same.
            drop(job.done.send(outcome.clone()));
        }
    }
}

fn commit(database: &Database, batch: &[Job]) -> Result<(), Failure> {
    let mut write = database.begin_write()?;
    write.set_durability(Durability::Immediate)?;
    {
        let mut objects = write.open_table(OBJECTS)?;
        let mut name = String::new();
        for job in batch.iter().filter(|job| !job.key.is_empty()) {
            name.clear();
            name.push_str(&job.shelf);
            name.push('\0');
            name.push_str(&job.key);
            match &job.json {
                Some(json) => drop(objects.insert(name.as_str(), json.as_ref())?),
                None => drop(objects.remove(name.as_str())?),
            }
        }
        if let Some(version) = batch.iter().map(|job| job.version).max().filter(|version| *version > 0) {
            write.open_table(COUNTERS)?.insert(VERSION, version)?;
        }
    }
    write.commit()?;
    Ok(())
}
