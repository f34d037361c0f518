//! Puts a picture together: ground, boxes, edges, nodes, and the names over the borders.

use flowdeck_graph::{Layer, Layout, Options, Orientation, Pipeline, Point, Rect, Scratch, layout};

use crate::args::Args;
use crate::svg::{Svg, number};
use crate::{bundle, edge, glyph, group, node, text, theme};

/// Around everything.
const PADDING: f32 = 24.0;
/// For the file's name and what its author says.
const HEAD: f32 = 54.0;

/// Draws pipelines, each with the name of its file, one below the other.
pub(crate) fn draw(pipelines: &[(String, Pipeline)], args: &Args) -> Result<String, String> {
    let mut body = Svg::default();
    let (mut width, mut top) = (0.0_f32, PADDING);
    let mut scratch = Scratch::default();
    for (file, pipeline) in pipelines {
        let (layer, layout) = lay_out(pipeline, args, &mut scratch)?;
        body.raw(&format!("<g transform=\"translate({PADDING} {})\">", number(top)));
        body.raw("<g>");
        let name = if pipeline.name().is_empty() {
            file
        } else {
            pipeline.name()
        };
        body.text("file", 0.0, 12.0, name);
        let about = if pipeline.description().is_empty() {
            form(pipeline)
        } else {
            pipeline.description()
        };
        let about = text::ended(
            about.lines().next().unwrap_or_default(),
            12.0,
            layout.size().width.max(420.0),
        );
        body.text("about", 0.0, 30.0, &about);
        body.raw(&format!("</g><g transform=\"translate(0 {HEAD})\">"));
        one(&mut body, pipeline, &layer, &layout, flow(args));
        body.raw("</g></g>");
        width = width
            .max(layout.size().width)
            .max(text::width(name, 14.0))
            .max(text::width(&about, 12.0));
        top += HEAD + layout.size().height + PADDING + 16.0;
    }
    let [width, height] = [width + 2.0 * PADDING, top - 16.0].map(|length| number(length.ceil()));
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">"
    );
    let ground = "<rect width=\"100%\" height=\"100%\" fill=\"url(#ground)\"/>";
    Ok(format!(
        "{head}\n{}\n{}\n{ground}\n{}</svg>\n",
        theme::style(),
        glyph::SPRITE,
        body.into_string()
    ))
}

fn form(pipeline: &Pipeline) -> &'static str {
    use flowdeck_graph::Form;
    match pipeline.form() {
        Form::KfpIr => "Kubeflow pipeline",
        Form::KfpV1 => "Kubeflow pipeline of the first SDK",
        Form::ArgoSpec => "Argo Workflow",
        Form::ArgoStatus => "run of an Argo Workflow",
        Form::KfpRun => "run of a Kubeflow pipeline",
    }
}

fn lay_out(pipeline: &Pipeline, args: &Args, scratch: &mut Scratch) -> Result<(Layer, Layout), String> {
    let folded = |node: flowdeck_graph::Node<'_>| bundle::is_bundle(node) || args.fold.contains(&node.path());
    let size = |node: flowdeck_graph::Node<'_>, open: bool| if open { group::size(node) } else { node::size(node) };
    let layer = pipeline.layer(&args.at, folded, size);
    let layer = layer.ok_or_else(|| format!("there is no {}", args.at))?;
    let options = Options {
        orientation: flow(args),
        group_title: 26.0,
        ..Options::default()
    };
    let layout = layout(&layer.graph, &options, scratch);
    Ok((layer, layout))
}

fn flow(args: &Args) -> Orientation {
    if args.left_right {
        Orientation::Right
    } else {
        Orientation::Down
    }
}

fn one(svg: &mut Svg, pipeline: &Pipeline, layer: &Layer, layout: &Layout, flow: Orientation) {
    // A running node has taken until the last moment that the run tells of.
    let moments = pipeline.nodes().flat_map(|node| [node.started(), node.finished()]);
    let clock = moments.flatten().map(|moment| moment.ms()).max().unwrap_or_default();
    let group_of = |at: usize| layer.graph.parent(index(at));
    let mut is_open = vec![false; layer.nodes.len()];
    for at in 0..layer.nodes.len() {
        if let Some(group) = group_of(at) {
            is_open[group as usize] = true;
        }
    }
    let boxes = || {
        let nodes = layer.nodes.iter().filter_map(|id| pipeline.node(*id));
        nodes
            .zip(layout.rects())
            .zip(&is_open)
            .map(|((node, rect), open)| (node, *rect, *open))
    };
    for (node, rect, _) in boxes().filter(|(.., open)| *open) {
        group::draw_box(svg, node, rect);
    }
    let routes: Vec<Vec<Point>> = (0..index(layer.edges.len()))
        .map(|at| layout.route(at).to_vec())
        .collect();
    let edges = || layer.edges.iter().filter_map(|edge| pipeline.edge(*edge));
    // The names stand on the borders first, as edges end where a name is in their way.
    let mut ends: Vec<Vec<Point>> = vec![Vec::new(); layer.nodes.len()];
    for (edge, route) in layer.graph.edges().iter().zip(&routes) {
        ends[edge.to as usize].extend(route.last());
    }
    let labels: Vec<Rect> = boxes()
        .zip(&ends)
        .map(|((node, rect, _), ends)| {
            let from_above = ends.iter().filter(|end| (end.y - rect.y).abs() < 2.0);
            group::label(node, rect, &from_above.map(|end| end.x).collect::<Vec<f32>>())
        })
        .collect();
    let shortened = |edge: &flowdeck_graph::Edge, route: &Vec<Point>| {
        let (mut route, label) = (route.clone(), labels[edge.to as usize]);
        if let Some(end) = route
            .last_mut()
            .filter(|end| is_open[edge.to as usize] && label.contains(**end))
        {
            end.y = label.y;
        }
        route
    };
    let routes: Vec<Vec<Point>> = layer
        .graph
        .edges()
        .iter()
        .zip(&routes)
        .map(|(edge, route)| shortened(edge, route))
        .collect();
    for (edge, route) in edges().zip(&routes) {
        edge::draw(svg, edge, route, flow);
    }
    for ((node, _, open), label) in boxes().zip(&labels) {
        if open {
            group::draw_name(svg, node, *label);
        }
    }
    for (node, rect, _) in boxes().filter(|(.., open)| !*open) {
        node::draw(svg, node, rect, clock);
    }
    for (edge, route) in edges().zip(&routes).filter(|(edge, _)| edge::has_head(*edge)) {
        edge::draw_head(svg, edge, route, flow);
        edge::draw_condition(svg, edge, route);
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
