//! Cuts the bytes of an event file into records, wherever the bytes themselves were cut, and checks their checksums.
//!
//! A length is believed only once its checksum holds, and of a record over [`LARGEST`], which is checked in passing, only
//! the beginning is kept: so no file makes the reader hold more than that. Source of the framing: tensorboard-scalars.md §4.

use super::crc;
use super::damage::{Damage, Problem};

/// Length and its checksum before the data, in bytes.
const HEAD: usize = 12;
/// The checksum after the data, in bytes.
const TAIL: usize = 4;
/// The largest record that is read, in bytes. Scalars need less than 100; a larger one is a picture or a graph.
pub(super) const LARGEST: u64 = 4 << 20;
/// How much is kept of a larger one, in bytes: enough to tell whose it is.
const BEGINNING: usize = 4096;

/// What a cut file consists of.
pub(super) enum Frame<'a> {
    /// A whole record whose checksums hold: where it begins, and its data.
    Record(u64, &'a [u8]),
    /// A record over [`LARGEST`] whose checksums hold: where it begins, how many bytes of data it has, the first of them.
    Large(u64, u64, &'a [u8]),
    /// What cannot be used, and where.
    Problem(Problem),
}

/// The state between two pieces of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Framer {
    /// Where the record that is being read begins.
    offset: u64,
    /// What is there of a record that is not whole.
    partial: Vec<u8>,
    /// The rest of a record that is too large to keep.
    passing: Option<Passing>,
    /// How it begins.
    beginning: Vec<u8>,
    /// A length was wrong: where the next record begins cannot be known.
    dead: bool,
}

#[derive(Clone, Copy, Debug)]
struct Passing {
    length: u64,
    left: u64,
    checksum: u32,
}

impl Framer {
    /// Where the first byte is that belongs to no whole record yet.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes of an unfinished record came.
    pub(super) fn pending(&self) -> u64 {
        match self.passing {
            Some(passing) => passing
                .length
                .saturating_add((HEAD + TAIL) as u64)
                .saturating_sub(passing.left),
            None => self.partial.len() as u64,
        }
    }

    /// Whether the rest of the file cannot be read.
    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    /// Goes on with the next bytes of the file.
    pub(super) fn push(&mut self, mut bytes: &[u8], each: &mut impl FnMut(Frame<'_>)) {
        while !self.dead {
            if self.passing.is_some() {
                bytes = self.pass(bytes, each);
                if self.passing.is_some() {
                    return;
                }
            }
            if self.partial.is_empty() {
                let used = self.whole(bytes, each);
                bytes = &bytes[used..];
                if bytes.is_empty() || self.dead {
                    return;
                }
                if self.passing.is_some() {
                    continue;
                }
                self.partial.extend_from_slice(bytes);
                return;
            }
            let need = self.need();
            let take = (need - self.partial.len()).min(bytes.len());
            self.partial.reserve_exact(need - self.partial.len());
            self.partial.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if self.partial.len() < need {
                return;
            }
            // A head alone is not a record yet: once it is whole, the need grows (or the record is passed by).
            let mut held = std::mem::take(&mut self.partial);
            let used = self.whole(&held, each);
            held.drain(..used);
            if held.capacity() > 1 << 16 && held.is_empty() {
                held = Vec::new();
            }
            self.partial = held;
        }
        self.partial = Vec::new();
    }

    /// How many bytes the record has that is begun in `partial`.
    fn need(&self) -> usize {
        match self.partial.first_chunk::<8>() {
            Some(length) if self.partial.len() >= HEAD => HEAD + u64::from_le_bytes(*length) as usize + TAIL,
            _ => HEAD,
        }
    }

    /// Reads the records that are whole in `bytes`; how many bytes these are.
    fn whole(&mut self, bytes: &[u8], each: &mut impl FnMut(Frame<'_>)) -> usize {
        let mut at = 0;
        while let Some((head, rest)) = bytes[at..].split_first_chunk::<HEAD>() {
            let (length, checksum) = split(head);
            if crc::masked(&head[..8]) != checksum {
                self.dead = true;
                each(Frame::Problem(Problem::new(self.offset, Damage::LengthChecksum)));
                return bytes.len();
            }
            if length > LARGEST {
                self.passing = Some(Passing {
                    length,
                    left: length.saturating_add(TAIL as u64),
                    checksum: 0,
                });
                return at + HEAD;
            }
            let length = length as usize;
            let Some(tail) = rest.get(length..length + TAIL) else {
                return at;
            };
            let data = &rest[..length];
            if tail == crc::masked(data).to_le_bytes() {
                each(Frame::Record(self.offset, data));
            } else {
                each(Frame::Problem(Problem::new(self.offset, Damage::DataChecksum)));
            }
            at += HEAD + length + TAIL;
            self.offset += (HEAD + length + TAIL) as u64;
        }
        at
    }

    /// Lets a record that is too large go by; what is left of `bytes` after it.
    fn pass<'b>(&mut self, bytes: &'b [u8], each: &mut impl FnMut(Frame<'_>)) -> &'b [u8] {
        let Some(passing) = &mut self.passing else { return bytes };
        let data = (passing.left.saturating_sub(TAIL as u64)).min(bytes.len() as u64) as usize;
        passing.checksum = crc::append(passing.checksum, &bytes[..data]);
        passing.left -= data as u64;
        let kept = data.min(BEGINNING - self.beginning.len());
        self.beginning.extend_from_slice(&bytes[..kept]);
        let rest = &bytes[data..];
        if passing.left > TAIL as u64 {
            return rest;
        }
        let take = (passing.left as usize).min(rest.len());
        self.partial.extend_from_slice(&rest[..take]);
        passing.left -= take as u64;
        if passing.left == 0 {
            let beginning = std::mem::take(&mut self.beginning);
            if self.partial == crc::mask(passing.checksum).to_le_bytes() {
                each(Frame::Large(self.offset, passing.length, &beginning));
            } else {
                each(Frame::Problem(Problem::new(self.offset, Damage::DataChecksum)));
            }
            self.offset = self
                .offset
                .saturating_add(HEAD as u64 + TAIL as u64)
                .saturating_add(passing.length);
            self.passing = None;
            self.partial.clear();
        }
        &rest[take..]
    }
}

fn split(head: &[u8; HEAD]) -> (u64, u32) {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *head;
    (
        u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        u32::from_le_bytes([i, j, k, l]),
    )
}
