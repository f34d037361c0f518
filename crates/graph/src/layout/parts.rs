//! Finds which of the boxes of a group hang together, the group's border among them where edges pass it.

use super::csr::Csr;
use super::level::Task;
use super::net::Borders;
use super::strands::{BORDER, Strand};
use crate::graph::index;

const NONE: u32 = u32::MAX;

/// The connected parts of a group.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// What is laid out: boxes, and after them the group's border where edges come in, and where they leave.
    pub(super) members: Vec<u32>,
    pub(super) borders: Borders,
    /// The place of a box of the graph among those of its part.
    local: Vec<u32>,
    /// The same for the border.
    pub(super) local_borders: Borders,
    pub(super) part_of: Vec<u32>,
    parts: Csr,
    strands: Csr,
    queue: Vec<u32>,
    beside: Csr,
}

impl Parts {
    /// Takes the boxes of a group and finds its parts, in the order of their first members.
    pub(super) fn find(&mut self, task: &Task<'_>, members: &[u32]) {
        self.members.clear();
        self.members.extend_from_slice(members);
        self.find_borders(task);
        self.find_parts(task);
    }

    /// Makes the border a member where strands come in or leave.
    fn find_borders(&mut self, task: &Task<'_>) {
        let any = |found: &dyn Fn(&Strand) -> bool| task.mine.iter().any(|&at| found(&task.strands[at as usize]));
        self.borders = Borders::default();
        if any(&|strand| strand.from == BORDER) {
            self.borders.entry = Some(index(self.members.len()));
            self.members.push(BORDER);
        }
        if any(&|strand| strand.to == BORDER) {
            self.borders.exit = Some(index(self.members.len()));
            self.members.push(BORDER);
        }
        self.local_borders = self.borders;
    }

    /// The ends of a strand as members.
    pub(super) fn ends(&self, strand: &Strand) -> (u32, u32) {
        let of = |node: u32, border: Option<u32>| {
            if node == BORDER {
                border.unwrap_or(NONE)
            } else {
                self.local[node as usize]
            }
        };
        (
            of(strand.from, self.local_borders.entry),
            of(strand.to, self.local_borders.exit),
        )
    }

    /// Finds which members hang together; parts are in the order of their first members.
    fn find_parts(&mut self, task: &Task<'_>) {
        self.local.resize(task.rects.len(), 0);
        for (at, &member) in self.members.iter().enumerate() {
            if member != BORDER {
                self.local[member as usize] = index(at);
            }
        }
        let mut beside = std::mem::take(&mut self.beside);
        let ends = task.mine.iter().map(|&at| self.ends(&task.strands[at as usize]));
        beside.build(self.members.len(), ends.flat_map(|(from, to)| [(from, to), (to, from)]));
        self.part_of.clear();
        self.part_of.resize(self.members.len(), NONE);
        let mut parts = 0;
        for root in 0..index(self.members.len()) {
            if self.part_of[root as usize] != NONE {
                continue;
            }
            self.part_of[root as usize] = parts;
            self.queue.push(root);
            while let Some(member) = self.queue.pop() {
                for &other in beside.of(member) {
                    if self.part_of[other as usize] == NONE {
                        self.part_of[other as usize] = parts;
                        self.queue.push(other);
                    }
                }
            }
            parts += 1;
        }
        self.beside = beside;
        let part_of = &self.part_of;
        self.parts.build(
            parts as usize,
            part_of.iter().enumerate().map(|(member, &part)| (part, index(member))),
        );
        let mut strands = std::mem::take(&mut self.strands);
        let owner = |at: u32| self.part_of[self.ends(&task.strands[at as usize]).0 as usize];
        strands.build(parts as usize, task.mine.iter().map(|&at| (owner(at), at)));
        self.strands = strands;
        // From here on, `local` says where a box is in its part.
        for part in 0..self.parts.owners() {
            for (at, &member) in self.parts.of(part).iter().enumerate() {
                let node = self.members[member as usize];
                if node != BORDER {
                    self.local[node as usize] = index(at);
                }
                for (border, local) in [
                    (self.borders.entry, &mut self.local_borders.entry),
                    (self.borders.exit, &mut self.local_borders.exit),
                ] {
                    if border == Some(member) {
                        *local = Some(index(at));
                    }
                }
            }
        }
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> u32 {
        self.parts.owners()
    }

    /// The members of a part, by their places in `members`.
    pub(super) fn of(&self, part: u32) -> &[u32] {
        self.parts.of(part)
    }

    /// The strands in a part.
    pub(super) fn strands_of(&self, part: u32) -> &[u32] {
        self.strands.of(part)
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = [&self.members, &self.local, &self.part_of, &self.queue];
        let lists = [&self.parts, &self.strands, &self.beside];
        words.iter().map(|list| 4 * list.capacity()).sum::<usize>()
            + lists.iter().map(|list| list.bytes()).sum::<usize>()
    }
}
