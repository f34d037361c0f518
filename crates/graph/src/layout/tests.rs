use super::net::Borders;
use super::*;
use proptest::prelude::*;

/// A graph of boxes, some in groups, and edges between any two.
fn graphs(most: usize) -> impl Strategy<Value = Graph> {
    let nodes = prop::collection::vec((1.0_f32..260.0, 1.0_f32..120.0, any::<u32>(), 0..4_u8), 1..most);
    let edges = prop::collection::vec((any::<u32>(), any::<u32>()), 0..most * 2);
    (nodes, edges, 0..3_u8).prop_map(|(nodes, edges, kind)| {
        let mut graph = Graph::new();
        for (at, (width, height, parent, inside)) in nodes.iter().enumerate() {
            let size = Size {
                width: *width,
                height: *height,
            };
            if at > 0 && *inside == 0 && kind == 0 {
                graph.add_inside(parent % index(at), size);
            } else {
                graph.add(size);
            }
        }
        let count = index(graph.len());
        for (from, to) in edges {
            let (from, to) = (from % count, to % count);
            // Also graphs without cycles, which are most of those that there are.
            if kind == 2 || from < to {
                graph.connect(from, to);
            }
        }
        graph
    })
}

/// Groups in groups whose boxes follow each other, so that no edge leads back; some edges twice.
fn nested(most: usize) -> impl Strategy<Value = Graph> {
    let nodes = prop::collection::vec((1.0_f32..260.0, 1.0_f32..120.0, 0..4_u8), 1..most);
    let edges = prop::collection::vec((any::<u32>(), any::<u32>(), 1..3_u8), 0..most * 2);
    (nodes, edges).prop_map(|(nodes, edges)| {
        let mut graph = Graph::new();
        let mut open: Vec<u32> = Vec::new();
        for (width, height, kind) in nodes {
            let size = Size { width, height };
            let node = match open.last() {
                Some(&group) => graph.add_inside(group, size),
                None => graph.add(size),
            };
            match kind {
                0 => open.push(node),
                1 => open.truncate(open.len().saturating_sub(1)),
                _ => {}
            }
        }
        let count = index(graph.len());
        for (from, to, times) in edges {
            let (from, to) = (from % count, to % count);
            for _ in 0..times {
                if from < to {
                    graph.connect(from, to);
                }
            }
        }
        graph
    })
}

fn lay_out(graph: &Graph, orientation: Orientation) -> Layout {
    layout(
        graph,
        &Options {
            orientation,
            ..Options::default()
        },
        &mut Scratch::default(),
    )
}

fn overlap(one: Rect, two: Rect, slack: f32) -> bool {
    one.x + slack < two.x + two.width
        && two.x + slack < one.x + one.width
        && one.y + slack < two.y + two.height
        && two.y + slack < one.y + one.height
}

fn holds(outer: Rect, inner: Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.x + inner.width <= outer.x + outer.width + 0.1
        && inner.y + inner.height <= outer.y + outer.height + 0.1
}

/// Whether a piece of a route goes through the inside of a box.
fn crosses(a: Point, b: Point, rect: Rect) -> bool {
    let inner = Rect {
        x: rect.x + 0.2,
        y: rect.y + 0.2,
        width: rect.width - 0.4,
        height: rect.height - 0.4,
    };
    if inner.width <= 0.0 || inner.height <= 0.0 {
        return false;
    }
    // Clips the piece at the box's sides; what is left is inside.
    let (mut first, mut last) = (0.0_f32, 1.0_f32);
    for (start, delta, low, high) in [
        (a.x, b.x - a.x, inner.x, inner.x + inner.width),
        (a.y, b.y - a.y, inner.y, inner.y + inner.height),
    ] {
        if delta == 0.0 {
            if start < low || start > high {
                return false;
            }
            continue;
        }
        let (one, two) = ((low - start) / delta, (high - start) / delta);
        first = first.max(one.min(two));
        last = last.min(one.max(two));
    }
    first < last
}

