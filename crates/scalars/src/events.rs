//! Reads event files as they grow, and writes them.
//!
//! A file is fed in pieces of any length to an [`EventReader`], which puts its points into a [`Run`]. What cannot be
//! used is left out and reported with its offset; nothing that a file may contain makes the reader panic, hold more
//! than a record of 4 MiB, or take a damaged number for a point.

mod crc;
mod damage;
mod hparams;
mod message;
mod proto;
mod record;
#[cfg(test)]
mod tests;
mod writer;

use crate::store::Run;
pub use damage::{Damage, Problem, Problems};
pub use hparams::{Param, Session, Status};
pub(crate) use message::{Data, Number, Value, metadata, number};
use record::{Frame, Framer};
pub use writer::EventWriter;

/// How much of a tag a problem repeats, in bytes.
const TOLD: usize = 200;

/// Reads one event file, piece by piece.
///
/// ```
/// use flowdeck_scalars::{EventReader, EventWriter, Store};
/// let mut file = EventWriter::new(1.7e9);
/// file.scalar(1.7e9, 0, "loss", 0.5);
/// let (mut store, mut reader) = (Store::default(), EventReader::default());
/// for piece in file.bytes().chunks(7) {
///     reader.push(piece, store.run_mut("train"));
/// }
/// let series = store.run("train").and_then(|run| run.series("loss")).expect("the tag is there");
/// assert_eq!(series.point(0).map(|point| point.value), Some(0.5));
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventReader {
    framer: Framer,
    problems: Problems,
    records: u64,
}

impl EventReader {
    /// Goes on with the next bytes of the file, cut anywhere, and puts what they complete into `run`.
    ///
    /// The files of a run are to be pushed in the order of their names: where a step comes again, the later one counts
    /// and takes the place of all points from that step on (see [`Series`](crate::Series)).
    pub fn push(&mut self, bytes: &[u8], run: &mut Run) {
        let Self {
            framer,
            problems,
            records,
        } = self;
        framer.push(bytes, &mut |frame| match frame {
            Frame::Record(offset, data) => {
                *records += 1;
                record(offset, data, run, problems);
            }
            Frame::Large(offset, bytes, beginning) => {
                problems.add(Problem::new(offset, Damage::TooLarge { bytes }));
                large(beginning, run);
            }
            Frame::Problem(problem) => problems.add(problem),
        });
    }

    /// How many bytes came of a record that is not whole yet: a writer is at work, or the file is cut.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.framer.pending()
    }

    /// Where in the file the first record begins that is not whole yet: what a reader starting anew has to read from.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.framer.offset()
    }

    /// Whether the file's rest cannot be read, because a length in it is wrong.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.framer.is_dead()
    }

    /// How many records were read, whatever they hold.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// What could not be used, and where.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.problems
    }
}

/// Takes in whose a record is that was too large to be kept.
fn large(beginning: &[u8], run: &mut Run) {
    let (event, values) = message::beginning(beginning);
    if !event.wall.is_nan() {
        run.saw(event.wall, event.has_graph);
        values.iter().for_each(|value| run.saw_other(value));
    }
}

fn record(offset: u64, data: &[u8], run: &mut Run, problems: &mut Problems) {
    let Ok(event) = message::event(data) else {
        problems.add(Problem::new(offset, Damage::Unreadable));
        return;
    };
    if event.wall.is_nan() {
        problems.add(Problem::new(offset, Damage::NoWallTime));
        return;
    }
    run.saw(event.wall, event.has_graph);
    for value in event.values() {
        if !run.take(event.step, event.wall, &value) {
            let tag = value.tag[..value.tag.floor_char_boundary(TOLD)].to_owned();
            problems.add(Problem::new(offset, Damage::NotAScalar { tag }));
        }
    }
}
