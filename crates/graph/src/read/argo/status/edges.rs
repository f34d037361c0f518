//! Makes edges between siblings of what a status calls children.

use std::collections::{BTreeMap, BTreeSet};

use super::nodes::{Made, Raw};
use super::places::{Homes, Place};
use crate::model::{Builder, EdgeRecord, FaultKind, Kind};
use crate::read::argo::spec::{join, sinks};

/// Children that are one another's: each as an edge between those around both that are siblings.
///
/// A child of a group's last pods lies outside of the group; a group's own first children lie inside and give no edge.
pub(super) fn read(builder: &mut Builder, raws: &[Raw<'_>], homes: &Homes<'_>, made: &Made) {
    let mut before: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut edges = Vec::new();
    for (at, raw) in raws.iter().enumerate() {
        for child in raw.children.items() {
            let Some(&to) = homes.by_id.get(child.text()) else {
                let message = format!("{:?} has the child {:?}, which is not there", raw.name, child.text());
                builder.fault(FaultKind::Dangling, raw_offset(builder, made, at), message);
                continue;
            };
            match (homes.places[at], homes.places[to]) {
                (_, Place::Between) => before.entry(to).or_default().push(at),
                (Place::Between, _) => {}
                _ => edges.extend(siblings(builder, made, at, to)),
            }
        }
    }
    for (from, to) in edges {
        builder.edges.push(EdgeRecord {
            from,
            to,
            ..EdgeRecord::default()
        });
    }
    let groups = raws
        .iter()
        .enumerate()
        .filter(|(at, _)| homes.places[*at] == Place::Between);
    for (at, group) in groups {
        let Some(around) = around(homes, made, group) else {
            continue;
        };
        let inside = |place: usize| lifted(builder, made, place, around);
        let members = group
            .children
            .items()
            .filter_map(|child| homes.by_id.get(child.text()).copied());
        let after: BTreeSet<u32> = members.filter_map(inside).collect();
        let before = before.remove(&at).unwrap_or_default();
        let before: BTreeSet<u32> = before
            .into_iter()
            .filter_map(inside)
            .filter(|node| !after.contains(node))
            .collect();
        let (before, after): (Vec<u32>, Vec<u32>) = (before.into_iter().collect(), after.into_iter().collect());
        join(builder, around, step_number(group), &before, &after);
    }
    hooks(builder, raws, homes, made);
}

fn raw_offset(builder: &Builder, made: &Made, at: usize) -> Option<u32> {
    made.node(at).and_then(|node| builder.nodes[node as usize].offset)
}

/// The group that a step group is in.
fn around(homes: &Homes<'_>, made: &Made, group: &Raw<'_>) -> Option<u32> {
    match homes.by_id.get(group.boundary) {
        Some(&around) => made.node(around),
        None => Some(0),
    }
}

/// `[3]`: the number of a step group.
fn step_number(group: &Raw<'_>) -> usize {
    let digits = group.display.trim_start_matches('[').trim_end_matches(']');
    digits.parse().unwrap_or_default()
}

/// The node around a place that is directly inside a group.
fn lifted(builder: &Builder, made: &Made, place: usize, group: u32) -> Option<u32> {
    let mut node = made.node(place)?;
    while node != 0 {
        let parent = builder.nodes[node as usize].parent;
        if parent == group {
            return Some(node);
        }
        node = parent;
    }
    None
}

/// The nodes around two places that have the same parent; nothing if one lies in the other.
fn siblings(builder: &Builder, made: &Made, from: usize, to: usize) -> Option<(u32, u32)> {
    let (mut from, mut to) = (made.node(from)?, made.node(to)?);
    let parent = |node: u32| builder.nodes[node as usize].parent;
    while made.depth(from) > made.depth(to) {
        from = parent(from);
    }
    while made.depth(to) > made.depth(from) {
        to = parent(to);
    }
    while from != to && parent(from) != parent(to) {
        (from, to) = (parent(from), parent(to));
    }
    (from != to && from != 0 && to != 0).then_some((from, to))
}

/// What runs at the end comes after all else, a task's hook after its task, where the status has no edge to them.
fn hooks(builder: &mut Builder, raws: &[Raw<'_>], homes: &Homes<'_>, made: &Made) {
    let reached: BTreeSet<u32> = builder.edges.iter().map(|edge| edge.to).collect();
    let ends = sinks(builder, 0);
    for (at, raw) in raws.iter().enumerate() {
        let Some(node) = made.node(at).filter(|node| *node != 0 && !reached.contains(node)) else {
            continue;
        };
        let record = builder.nodes[node as usize];
        if !matches!(record.kind, Kind::ExitTask | Kind::Hook) {
            continue;
        }
        if record.parent == 0 && builder.names.text(record.key) == "onExit" {
            join(builder, 0, usize::MAX, &ends, &[node]);
            continue;
        }
        let hooked = raw.name.rsplit_once(".hooks.").map(|(hooked, _)| hooked);
        let hooked = hooked.or_else(|| raw.name.strip_suffix(".onExit")).unwrap_or_default();
        let from = homes
            .by_name
            .get(hooked)
            .and_then(|&place| lifted(builder, made, place, record.parent));
        if let Some(from) = from {
            join(builder, record.parent, 0, &[from], &[node]);
        }
    }
}
