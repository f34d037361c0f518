//! Draws an edge along its route, in swings without corners; its head says whether data passes or only order is kept.

use flowdeck_graph::{Dependency, EdgeKind, Kind, Orientation, Point};

use crate::svg::{Svg, number};
use crate::{text, words};

const HEAD: f32 = 6.0;

/// Draws the line, dashed where the run has not come along it; its head comes later, over the names of groups.
pub(crate) fn draw(svg: &mut Svg, edge: Dependency<'_>, route: &[Point], flow: Orientation, is_ahead: bool) {
    let mut class = String::from("edge");
    if edge.kind() == EdgeKind::Order {
        class.push_str(" order");
    }
    if is_ahead {
        class.push_str(" untaken");
    }
    let title = match edge.output() {
        "" => format!("{} → {}", edge.from().path(), edge.to().path()),
        output => format!("{} → {}: {output}", edge.from().path(), edge.to().path()),
    };
    let short = if has_head(edge) { HEAD } else { 0.0 };
    svg.open("", &title);
    svg.raw(&format!("<path class=\"{class}\" d=\"{}\"/>", path(route, flow, short)));
    svg.close();
}

/// Whether an edge ends in a head: not where it runs into a point that others leave again.
pub(crate) fn has_head(edge: Dependency<'_>) -> bool {
    edge.to().kind() != Kind::Join
}

/// Draws on which results of its producer an edge is followed, at its middle.
pub(crate) fn draw_condition(svg: &mut Svg, edge: Dependency<'_>, route: &[Point], flow: Orientation) {
    if edge.condition().is_empty() || route.len() < 2 {
        return;
    }
    // Of several the node itself says how they go together.
    if words::conditions_before(edge.to()) > 1 {
        return;
    }
    let words = text::ended(&words::condition(edge.condition()), 11.0, 150.0);
    let (from, to) = (route[route.len() - 2], route[route.len() - 1]);
    // On the swing nearer to its end, where the edges of other boxes have gone their ways.
    let at = match flow {
        Orientation::Down => (0.72, 0.61),
        Orientation::Right => (0.61, 0.72),
    };
    let middle = Point {
        x: from.x + (to.x - from.x) * at.0,
        y: from.y + (to.y - from.y) * at.1,
    };
    let width = text::width(&words, 11.0) + 14.0;
    let pill = flowdeck_graph::Rect {
        x: middle.x - width / 2.0,
        y: middle.y - 9.0,
        width,
        height: 18.0,
    };
    svg.rect("pill", pill, 9.0);
    svg.text("on", middle.x, middle.y + 4.0, &words);
}

/// Which way an edge comes in: down or to the right, or against that where tasks wait for each other in a circle.
fn along(route: &[Point], flow: Orientation) -> (f32, f32) {
    let [.., before, end] = route else { return (0.0, 1.0) };
    match flow {
        Orientation::Down => (0.0, if end.y < before.y { -1.0 } else { 1.0 }),
        Orientation::Right => (if end.x < before.x { -1.0 } else { 1.0 }, 0.0),
    }
}

/// A line that leaves and enters boxes straight, and swings between: the layout keeps slants to the gaps between layers,
/// and each swing stays in the rectangle of its slant. Ends a little before the last point, for the head.
fn path(route: &[Point], flow: Orientation, short: f32) -> String {
    let mut corners: Vec<Point> = route.to_vec();
    let (x, y) = along(route, flow);
    if let Some(end) = corners.last_mut() {
        end.x -= x * short;
        end.y -= y * short;
    }
    corners.dedup_by(|a, b| (a.x - b.x).hypot(a.y - b.y) < 0.1);
    let point = |point: Point| format!("{} {}", number(point.x), number(point.y));
    let mut out = format!("M{}", corners.first().copied().map(point).unwrap_or_default());
    for part in corners.windows(2) {
        let [from, to] = [part[0], part[1]];
        let (slant, straight) = match flow {
            Orientation::Down => (to.x - from.x, to.y - from.y),
            Orientation::Right => (to.y - from.y, to.x - from.x),
        };
        if slant.abs() < 0.5 || straight.abs() < 0.5 {
            out.push_str(&format!("L{}", point(to)));
            continue;
        }
        let half = straight / 2.0;
        let (leave, enter) = match flow {
            Orientation::Down => ((from.x, from.y + half), (to.x, to.y - half)),
            Orientation::Right => ((from.x + half, from.y), (to.x - half, to.y)),
        };
        let [leave, enter] = [leave, enter].map(|(x, y)| Point { x, y });
        out.push_str(&format!("C{} {} {}", point(leave), point(enter), point(to)));
    }
    out
}

/// A filled head for data, an open one for order.
pub(crate) fn draw_head(svg: &mut Svg, edge: Dependency<'_>, route: &[Point], flow: Orientation) {
    let Some(&end) = route.last() else { return };
    let (x, y) = along(route, flow);
    let side = |by: f32| {
        let (back, out) = (HEAD + 1.0, by * 3.6);
        format!(
            "{} {}",
            number(end.x - x * back - y * out),
            number(end.y - y * back + x * out)
        )
    };
    let tip = format!("{} {}", number(end.x - x * 0.5), number(end.y - y * 0.5));
    let stem = format!(
        "{} {}",
        number(end.x - x * (HEAD + 1.0)),
        number(end.y - y * (HEAD + 1.0))
    );
    svg.raw(&match edge.kind() {
        EdgeKind::Order => format!(
            "<path class=\"head-order\" d=\"M{}L{tip}L{}M{tip}L{stem}\"/>",
            side(1.0),
            side(-1.0)
        ),
        EdgeKind::Data => format!("<path class=\"head\" d=\"M{}L{tip}L{}z\"/>", side(1.0), side(-1.0)),
    });
}