fn on_border(rect: Rect, point: Point) -> bool {
    let near = |one: f32, two: f32| (one - two).abs() < 0.2;
    let outer = Rect {
        x: rect.x - 0.2,
        y: rect.y - 0.2,
        width: rect.width + 0.4,
        height: rect.height + 0.4,
    };
    outer.contains(point)
        && (near(point.x, rect.x)
            || near(point.y, rect.y)
            || near(point.x, rect.x + rect.width)
            || near(point.y, rect.y + rect.height))
}

/// The boxes around a box, itself first.
fn around(graph: &Graph, node: u32) -> Vec<u32> {
    std::iter::successors(Some(node), |&node| graph.parent(node)).collect()
}

/// The layout's size as a box, with room for rounding.
fn whole(out: &Layout) -> Rect {
    let size = out.size();
    Rect {
        x: -0.1,
        y: -0.1,
        width: size.width + 0.2,
        height: size.height + 0.2,
    }
}

#[track_caller]
fn no_overlap(graph: &Graph, out: &Layout) {
    for one in 0..index(graph.len()) {
        for two in 0..one {
            let (a, b) = (out.rects()[one as usize], out.rects()[two as usize]);
            if graph.parent(one) == Some(two) {
                let options = Options::default();
                let inset = Rect {
                    x: b.x + options.group_padding - 0.1,
                    y: b.y + options.group_padding + options.group_title - 0.1,
                    width: b.width - 2.0 * options.group_padding + 0.2,
                    height: b.height - 2.0 * options.group_padding - options.group_title + 0.2,
                };
                assert!(holds(inset, a), "{one} {a:?} is at the border of {two} {b:?}");
            }
            if graph.parent(one) == graph.parent(two) {
                assert!(!overlap(a, b, 0.0), "{one} {a:?} and {two} {b:?} overlap");
            } else if graph.parent(one) == Some(two) {
                assert!(holds(b, a), "{two} {b:?} does not hold {one} {a:?}");
            }
        }
        let rect = out.rects()[one as usize];
        let all = whole(out);
        assert!(holds(all, rect), "{rect:?} is not in {all:?}");
    }
}

#[track_caller]
fn routes_touch_no_box(graph: &Graph, out: &Layout) {
    for (edge, ends) in graph.edges().iter().enumerate() {
        let (from, to) = (around(graph, ends.from), around(graph, ends.to));
        let route = out.route(index(edge));
        if ends.from != ends.to && (from.contains(&ends.to) || to.contains(&ends.from)) {
            assert!(route.is_empty());
            continue;
        }
        assert!(route.len() >= 2, "edge {edge} has no route");
        let all = whole(out);
        assert!(
            route.iter().all(|&point| all.contains(point)),
            "{route:?} is not in {all:?}"
        );
        for node in 0..index(graph.len()) {
            // Only the ends and what is around them may be passed.
            if from.contains(&node) || to.contains(&node) {
                continue;
            }
            for piece in route.windows(2) {
                assert!(
                    !crosses(piece[0], piece[1], out.rects()[node as usize]),
                    "edge {edge} {ends:?} crosses {node}"
                );
            }
        }
    }
}

