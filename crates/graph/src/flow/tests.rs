use super::*;
use crate::graph::Size;
use proptest::prelude::*;

/// Groups in groups, and edges between any two boxes; without cycles if `onward`, as groups' boxes then follow each other.
fn graphs(onward: bool) -> impl Strategy<Value = (Graph, Vec<u32>)> {
    let nodes = prop::collection::vec((0_u8..4, 0_u32..100), 1..9);
    let edges = prop::collection::vec((any::<u32>(), any::<u32>()), 0..14);
    (nodes, edges).prop_map(move |(nodes, edges)| {
        let mut graph = Graph::new();
        let mut open: Vec<u32> = Vec::new();
        for (kind, _) in &nodes {
            let node = match open.last() {
                Some(&group) => graph.add_inside(group, Size::default()),
                None => graph.add(Size::default()),
            };
            match kind {
                0 => open.push(node),
                1 => open.truncate(open.len().saturating_sub(1)),
                _ => {}
            }
        }
        let count = index(graph.len());
        for (from, to) in edges {
            let (from, to) = (from % count, to % count);
            if !onward || from < to {
                graph.connect(from, to);
            }
        }
        (graph, nodes.iter().map(|node| node.1).collect())
    })
}

fn around(graph: &Graph, node: u32) -> Vec<u32> {
    std::iter::successors(Some(node), |&node| graph.parent(node)).collect()
}

/// Whether the end of one box leads to the start of another at once: by an edge between them or groups around them.
fn leads(graph: &Graph, from: u32, to: u32) -> bool {
    graph.edges().iter().any(|edge| {
        let apart = !around(graph, edge.from).contains(&edge.to) && !around(graph, edge.to).contains(&edge.from);
        // What is left before the edge must end with `from`; what is entered after it must begin `to`.
        apart && around(graph, from).contains(&edge.from) && around(graph, to).contains(&edge.to)
    })
}

fn leaf(graph: &Graph, node: u32) -> bool {
    (0..index(graph.len())).all(|other| graph.parent(other) != Some(node))
}

/// All that is downstream, by trying all pairs until nothing is added.
fn plain_downstream(graph: &Graph, node: u32) -> Vec<u32> {
    let all = 0..index(graph.len());
    let mut found: Vec<u32> = Vec::new();
    loop {
        let next = all.clone().find(|other| {
            // Only what has begun can go on: a group is passed through what it holds.
            let sources = std::iter::once(node).chain(found.iter().copied().filter(|&done| leaf(graph, done)));
            !found.contains(other) && sources.into_iter().any(|source| leads(graph, source, *other))
        });
        match next {
            Some(other) => found.push(other),
            None => break,
        }
    }
    found.sort_unstable();
    found
}

/// The weight of the heaviest path that goes on from a box that holds no others, by trying all.
fn plain_longest(graph: &Graph, weights: &[u32], node: u32) -> f64 {
    let next = (0..index(graph.len())).filter(|&other| leaf(graph, other) && leads(graph, node, other));
    let rest = next
        .map(|other| plain_longest(graph, weights, other))
        .fold(0.0, f64::max);
    f64::from(weights[node as usize]) + rest
}

proptest! {
    #[test]
    fn downstream_is_what_all_pairs_give((graph, _) in graphs(false)) {
        let flow = Flow::of(&graph);
        for node in 0..index(graph.len()) {
            prop_assert_eq!(flow.downstream(node), plain_downstream(&graph, node), "of {}", node);
        }
    }

    #[test]
    fn upstream_mirrors_downstream((graph, _) in graphs(false)) {
        let flow = Flow::of(&graph);
        for one in (0..index(graph.len())).filter(|&node| leaf(&graph, node)) {
            for two in (0..index(graph.len())).filter(|&node| leaf(&graph, node)) {
                prop_assert_eq!(flow.downstream(one).contains(&two), flow.upstream(two).contains(&one));
            }
        }
    }

    #[test]
    fn critical_path_is_the_heaviest_of_all((graph, weights) in graphs(true)) {
        let path = Flow::of(&graph).critical_path(|node| f64::from(weights[node as usize]));
        let all = (0..index(graph.len())).filter(|&node| leaf(&graph, node));
        let most = all.map(|node| plain_longest(&graph, &weights, node)).fold(0.0, f64::max);
        prop_assert_eq!(path.length, most);
        prop_assert_eq!(path.nodes.iter().map(|&node| f64::from(weights[node as usize])).sum::<f64>(), most);
        for pair in path.nodes.windows(2) {
            prop_assert!(leads(&graph, pair[0], pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn critical_path_of_cycles_ends((graph, weights) in graphs(false)) {
        let path = Flow::of(&graph).critical_path(|node| f64::from(weights[node as usize]));
        let mut nodes = path.nodes.clone();
        nodes.sort_unstable();
        nodes.dedup();
        prop_assert_eq!(nodes.len(), path.nodes.len());
    }
}

#[test]
fn weights_that_are_no_numbers_weigh_nothing() {
    let mut graph = Graph::new();
    for _ in 0..3 {
        graph.add(Size::default());
    }
    graph.connect(0, 1);
    graph.connect(1, 2);
    let weights = [f64::NAN, 2.0, -1.0];
    let path = Flow::of(&graph).critical_path(|node| weights[node as usize]);
    assert_eq!(path.length, 2.0);
    assert_eq!(Flow::of(&Graph::new()).critical_path(|_| 1.0), CriticalPath::default());
    assert!(Flow::of(&graph).upstream(7).is_empty());
}
