//! Fills a tree from YAML, by the events of granit-parser (the parser beneath serde-saphyr).

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::sink::{Extent, Sink};
use super::{DEPTH_LIMIT, Document, ItemKind, ReadError, Syntax, TOO_DEEP, TOO_MANY, malformed};

/// Reads all documents.
pub(super) fn parse(source: &str) -> Result<Document<'_>, ReadError> {
    let mut sink = Sink::new(source);
    // Anchors: which item, and how much it holds; nothing while it is open.
    let mut anchors: HashMap<usize, (u32, Extent)> = HashMap::new();
    let mut open: Vec<usize> = Vec::new();
    let mut options = granit_parser::Options::default();
    options.flow_nesting_limit = DEPTH_LIMIT;
    options.block_nesting_limit = DEPTH_LIMIT;
    options.emit_comments = false;
    let mut parser = Parser::new_from_str_with_options(source, options);
    while let Some(next) = parser.next_event() {
        let (event, span) = match next {
            Ok(next) => next,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(source.len());
                // The parser's own words for what our limits are: "recursion limit exceeded".
                let message = match error.info() {
                    info if info.contains("recursion limit") => TOO_DEEP.to_owned(),
                    info => info.to_string(),
                };
                return Err(malformed(Syntax::Yaml, source, at, &message));
            }
        };
        let at = begin(&span);
        let stop = |message: &str| Err(malformed(Syntax::Yaml, source, at, message));
        match event {
            Event::Scalar(text, style, anchor, _) => {
                anchors.extend((anchor != 0).then(|| (anchor, (sink.next(), Extent::of_text(&text)))));
                let kind = match style {
                    ScalarStyle::Plain => ItemKind::Plain,
                    _ => ItemKind::Text,
                };
                sink.scalar(kind, at, &text);
            }
            Event::SequenceStart(_, anchor, _) => {
                anchors.extend((anchor != 0).then(|| (anchor, (sink.next(), Extent::default()))));
                open.push(anchor);
                if !sink.open(ItemKind::List, at) {
                    return stop(TOO_DEEP);
                }
            }
            Event::MappingStart(_, anchor, _) => {
                anchors.extend((anchor != 0).then(|| (anchor, (sink.next(), Extent::default()))));
                open.push(anchor);
                if !sink.open(ItemKind::Map, at) {
                    return stop(TOO_DEEP);
                }
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let extent = sink.close();
                let anchor = open.pop().unwrap_or_default();
                if let Some((_, inside)) = anchors.get_mut(&anchor) {
                    *inside = extent;
                }
            }
            Event::Alias(anchor) => {
                let Some(&(target, extent)) = anchors.get(&anchor) else {
                    return stop("an alias of nothing");
                };
                if sink.is_open(target) {
                    return stop("an alias inside of what it stands for");
                }
                if sink.is_too_deep(extent.levels) {
                    return stop("an alias of what is nested too deep for this place");
                }
                if !sink.alias(at, target, extent) {
                    return stop("aliases that grow beyond all measure");
                }
            }
            Event::UnresolvedAlias(_) => return stop("an alias of nothing"),
            _ => {}
        }
        if sink.is_too_much() {
            return stop(TOO_MANY);
        }
    }
    Ok(sink.finish())
}

fn begin(span: &Span) -> usize {
    span.byte_range().map_or(0, |range| range.start)
}