/// Whether an edge ends before it starts.
fn goes_up(out: &Layout, edge: u32, orientation: Orientation) -> bool {
    let route = out.route(edge);
    let (Some(first), Some(last)) = (route.first(), route.last()) else {
        return false;
    };
    match orientation {
        Orientation::Down => last.y <= first.y,
        Orientation::Right => last.x <= first.x,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn boxes_do_not_overlap_and_groups_hold_theirs(graph in graphs(60)) {
        for orientation in [Orientation::Down, Orientation::Right] {
            no_overlap(&graph, &lay_out(&graph, orientation));
        }
    }

    #[test]
    fn routes_never_cross_a_box(graph in graphs(40)) {
        for orientation in [Orientation::Down, Orientation::Right] {
            routes_touch_no_box(&graph, &lay_out(&graph, orientation));
        }
    }

    #[test]
    fn edges_of_a_graph_without_cycles_go_on(graph in graphs(60)) {
        let flat = graph.parents.iter().all(|&parent| parent == Graph::TOP);
        prop_assume!(flat && graph.edges().iter().all(|edge| edge.from < edge.to));
        for orientation in [Orientation::Down, Orientation::Right] {
            let out = lay_out(&graph, orientation);
            for edge in 0..index(graph.edges().len()) {
                prop_assert!(!goes_up(&out, edge, orientation));
                let piece = out.route(edge).windows(2).find(|piece| match orientation {
                    Orientation::Down => piece[1].y < piece[0].y,
                    Orientation::Right => piece[1].x < piece[0].x,
                });
                prop_assert_eq!(piece, None);
            }
        }
    }

    #[test]
    fn edges_reach_their_boxes_inside_groups(graph in nested(40)) {
        for orientation in [Orientation::Down, Orientation::Right] {
            let out = lay_out(&graph, orientation);
            routes_touch_no_box(&graph, &out);
            for (edge, ends) in graph.edges().iter().enumerate() {
                if let [first, .., last] = out.route(index(edge)) {
                    prop_assert!(on_border(out.rects()[ends.from as usize], *first), "{ends:?}");
                    prop_assert!(on_border(out.rects()[ends.to as usize], *last), "{ends:?}");
                    prop_assert!(!goes_up(&out, index(edge), orientation));
                }
            }
        }
    }

    #[test]
    fn edges_between_the_same_boxes_are_apart(graph in graphs(30)) {
        let out = lay_out(&graph, Orientation::Down);
        for (one, ends) in graph.edges().iter().enumerate() {
            for (two, _) in graph.edges().iter().enumerate().take(one).filter(|(_, other)| *other == ends) {
                let (a, b) = (out.route(index(one)), out.route(index(two)));
                prop_assert!(a.is_empty() || a != b, "{one} and {two} from {} to {}: {a:?}", ends.from, ends.to);
            }
        }
    }

    #[test]
    fn folded_boxes_keep_all_promises(graph in graphs(30), fans in prop::collection::vec((any::<u32>(), any::<u32>(), 1_u32..40), 1..4), above in 1_usize..6) {
        let mut graph = graph;
        let count = index(graph.len());
        for (from, to, wide) in fans {
            for _ in 0..wide {
                let node = graph.add(Size { width: 20.0, height: 10.0 });
                graph.connect(from % count, node);
                graph.connect(node, to % count);
            }
        }
        for orientation in [Orientation::Down, Orientation::Right] {
            let options = Options { bundle_above: above, orientation, ..Options::default() };
            let out = layout(&graph, &options, &mut Scratch::default());
            no_overlap(&graph, &out);
            let mut folded = vec![None; graph.len()];
            for (at, bundle) in out.bundles().iter().enumerate() {
                prop_assert!(out.cells(bundle).len() > above);
                for &cell in out.cells(bundle) {
                    prop_assert_eq!(folded[cell as usize].replace(at), None);
                    prop_assert!(holds(bundle.rect, out.rects()[cell as usize]));
                    prop_assert_eq!(out.hit(out.rects()[cell as usize].center()), Some(cell));
                }
            }
            for (edge, ends) in graph.edges().iter().enumerate() {
                for piece in out.route(index(edge)).windows(2) {
                    for (node, bundle) in folded.iter().enumerate() {
                        let own = [ends.from as usize, ends.to as usize].map(|end| folded[end]).contains(bundle);
                        prop_assert!(bundle.is_none() || own || !crosses(piece[0], piece[1], out.rects()[node]));
                    }
                }
            }
        }
    }

    #[test]
    fn any_memory_gives_a_whole_layout(graph in graphs(40), places in prop::collection::vec((any::<f32>(), -500.0_f32..500.0), 40), anchor in 0_u32..50) {
        let before = |node: u32| {
            let (wild, tame) = places[node as usize % 40];
            let x = if node.is_multiple_of(5) { wild } else { tame };
            (!node.is_multiple_of(3)).then_some(Point { x, y: tame })
        };
        for orientation in [Orientation::Down, Orientation::Right] {
            let options = Options { before: Some(&before), anchor: Some(anchor), orientation, ..Options::default() };
            let out = layout(&graph, &options, &mut Scratch::default());
            no_overlap(&graph, &out);
            routes_touch_no_box(&graph, &out);
        }
    }

    #[test]
    fn finding_gives_what_trying_all_does(graph in graphs(120), points in prop::collection::vec((-0.1_f32..1.1, -0.1_f32..1.1), 20)) {
        let out = lay_out(&graph, Orientation::Down);
        for (x, y) in points {
            let point = Point { x: x * out.size().width, y: y * out.size().height };
            let plain = out.rects().iter().rposition(|rect| rect.contains(point)).map(index);
            prop_assert_eq!(out.hit(point), plain);
        }
        for node in 0..index(graph.len()) {
            for direction in [Direction::Up, Direction::Down, Direction::Left, Direction::Right] {
                prop_assert_eq!(out.neighbour(node, direction), plain_neighbour(&graph, &out, node, direction));
            }
        }
    }

    #[test]
    fn same_graph_gives_same_layout_in_used_room(graphs in prop::collection::vec(graphs(40), 3)) {
        let mut scratch = Scratch::default();
        for graph in &graphs {
            let fresh = lay_out(graph, Orientation::Down);
            prop_assert_eq!(&layout(graph, &Options::default(), &mut scratch), &fresh);
        }
    }

    #[test]
    fn stopped_layout_is_whole(graph in graphs(40), patience in 0_u32..6) {
        let asked = std::cell::Cell::new(0);
        let stop = || { asked.set(asked.get() + 1); asked.get() > patience };
        let out = layout(&graph, &Options { stop: Some(&stop), ..Options::default() }, &mut Scratch::default());
        prop_assert_eq!(out.stopped(), asked.get() > patience);
        no_overlap(&graph, &out);
        routes_touch_no_box(&graph, &out);
    }

    #[test]
    fn ranks_go_down_and_are_no_longer_than_the_longest_path(pairs in prop::collection::vec((0_u32..30, 0_u32..30), 1..70)) {
        // A path through every third node keeps it connected.
        let mut pairs: Vec<_> = pairs.iter().filter(|(from, to)| from != to).map(|&(a, b)| (a.min(b), a.max(b))).collect();
        pairs.extend((1..30).map(|node| (node - 1 - (node - 1) % 3, node)));
        let mut net = super::net::Net::default();
        net.build(30, &pairs, Borders::default());
        let length = |stop: Stop<'_>| {
            let mut ranks = super::rank::Ranks::default();
            ranks.find(&net, &stop);
            let span = |edge: usize| i64::from(ranks.of[net.heads[edge] as usize]) - i64::from(ranks.of[net.tails[edge] as usize]);
            (0..net.tails.len()).map(|edge| if span(edge) < 1 { 1_000_000 } else { span(edge) * i64::from(net.weights[edge]) }).sum::<i64>()
        };
        // Stopped at once, the ranks are those of the longest path.
        let (found, plain) = (length(Stop(None)), length(Stop(Some(&|| true))));
        prop_assert!(found <= plain && plain < 1_000_000, "{found} {plain}");
    }
}

