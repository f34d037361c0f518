//! Draws one node: shape of its phase or kind, its name, and a line of what now.

use flowdeck_graph::{Kind, Node, Rect, Size};

use crate::scene::Place;
use crate::svg::Svg;
use crate::{bundle, glyph, text, words};

const WIDTH: f32 = 190.0;
const WIDEST: f32 = 248.0;
const HEIGHT: f32 = 46.0;
/// What the shape at the left and the padding at the right take of a node's width.
const MARGIN: f32 = 34.0 + 12.0;
const NAME: f32 = 13.0;
const NOW: f32 = 11.0;

/// How large a node is: of the usual width, a little wider for a long name or long rules.
pub(crate) fn size(node: Node<'_>) -> Size {
    if node.kind() == Kind::Join {
        return Size {
            width: 10.0,
            height: 10.0,
        };
    }
    // What now is no measure: a box that grows while it runs would push the others about.
    let rules = text::width(&words::rules(node).join(" · "), NOW);
    let width = text::width(node.name(), NAME).max(rules) + MARGIN;
    let width = width.ceil().clamp(WIDTH, WIDEST);
    let Some(grid) = bundle::size(node) else {
        return Size { width, height: HEIGHT };
    };
    Size {
        width: width.max(grid.width),
        height: HEIGHT + grid.height,
    }
}

/// The word that chooses a node's colours.
pub(crate) fn tone(place: &Place<'_>) -> &'static str {
    match (glyph::phase(place.node.phase()), place.node.kind()) {
        (Some((tone, _)), _) => tone,
        (None, _) if place.is_ahead => "pending",
        (None, Kind::Gap | Kind::Recursion | Kind::Unknown) => "gap",
        (None, _) => "",
    }
}

/// The shape of the phase, and the word for its colour; nothing where there is no run.
pub(crate) fn shape(place: &Place<'_>) -> Option<&'static str> {
    let ahead = place.is_ahead.then_some("pending");
    glyph::phase(place.node.phase()).map(|(shape, _)| shape).or(ahead)
}

/// Draws a node that nothing is drawn inside of.
pub(crate) fn draw(svg: &mut Svg, place: &Place<'_>, clock: i64) {
    let (node, rect) = (place.node, place.rect);
    svg.open(tone(place), &title(node));
    if node.kind() == Kind::Join {
        svg.rect("joint", rect, rect.width / 2.0);
        svg.close();
        return;
    }
    if node.children().len() > 1 {
        let under = |by: f32| Rect {
            x: rect.x + by,
            y: rect.y + by,
            ..rect
        };
        svg.rect("under", under(5.0), 8.0);
        svg.rect("under", under(2.5), 8.0);
        svg.rect("behind", rect, 8.0);
    }
    svg.rect("node", rect, 8.0);
    let (kind, _) = glyph::kind(node.kind());
    let mut right = 12.0;
    match shape(place) {
        Some(shape) => {
            svg.shape(shape, "", rect.x + 12.0, rect.y + 16.0, 14.0);
            if kind != "task" {
                svg.shape(kind, "kind", rect.x + rect.width - 24.0, rect.y + 8.0, 14.0);
                right = 28.0;
            }
        }
        None => svg.shape(kind, "kind", rect.x + 11.0, rect.y + 15.0, 16.0),
    }
    let name = text::shortened(node.name(), NAME, rect.width - 34.0 - right);
    let mut now = words::now(node, clock);
    if place.is_ahead && node.condition().is_empty() {
        now = words::waits(node).unwrap_or(now);
    }
    // Of a grid the numbers say more than how long it takes.
    let inside = bundle::inside(node);
    if node.children().len() > 0 && !inside.is_empty() {
        now = match now.is_empty() || bundle::is_bundle(node) {
            true => inside,
            false => format!("{inside} · {now}"),
        };
    }
    if now.is_empty() {
        svg.text("name", rect.x + 34.0, rect.y + 27.5, &name);
    } else {
        svg.text("name", rect.x + 34.0, rect.y + 20.0, &name);
        let now = text::ended(&now, NOW, rect.width - MARGIN);
        svg.text("now", rect.x + 34.0, rect.y + 36.0, &now);
    }
    bundle::draw(svg, node, rect, HEIGHT);
    svg.close();
}

/// Everything about a node, as its tooltip.
pub(crate) fn title(node: Node<'_>) -> String {
    let mut out = node.path();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!(" · {name}: {value}"));
        }
    };
    add(
        "name",
        Some(node.name()).filter(|name| *name != node.key()).unwrap_or_default(),
    );
    add("template", node.template());
    add("image", node.image());
    add("if", node.condition());
    add("depends", node.depends());
    add("message", node.message());
    out
}
