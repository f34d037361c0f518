//! Writes SVG: numbers without needless digits, text escaped.

use std::fmt::Write as _;

use flowdeck_graph::Rect;

/// An SVG in the making.
#[derive(Debug, Default)]
pub(crate) struct Svg(String);

impl Svg {
    /// Adds what is markup already.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
        self.0.push('\n');
    }

    /// Adds a text of a class; what does not fit must have been shortened before.
    pub(crate) fn text(&mut self, class: &str, x: f32, y: f32, text: &str) {
        let (x, y, text) = (number(x), number(y), escaped(text));
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>\n"
        ));
    }

    /// Adds a rectangle with round corners.
    pub(crate) fn rect(&mut self, class: &str, rect: Rect, round: f32) {
        let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(number);
        self.push(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>\n"
        ));
    }

    /// Adds a drawing of the sprite, scaled from its own size.
    pub(crate) fn shape(&mut self, id: &str, class: &str, x: f32, y: f32, size: f32) {
        let (x, y) = (number(x), number(y));
        self.push(format_args!(
            "<use href=\"#{id}\" class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{size}\"/>\n"
        ));
    }

    /// Opens a group that says in full what it is.
    pub(crate) fn open(&mut self, class: &str, title: &str) {
        self.push(format_args!("<g class=\"{class}\"><title>{}</title>\n", escaped(title)));
    }

    /// Ends a group.
    pub(crate) fn close(&mut self) {
        self.raw("</g>");
    }

    fn push(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        self.0.write_fmt(what).unwrap_or_default();
    }

    /// What was written.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// A length with one digit after the point at most.
pub(crate) fn number(value: f32) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