/// The nearest box by trying all: those of the same group first, then how far ahead and twice how far aside.
fn plain_neighbour(graph: &Graph, out: &Layout, node: u32, direction: Direction) -> Option<u32> {
    let here = out.rects()[node as usize];
    let mut best: Option<(bool, f32, u32)> = None;
    for (other, rect) in out.rects().iter().enumerate() {
        let (from, to) = (here.center(), rect.center());
        let across = ((from.x - to.x).abs() - here.width.min(rect.width) / 2.0).max(0.0);
        let along = ((from.y - to.y).abs() - here.height.min(rect.height) / 2.0).max(0.0);
        let (ahead, aside) = match direction {
            Direction::Up => (from.y - to.y, across),
            Direction::Down => (to.y - from.y, across),
            Direction::Left => (from.x - to.x, along),
            Direction::Right => (to.x - from.x, along),
        };
        let far = (
            graph.parent(index(other)) != graph.parent(node),
            ahead + 2.0 * aside,
            index(other),
        );
        let seen = ahead > 0.0 && index(other) != node && !rect.contains(from);
        if seen && best.is_none_or(|best| far < best) {
            best = Some(far);
        }
    }
    best.map(|best| best.2)
}

fn boxes(count: u32) -> Graph {
    let mut graph = Graph::new();
    for _ in 0..count {
        graph.add(Size {
            width: 190.0,
            height: 46.0,
        });
    }
    graph
}

