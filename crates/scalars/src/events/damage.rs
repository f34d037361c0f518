//! Says what could not be used of an event file, and where.

/// What is wrong, in the order of how much is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A record's length is not what was written: nothing after it in this file can be read.
    LengthChecksum,
    /// A record's data is not what was written: this record is left out, reading goes on after it.
    ///
    /// TensorBoard's Python loader stops the file here, its data server takes the record as it is unless its message
    /// cannot be read (tensorboard-scalars.md §4).
    DataChecksum,
    /// The checksums hold, but the data is no event message: this record is left out.
    Unreadable,
    /// An event without a time (NaN): left out, as the data server does.
    NoWallTime,
    /// A record that is larger than any scalar's, passed by: only whose it is was looked at.
    TooLarge {
        /// The length of its data.
        bytes: u64,
    },
    /// A value of a scalar's tag that is not one number: another type, another rank, or none or several numbers.
    NotAScalar {
        /// The series that lacks the point; of a long name only the beginning.
        tag: String,
    },
}

/// A damage, and the offset in bytes of the record that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the record begins in its file.
    pub offset: u64,
    /// What is wrong with it.
    pub damage: Damage,
}

impl Problem {
    pub(super) fn new(offset: u64, damage: Damage) -> Self {
        Self { offset, damage }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let offset = self.offset;
        match &self.damage {
            Damage::LengthChecksum => write!(to, "byte {offset}: wrong length, the rest of the file cannot be read"),
            Damage::DataChecksum => write!(to, "byte {offset}: wrong checksum, one record left out"),
            Damage::Unreadable => write!(to, "byte {offset}: not an event, one record left out"),
            Damage::NoWallTime => write!(to, "byte {offset}: an event without a time left out"),
            Damage::TooLarge { bytes } => write!(to, "byte {offset}: a record of {bytes} bytes passed by"),
            Damage::NotAScalar { tag } => write!(to, "byte {offset}: not a single number in the series {tag}"),
        }
    }
}

/// The problems of one file: all are counted, the first [`Problems::KEPT`] are kept.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    first: Vec<Problem>,
    count: u64,
}

impl Problems {
    /// How many are kept with their offset.
    pub const KEPT: usize = 100;

    pub(super) fn add(&mut self, problem: Problem) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(problem);
        }
    }

    /// The first ones, in the order of the file.
    #[must_use]
    pub fn first(&self) -> &[Problem] {
        &self.first
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}
