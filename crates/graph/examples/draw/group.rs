//! Draws the box around what a group holds; its name breaks the border.

use flowdeck_graph::{Kind, Node, Phase, Rect, Size};

use crate::scene::Place;
use crate::svg::Svg;
use crate::{bundle, glyph, node, text, words};

const TITLE: f32 = 12.0;
const WHY: f32 = 11.0;
const NAME_AT_MOST: f32 = 260.0;
const WHY_AT_MOST: f32 = 300.0;
/// From the border to the name's gap in it.
const INDENT: f32 = 12.0;
/// What the gap has beside the name: the icon, and room around both.
const AROUND: f32 = 8.0 + 14.0 + 6.0 + 8.0;

/// Why a group runs and how often, in words; empty if there is nothing to say.
fn why(node: Node<'_>) -> String {
    let mut parts = vec![words::condition_of(node), words::iterator(node)];
    parts.retain(|words| !words.is_empty());
    let counts = node.counts();
    if counts.total() > counts.of(Phase::Unknown) {
        parts.push(bundle::inside(node));
    } else if parts.is_empty() && !matches!(node.kind(), Kind::Dag | Kind::Steps) {
        parts.push(glyph::kind(node.kind()).1.to_owned());
    }
    text::ended(&parts.join(" · "), WHY, WHY_AT_MOST)
}

/// The least size of a group: room for its name on the border, and for the reason below.
pub(crate) fn size(node: Node<'_>) -> Size {
    let name = text::width(&name(node), TITLE) + AROUND;
    let why = text::width(&why(node), WHY) + 8.0;
    Size {
        width: (2.0 * INDENT + name.max(why)).ceil(),
        height: 0.0,
    }
}

/// Draws the box and, just inside, the reason; what the group holds is drawn after it.
pub(crate) fn draw_box(svg: &mut Svg, node: Node<'_>, rect: Rect) {
    let kind = match node.kind() {
        Kind::ExitHandler => "box box-spite",
        Kind::Condition | Kind::Branches => "box box-condition",
        Kind::Loop => "box box-loop",
        _ => "box",
    };
    svg.rect(kind, rect, 10.0);
    svg.text("why", rect.x + INDENT + 8.0, rect.y + 22.0, &why(node));
}

/// Where the name stands on the border: at the left, or at the right if edges that come in from above (at these x) would
/// go through it there. Where they go through both, they end at it.
pub(crate) fn label(node: Node<'_>, rect: Rect, entries: &[f32]) -> Rect {
    let width = AROUND + text::width(&name(node), TITLE);
    let free = |x: f32| !entries.iter().any(|entry| (x - 6.0..x + width + 6.0).contains(entry));
    let left = rect.x + INDENT;
    let right = rect.x + rect.width - width - INDENT;
    Rect {
        x: if !free(left) && free(right) { right } else { left },
        y: rect.y - 8.0,
        width,
        height: 16.0,
    }
}

fn name(node: Node<'_>) -> String {
    text::shortened(node.name(), TITLE, NAME_AT_MOST)
}

/// Draws the name over the border.
pub(crate) fn draw_name(svg: &mut Svg, place: &Place<'_>, label: Rect) {
    let node = place.node;
    svg.open(node::tone(place), &node::title(node));
    svg.rect("behind", label, 4.0);
    let kind = (glyph::kind(node.kind()).0, "group-kind");
    let shape = node::shape(place).map_or(kind, |shape| (shape, ""));
    svg.shape(shape.0, shape.1, label.x + 7.0, label.y + 1.0, 14.0);
    svg.text("title", label.x + 27.0, label.y + 12.0, &name(node));
    svg.close();
}
