//! Follows the edges of a graph: what comes before or after a box, and the path that takes longest.
//!
//! A group begins before what it holds and ends after it: whatever leads to a group leads to all inside it, and what a
//! box leads to, its neighbours in the group do not.

use crate::graph::{Graph, index};

/// The longest path through a graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CriticalPath {
    /// The boxes on it that hold no others, in their order.
    pub nodes: Vec<u32>,
    /// Their weights together.
    pub length: f64,
}

/// A graph made ready to be followed. Each box is two points: `2 * box` where it begins and one more where it ends.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    start: Vec<u32>,
    heads: Vec<u32>,
    back_start: Vec<u32>,
    tails: Vec<u32>,
    /// Whether a box holds others.
    groups: Vec<bool>,
}

impl Flow {
    /// Makes a graph ready.
    pub fn of(graph: &Graph) -> Self {
        let count = graph.len();
        let mut groups = vec![false; count];
        for node in 0..index(count) {
            if let Some(group) = graph.parent(node) {
                groups[group as usize] = true;
            }
        }
        let mut pairs = Vec::with_capacity(2 * count + graph.edges().len());
        for node in 0..index(count) {
            if !groups[node as usize] {
                pairs.push((2 * node, 2 * node + 1));
            }
            if let Some(group) = graph.parent(node) {
                pairs.push((2 * group, 2 * node));
                pairs.push((2 * node + 1, 2 * group + 1));
            }
        }
        let holds = |outer: u32, inner: u32| {
            std::iter::successors(Some(inner), |&node| graph.parent(node)).any(|node| node == outer)
        };
        for edge in graph.edges() {
            // Between a group and what it holds there is nothing to follow.
            if !holds(edge.from, edge.to) && !holds(edge.to, edge.from) {
                pairs.push((2 * edge.from + 1, 2 * edge.to));
            }
        }
        let (start, heads) = lists(2 * count, pairs.iter().copied());
        let (back_start, tails) = lists(2 * count, pairs.iter().map(|&(tail, head)| (head, tail)));
        Self {
            start,
            heads,
            back_start,
            tails,
            groups,
        }
    }

    fn after(&self, point: u32) -> &[u32] {
        &self.heads[self.start[point as usize] as usize..self.start[point as usize + 1] as usize]
    }

    fn before(&self, point: u32) -> &[u32] {
        &self.tails[self.back_start[point as usize] as usize..self.back_start[point as usize + 1] as usize]
    }

    /// All boxes that lead to a box, over any number of edges, by index.
    pub fn upstream(&self, node: u32) -> Vec<u32> {
        self.reach(node, |point| self.before(point), 0)
    }

    /// All boxes that a box leads to, over any number of edges, by index.
    pub fn downstream(&self, node: u32) -> Vec<u32> {
        self.reach(node, |point| self.after(point), 1)
    }

    /// The boxes of which the point that comes first on the way is reached; `side` is where the way leaves a box.
    fn reach<'a>(&'a self, node: u32, next: impl Fn(u32) -> &'a [u32], side: u32) -> Vec<u32> {
        let count = self.groups.len();
        if node as usize >= count {
            return Vec::new();
        }
        let mut seen = vec![false; 2 * count];
        let mut stack = vec![2 * node + side];
        while let Some(point) = stack.pop() {
            for &other in next(point) {
                if !std::mem::replace(&mut seen[other as usize], true) {
                    stack.push(other);
                }
            }
        }
        (0..index(count))
            .filter(|&other| seen[(2 * other + 1 - side) as usize])
            .collect()
    }

    /// The path whose boxes weigh most together; groups weigh what the path inside them does.
    ///
    /// What is no number, or less than nothing, weighs nothing. An edge that closes a cycle is not followed.
    pub fn critical_path(&self, weight: impl Fn(u32) -> f64) -> CriticalPath {
        let order = self.order();
        let mut place = vec![0; order.len()];
        for (at, &point) in order.iter().enumerate() {
            place[point as usize] = at;
        }
        let own = |point: u32| {
            let ends = point % 2 == 1 && !self.groups[point as usize / 2];
            if ends { weight(point / 2).max(0.0) } else { 0.0 }
        };
        // The longest way to each point, itself included, and the point before it.
        let mut longest = vec![0.0_f64; order.len()];
        let mut from = vec![u32::MAX; order.len()];
        let mut end = None;
        for &point in &order {
            let ahead = self
                .before(point)
                .iter()
                .filter(|&&tail| place[tail as usize] < place[point as usize]);
            for &tail in ahead {
                let long = longest[tail as usize];
                if from[point as usize] == u32::MAX || long > longest[point as usize] {
                    (longest[point as usize], from[point as usize]) = (long, tail);
                }
            }
            longest[point as usize] += own(point);
            if end.is_none_or(|end: u32| longest[point as usize] > longest[end as usize]) {
                end = Some(point);
            }
        }
        let mut path = CriticalPath {
            nodes: Vec::new(),
            length: end.map_or(0.0, |end| longest[end as usize]),
        };
        let mut point = end.unwrap_or(u32::MAX);
        while point != u32::MAX {
            if point % 2 == 1 && !self.groups[point as usize / 2] {
                path.nodes.push(point / 2);
            }
            point = from[point as usize];
        }
        path.nodes.reverse();
        path
    }

    /// All points, each after those before it; where there is a cycle, the edge that closes it is overlooked.
    fn order(&self) -> Vec<u32> {
        let count = self.start.len().saturating_sub(1);
        let mut done = vec![false; count];
        let mut order = Vec::with_capacity(count);
        let mut stack: Vec<(u32, u32)> = Vec::new();
        for root in 0..index(count) {
            if std::mem::replace(&mut done[root as usize], true) {
                continue;
            }
            stack.push((root, 0));
            while let Some((point, next)) = stack.last_mut() {
                let Some(&head) = self.after(*point).get(*next as usize) else {
                    order.push(*point);
                    stack.pop();
                    continue;
                };
                *next += 1;
                if !std::mem::replace(&mut done[head as usize], true) {
                    stack.push((head, 0));
                }
            }
        }
        order.reverse();
        order
    }
}

/// Lists by owner: where each list begins, and the items of all.
fn lists(owners: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut start = vec![0_u32; owners + 1];
    for (owner, _) in pairs.clone() {
        start[owner as usize + 1] += 1;
    }
    for owner in 0..owners {
        start[owner + 1] += start[owner];
    }
    let mut fill = start.clone();
    let mut items = vec![0; start[owners] as usize];
    for (owner, item) in pairs {
        items[fill[owner as usize] as usize] = item;
        fill[owner as usize] += 1;
    }
    (start, items)
}

#[cfg(test)]
mod tests;