fn connected(count: u32, edges: &[(u32, u32)]) -> Graph {
    let mut graph = boxes(count);
    for &(from, to) in edges {
        graph.connect(from, to);
    }
    graph
}

#[test]
fn nothing_gives_nothing() {
    let out = lay_out(&Graph::new(), Orientation::Down);
    assert_eq!((out.size(), out.rects().len()), (Size::default(), 0));
    assert_eq!(out.hit(Point::default()), None);
    assert_eq!(out.neighbour(0, Direction::Up), None);
    assert!(out.route(0).is_empty());
}

#[test]
fn chain_is_a_straight_line() {
    let out = lay_out(&connected(4, &[(0, 1), (1, 2), (2, 3)]), Orientation::Down);
    assert_eq!(
        out.size(),
        Size {
            width: 190.0,
            height: 4.0 * 46.0 + 3.0 * 44.0
        }
    );
    for edge in 0..3 {
        assert_eq!(out.route(edge).len(), 2);
    }
}

#[test]
fn long_edge_is_straight_beside_what_it_passes() {
    let out = lay_out(
        &connected(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]),
        Orientation::Down,
    );
    let route = out.route(4);
    assert!(route.len() <= 5, "{route:?}");
}

#[test]
fn cycle_ends_and_each_edge_starts_at_its_own_box() {
    let graph = connected(3, &[(0, 1), (1, 2), (2, 0), (1, 1), (0, 1)]);
    let out = lay_out(&graph, Orientation::Down);
    routes_touch_no_box(&graph, &out);
    let back = out.route(2);
    assert!(out.rects()[2].contains(back[0]) && out.rects()[0].contains(back[back.len() - 1]));
    assert_eq!(out.route(3).len(), 4);
    assert_ne!(out.route(0), out.route(4));
}

#[test]
fn crossing_that_can_be_avoided_is() {
    let graph = connected(6, &[(0, 4), (1, 3), (2, 5), (0, 5), (1, 4), (2, 3)]);
    let mut net = super::net::Net::default();
    net.build(6, &[(0, 4), (1, 3), (2, 5), (0, 3)], Borders::default());
    let (mut ranks, mut layers, mut order) = (
        super::rank::Ranks::default(),
        Layers::default(),
        super::order::Order::default(),
    );
    ranks.find(&net, &Stop(None));
    layers.build(&net, &ranks);
    assert_eq!(order.find(&mut layers, &[], &Stop(None)), 0);
    no_overlap(&graph, &lay_out(&graph, Orientation::Down));
}

#[test]
fn long_edges_beyond_all_room_pass_outside() {
    // A chain of 2,000 with 1,500 edges that each skip most of it would need two million dummies.
    let mut graph = boxes(2_000);
    for node in 1..2_000 {
        graph.connect(node - 1, node);
    }
    for skip in 0..1_500 {
        graph.connect(skip / 3, 1_999 - skip / 5);
    }
    let out = lay_out(&graph, Orientation::Down);
    assert!(out.points.len() < 2 * 60 * (2_000 + 3_499));
    for edge in (0..index(graph.edges().len())).step_by(97) {
        for piece in out.route(edge).windows(2) {
            let ends = graph.edges()[edge as usize];
            let hit = (0..2_000).find(|&node| {
                node != ends.from && node != ends.to && crosses(piece[0], piece[1], out.rects()[node as usize])
            });
            assert_eq!(hit, None);
        }
    }
}

#[test]
fn wide_fan_becomes_a_grid_with_one_edge_in_and_one_out() {
    let mut graph = boxes(1_002);
    for node in 1..=1_000 {
        graph.connect(0, node);
        graph.connect(node, 1_001);
    }
    let rank = |node: u32| u64::from(node % 2);
    let options = Options {
        bundle_above: 30,
        bundle_order: Some(&rank),
        ..Options::default()
    };
    let out = layout(&graph, &options, &mut Scratch::default());
    let [bundle] = out.bundles() else {
        panic!("{} bundles", out.bundles().len())
    };
    let cells = out.cells(bundle);
    assert_eq!((cells.len(), cells[0], cells[499], cells[500]), (1_000, 2, 1_000, 1));
    let shape = bundle.rect.width / bundle.rect.height;
    assert!((1.2..2.2).contains(&shape), "{shape}");
    let drawn: Vec<u32> = (0..2_000).filter(|&edge| out.drawn(edge)).collect();
    assert_eq!(drawn.len(), 2);
    assert_eq!(out.route(1_998), out.route(0));
    no_overlap(&graph, &out);
}

