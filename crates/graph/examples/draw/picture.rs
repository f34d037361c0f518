//! Puts a picture together: ground, boxes, edges, nodes, and the names over the borders.

use flowdeck_graph::{Pipeline, Scratch};

use crate::args::Args;
use crate::scene::Scene;
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
        let scene = Scene::new(pipeline, args, &mut scratch)?;
        let size = scene.layout.size();
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
        let about = text::ended(about.lines().next().unwrap_or_default(), 12.0, size.width.max(420.0));
        body.text("about", 0.0, 30.0, &about);
        body.raw(&format!("</g><g transform=\"translate(0 {HEAD})\">"));
        body.raw(if scene.is_far() { "<g class=\"far\">" } else { "<g>" });
        one(&mut body, &scene);
        body.raw("</g>");
        body.raw("</g></g>");
        width = width
            .max(size.width)
            .max(text::width(name, 14.0))
            .max(text::width(&about, 12.0));
        top += HEAD + size.height + PADDING + 16.0;
    }
    let [width, height] = [width + 2.0 * PADDING, top - 16.0].map(|length| number(length.ceil()));
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">"
    );
    let ground = "<rect width=\"100%\" height=\"100%\" fill=\"url(#ground)\"/>";
    Ok(format!(
        "{head}\n<!-- Drawn by crates/graph/examples/draw. -->\n{}\n{}\n{ground}\n{}</svg>\n",
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

fn one(svg: &mut Svg, scene: &Scene<'_>) {
    for place in scene.places().filter(|place| place.label.is_some()) {
        group::draw_box(svg, place.node, place.rect);
    }
    for grid in scene.layout.bundles() {
        bundle::draw_grid(svg, grid.rect, &scene.cells(grid));
    }
    for (edge, route) in scene.edges() {
        edge::draw(svg, edge, &route, scene.flow, scene.is_ahead(edge));
    }
    for place in scene.places() {
        match place.label {
            Some(label) => group::draw_name(svg, &place, label),
            None if place.is_cell => bundle::draw_cell(svg, place.node, place.rect),
            None => node::draw(svg, &place, scene.clock),
        }
    }
    for (edge, route) in scene.edges().filter(|(edge, _)| edge::has_head(*edge)) {
        edge::draw_head(svg, edge, &route, scene.flow);
        edge::draw_condition(svg, edge, &route, scene.flow);
    }
}
