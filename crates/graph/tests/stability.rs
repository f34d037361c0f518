//! Measures how much a layout moves when a graph changes a little, with and without what is remembered of the last one.

use flowdeck_graph::{Graph, Layout, Memory, Options, Orientation, Point, Scratch, Size, layout};

const BOX: Size = Size {
    width: 190.0,
    height: 46.0,
};

/// A graph under change: boxes by keys, edges by the keys of their ends, and groups with what they hold.
#[derive(Clone)]
struct Draft {
    keys: Vec<u64>,
    edges: Vec<(u64, u64)>,
    open: Option<(u64, u64)>,
}

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 33) as usize % below.max(1)
    }
}

/// Layers of tasks, each with a parent in the layer before, joins, and edges that skip some layers.
fn draft(seed: u64) -> Draft {
    let mut pick = random(seed);
    let (layers, wide) = (6 + pick(10), 3 + pick(8));
    let key = |layer: usize, at: usize| (layer * wide + at) as u64;
    let mut edges = Vec::new();
    for layer in 1..layers {
        for at in 0..wide {
            edges.push((key(layer - 1, pick(wide)), key(layer, at)));
            if pick(5) == 0 {
                let skipped = 1 + pick(4.min(layer));
                edges.push((key(layer - skipped, pick(wide)), key(layer, at)));
            }
        }
    }
    Draft {
        keys: (0..(layers * wide) as u64).collect(),
        edges,
        open: None,
    }
}

impl Draft {
    /// The graph, and the key of each of its boxes.
    fn graph(&self) -> (Graph, Vec<u64>) {
        let mut graph = Graph::new();
        let mut keys = self.keys.clone();
        for _ in &self.keys {
            graph.add(BOX);
        }
        if let Some((group, first)) = self.open {
            let group = keys.iter().position(|&key| key == group).expect("a key of this graph") as u32;
            let inner: Vec<u32> = (0..4).map(|_| graph.add_inside(group, BOX)).collect();
            keys.extend(first..first + 4);
            for (from, to) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
                graph.connect(inner[from], inner[to]);
            }
        }
        let at = |key: u64| {
            keys.iter()
                .position(|&known| known == key)
                .expect("a key of this graph") as u32
        };
        for &(from, to) in &self.edges {
            graph.connect(at(from), at(to));
        }
        (graph, keys)
    }
}

fn lay_out(draft: &Draft, memory: Option<(&Memory, u64)>, orientation: Orientation) -> (Layout, Vec<u64>) {
    let (graph, keys) = draft.graph();
    let before = |node: u32| memory.and_then(|(memory, _)| memory.at(keys[node as usize]));
    let options = Options {
        orientation,
        anchor: memory.and_then(|(_, touched)| keys.iter().position(|&key| key == touched).map(|at| at as u32)),
        before: memory.is_some().then_some(&before as &dyn Fn(u32) -> Option<Point>),
        ..Options::default()
    };
    (layout(&graph, &options, &mut Scratch::default()), keys)
}

/// How far boxes moved across the layers once the touched one is back in its place, from the least to the most; and of
/// the pairs that shared a layer before and do again, the part that has another order.
fn moved(draft: &Draft, changed: &Draft, touched: u64, kept: bool, orientation: Orientation) -> (Vec<f32>, f32) {
    let across = |point: Point| match orientation {
        Orientation::Down => (point.x, point.y),
        Orientation::Right => (point.y, point.x),
    };
    let (old, old_keys) = lay_out(draft, None, orientation);
    let memory = Memory::of(&old, |node| old_keys[node as usize]);
    let (new, keys) = lay_out(changed, kept.then_some((&memory, touched)), orientation);
    let anchor = keys
        .iter()
        .position(|&key| key == touched)
        .expect("a key of this graph") as u32;
    let shift = across(memory.shift(&new, anchor, touched).unwrap_or_default()).0;
    let both: Vec<_> = (0..keys.len())
        .filter_map(|node| Some((across(memory.at(keys[node])?), across(new.rects()[node].center()))))
        .collect();
    let mut far: Vec<f32> = both.iter().map(|(then, now)| (now.0 + shift - then.0).abs()).collect();
    far.sort_by(f32::total_cmp);
    let (mut pairs, mut turned) = (0.0, 0.0);
    for (at, one) in both.iter().enumerate() {
        for two in &both[..at] {
            if (one.0.1 - two.0.1).abs() < 1.0 && (one.1.1 - two.1.1).abs() < 1.0 {
                pairs += 1.0;
                turned += f32::from(u8::from((one.0.0 < two.0.0) != (one.1.0 < two.1.0)));
            }
        }
    }
    (far, turned / f32::max(pairs, 1.0))
}

/// The means over many graphs: median shift, ninth tenth of the shifts, and part of the pairs with another order.
fn means(
    change: impl Fn(&mut Draft, &mut dyn FnMut(usize) -> usize) -> u64,
    kept: bool,
    orientation: Orientation,
) -> [f32; 3] {
    let seeds = 40;
    let mut sums = [0.0; 3];
    for seed in 0..seeds {
        let before = draft(seed);
        let mut after = before.clone();
        let touched = change(&mut after, &mut random(seed ^ 0x5eed));
        let (far, turned) = moved(&before, &after, touched, kept, orientation);
        for (sum, value) in sums
            .iter_mut()
            .zip([far[far.len() / 2], far[far.len() * 9 / 10], turned])
        {
            *sum += value / seeds as f32;
        }
    }
    sums
}

/// A new task behind one that is there, leading to another one below it.
fn add_task(draft: &mut Draft, pick: &mut dyn FnMut(usize) -> usize) -> u64 {
    let (from, _) = draft.edges[pick(draft.edges.len())];
    let fresh = 1_000_000;
    draft.keys.push(fresh);
    draft.edges.push((from, fresh));
    from
}

/// A task turns out to be a group of four.
fn open_group(draft: &mut Draft, pick: &mut dyn FnMut(usize) -> usize) -> u64 {
    let group = draft.keys[pick(draft.keys.len())];
    draft.open = Some((group, 2_000_000));
    group
}

#[test]
fn new_box_moves_the_others_little() {
    for orientation in [Orientation::Down, Orientation::Right] {
        let (kept, fresh) = (means(add_task, true, orientation), means(add_task, false, orientation));
        assert!(kept[0] < 5.0 && kept[1] < 60.0 && kept[2] < 0.01, "{kept:?} {fresh:?}");
        assert!(kept[0] < fresh[0] / 20.0, "{kept:?} {fresh:?}");
    }
}

#[test]
fn opened_group_moves_the_others_little() {
    for orientation in [Orientation::Down, Orientation::Right] {
        let (kept, fresh) = (
            means(open_group, true, orientation),
            means(open_group, false, orientation),
        );
        assert!(kept[0] < 40.0 && kept[1] < 65.0 && kept[2] < 0.01, "{kept:?} {fresh:?}");
        assert!(kept[0] < fresh[0] * 0.6, "{kept:?} {fresh:?}");
    }
}

#[test]
fn same_graph_stays_where_it_is() {
    for seed in 0..10 {
        let draft = draft(seed);
        let (far, turned) = moved(&draft, &draft, 0, true, Orientation::Down);
        assert!(far[far.len() / 2] < 10.0 && turned == 0.0, "{far:?}, {turned}");
    }
}