#[test]
fn edge_goes_on_into_a_group_to_its_box() {
    let mut graph = boxes(1);
    let size = graph.sizes[0];
    let outer = graph.add(Size::default());
    let inner = graph.add_inside(outer, Size::default());
    let first = graph.add_inside(inner, size);
    let last = graph.add_inside(inner, size);
    let after = graph.add(size);
    graph.connect(0, last);
    graph.connect(first, last);
    graph.connect(last, after);
    for orientation in [Orientation::Down, Orientation::Right] {
        let out = lay_out(&graph, orientation);
        routes_touch_no_box(&graph, &out);
        let (route, to) = (out.route(0), out.rects()[last as usize]);
        assert!(on_border(to, route[route.len() - 1]));
        for group in [outer, inner] {
            let border = out.rects()[group as usize];
            assert!(route.iter().any(|&point| on_border(border, point)) || route.len() == 2);
        }
        assert!(on_border(
            out.rects()[after as usize],
            out.route(2)[out.route(2).len() - 1]
        ));
    }
}

#[test]
fn warm_room_does_not_grow() {
    let mut graph = boxes(300);
    for node in 1..300 {
        graph.connect(node * 7 % node, node);
        graph.connect(node / 2, node);
    }
    let (mut scratch, mut out) = (Scratch::default(), Layout::default());
    layout_into(&graph, &Options::default(), &mut scratch, &mut out);
    let (held, points) = (scratch.bytes(), out.points.as_ptr());
    layout_into(&graph, &Options::default(), &mut scratch, &mut out);
    assert_eq!((scratch.bytes(), out.points.as_ptr()), (held, points));
}

#[test]
fn large_layout_stops_soon() {
    let mut graph = boxes(20_000);
    for node in 1..20_000_u32 {
        graph.connect(node.wrapping_mul(2_654_435_761) % node, node);
        graph.connect(node / 2, node);
    }
    let asked = std::cell::Cell::new(0_u32);
    let count = |limit: u32| {
        asked.set(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > limit
        };
        let options = Options {
            stop: Some(&stop),
            ..Options::default()
        };
        let out = layout(&graph, &options, &mut Scratch::default());
        (out.stopped(), asked.get())
    };
    let (stopped, all) = count(u32::MAX);
    assert!(!stopped && all > 100, "{all}");
    // Once it says so, each stage asks once or twice more and ends.
    for limit in [0, 3, 20, all / 2] {
        let (stopped, asked) = count(limit);
        assert!(stopped && asked < limit + 12, "{limit}: {asked}");
    }
}

#[test]
fn point_finds_the_innermost_box() {
    let mut graph = Graph::new();
    let group = graph.add(Size::default());
    let inner = graph.add_inside(
        group,
        Size {
            width: 190.0,
            height: 46.0,
        },
    );
    let out = lay_out(&graph, Orientation::Down);
    assert_eq!(out.hit(out.rects()[inner as usize].center()), Some(inner));
    assert_eq!(out.hit(Point { x: 1.0, y: 1.0 }), Some(group));
    assert_eq!(out.hit(Point { x: -1.0, y: 1.0 }), None);
}

#[test]
fn arrows_lead_to_the_nearest_box_ahead() {
    let out = lay_out(&connected(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]), Orientation::Down);
    let (left, right) = if out.rects()[1].x < out.rects()[2].x {
        (1, 2)
    } else {
        (2, 1)
    };
    assert_eq!(out.neighbour(left, Direction::Right), Some(right));
    assert_eq!(out.neighbour(left, Direction::Left), None);
    assert_eq!(out.neighbour(left, Direction::Down), Some(3));
    assert_eq!(out.neighbour(left, Direction::Up), Some(0));
    assert_eq!(out.neighbour(3, Direction::Down), None);
}
