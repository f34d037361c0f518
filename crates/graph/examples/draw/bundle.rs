//! Draws what a folded group holds, and siblings that are alike: words with their numbers, and a grid by phase.

use flowdeck_graph::{Counts, Kind, Node, Phase, Rect, Size};

use crate::svg::Svg;
use crate::{node, text};

/// From this many rounds on, a loop is folded into a grid.
pub(crate) const MANY: usize = 9;
/// The side of a cell without words.
pub(crate) const CELL: f32 = 8.0;
/// Between such cells.
pub(crate) const GAP: f32 = 2.0;
const STEP: f32 = CELL + GAP;
/// Cells in a row, at least: as many as a usual node is wide; and at most.
const COLUMNS: (usize, usize) = (16, 60);
/// Where there are more, a cell stands for several.
const CELLS: usize = 2400;
/// How much wider than high a grid is.
const SHAPE: f32 = 1.6;
/// What a node has beside its grid, left and right.
const BESIDE: f32 = 24.0;

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

/// The grid of a loop's rounds.
#[derive(Clone, Copy)]
struct Grid {
    columns: usize,
    /// How many rounds a cell stands for.
    each: usize,
    rows: usize,
}

impl Grid {
    fn of(node: Node<'_>) -> Self {
        let each = node.children().len().div_ceil(CELLS).max(1);
        // One more for each phase whose last cell is not full.
        let cells = node.children().len().div_ceil(each) + if each > 1 { ORDER.len() } else { 0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a few thousand at most"
        )]
        let (columns, as_wide_as_words) = (
            (cells as f32 * SHAPE).sqrt().ceil() as usize,
            (text::width(&inside(node), 11.0) / STEP).ceil() as usize + 2,
        );
        let columns = columns
            .max(as_wide_as_words.min(COLUMNS.0 * 2))
            .clamp(COLUMNS.0, COLUMNS.1);
        Self {
            columns,
            each,
            rows: cells.div_ceil(columns),
        }
    }
}

/// How large the grid of a folded loop is, with the room around it; nothing for other nodes.
pub(crate) fn size(node: Node<'_>) -> Option<Size> {
    let grid = is_bundle(node).then(|| Grid::of(node))?;
    #[expect(clippy::cast_precision_loss, reason = "dozens at most")]
    let (columns, rows) = (grid.columns as f32, grid.rows as f32);
    Some(Size {
        width: columns * STEP - GAP + BESIDE,
        height: rows * STEP + 10.0,
    })
}

/// Whether what is inside a node are its attempts, which are folded unless one looks inside it.
pub(crate) fn is_retried(node: Node<'_>) -> bool {
    let mut children = node.children();
    children.len() > 0 && children.all(|child| child.kind() == Kind::Attempt)
}

/// What is inside in words: how many, and how many of them in which phase.
pub(crate) fn inside(node: Node<'_>) -> String {
    match (is_retried(node), node.children().len()) {
        (true, 1) => String::new(),
        (true, tries) => format!("{tries} tries"),
        (false, _) => in_words(&node.counts()),
    }
}

fn in_words(counts: &Counts) -> String {
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

/// Where a node comes in a grid: what is wrong first.
pub(crate) fn rank(node: Node<'_>) -> u64 {
    let place = ORDER.iter().position(|(phase, ..)| *phase == node.phase());
    place.unwrap_or(ORDER.len()) as u64
}

/// Draws the box around siblings that have the same neighbours, with their numbers.
pub(crate) fn draw_grid(svg: &mut Svg, rect: Rect, cells: &[Node<'_>]) {
    let mut counts = Counts::default();
    for cell in cells {
        counts.add(cell.phase());
    }
    svg.rect("box box-grid", rect, 10.0);
    let words = text::ended(&in_words(&counts), 11.0, rect.width - 32.0);
    svg.text("why", rect.x + 16.0, rect.y + 22.0, &words);
}

/// Draws a node as a cell without words; its tooltip has them.
pub(crate) fn draw_cell(svg: &mut Svg, node: Node<'_>, rect: Rect) {
    let class = ORDER
        .iter()
        .find(|(phase, ..)| *phase == node.phase())
        .map_or("", |(.., class)| class);
    svg.open("", &node::title(node));
    svg.rect(&format!("cell {class}"), rect, 2.0);
    svg.close();
}

/// Draws the grid of a folded loop below its words.
pub(crate) fn draw(svg: &mut Svg, node: Node<'_>, rect: Rect, below: f32) {
    if !is_bundle(node) {
        return;
    }
    let grid = Grid::of(node);
    let mut rounds: Vec<Node<'_>> = node.children().collect();
    rounds.sort_by_key(|round| rank(*round));
    let of_phases = rounds.chunk_by(|one, other| rank(*one) == rank(*other));
    let shown = of_phases.flat_map(|alike| alike.iter().step_by(grid.each));
    for (at, round) in shown.take(grid.columns * grid.rows).enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "dozens at most")]
        let (column, row) = ((at % grid.columns) as f32, (at / grid.columns) as f32);
        let cell = Rect {
            x: rect.x + BESIDE / 2.0 + column * STEP,
            y: rect.y + below + row * STEP,
            width: CELL,
            height: CELL,
        };
        draw_cell(svg, *round, cell);
    }
}
