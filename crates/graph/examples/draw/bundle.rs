//! Draws what a folded group holds: a line of words, and for many a grid with one cell each, by phase.

use flowdeck_graph::{Kind, Node, Phase, Rect};

use crate::svg::Svg;

/// From this many rounds on, a loop is folded into a grid.
pub(crate) const MANY: usize = 9;
const CELL: f32 = 8.0;
const STEP: f32 = 10.0;
/// More rows than this are not drawn: the words give the numbers.
const ROWS: usize = 12;

/// The order in which phases are named and cells drawn: what is wrong first, then what moves.
const ORDER: [(Phase, &str, &str); 11] = [
    (Phase::Failed, "failed", "cell-bad"),
    (Phase::Error, "in error", "cell-bad"),
    (Phase::Running, "running", "cell-busy"),
    (Phase::Suspended, "waiting for somebody", "cell-waiting"),
    (Phase::Canceling, "being stopped", "cell-busy"),
    (Phase::Pending, "pending", ""),
    (Phase::Succeeded, "done", "cell-ok"),
    (Phase::Cached, "cached", "cell-ok"),
    (Phase::Skipped, "skipped", "cell-off"),
    (Phase::Omitted, "left out", "cell-off"),
    (Phase::Canceled, "stopped", "cell-off"),
];

/// Whether a node is a loop with so many rounds that it is folded into a grid.
pub(crate) fn is_bundle(node: Node<'_>) -> bool {
    node.kind() == Kind::Loop
        && node.children().len() >= MANY
        && node.children().all(|child| child.iteration().is_some())
}

fn columns(width: f32) -> usize {
    // A node is at most a few hundred pixels wide.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and not negative"
    )]
    let columns = ((width - 24.0) / STEP) as usize;
    columns.max(1)
}

/// How much higher a node is for its grid.
pub(crate) fn height(node: Node<'_>, width: f32) -> f32 {
    if !is_bundle(node) {
        return 0.0;
    }
    let rows = node.children().len().div_ceil(columns(width)).min(ROWS);
    #[expect(clippy::cast_precision_loss, reason = "a dozen at most")]
    let rows = rows as f32;
    rows * STEP + 10.0
}

/// What is inside in words: how many, and how many of them in which phase.
pub(crate) fn inside(node: Node<'_>) -> String {
    let counts = node.counts();
    let known = ORDER.iter().filter(|(phase, ..)| counts.of(*phase) > 0);
    let words: Vec<String> = known
        .map(|(phase, word, _)| format!("{} {word}", counts.of(*phase)))
        .collect();
    match (words.is_empty(), counts.total()) {
        (false, _) => words.join(", "),
        (true, 1) => "1 task".to_owned(),
        (true, total) => format!("{total} tasks"),
    }
}

/// Draws the grid below the words.
pub(crate) fn draw(svg: &mut Svg, node: Node<'_>, rect: Rect, below: f32) {
    if !is_bundle(node) {
        return;
    }
    let columns = columns(rect.width);
    let place = |phase: Phase| {
        ORDER
            .iter()
            .position(|(known, ..)| *known == phase)
            .unwrap_or(ORDER.len())
    };
    let mut places: Vec<usize> = node.children().map(|child| place(child.phase())).collect();
    places.sort_unstable();
    for (at, place) in places.iter().take(columns * ROWS).enumerate() {
        let class = ORDER.get(*place).map_or("", |(.., class)| class);
        #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
        let (column, row) = ((at % columns) as f32, (at / columns) as f32);
        let cell = Rect {
            x: rect.x + 12.0 + column * STEP,
            y: rect.y + below + row * STEP,
            width: CELL,
            height: CELL,
        };
        svg.rect(&format!("cell {class}"), cell, 2.0);
    }
}
