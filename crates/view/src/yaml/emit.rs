//! Walks a JSON object and writes it as block-style YAML, two spaces a level, lists flush with their key as kubectl's.

use super::{
    node::{self, Node},
    scalar,
};
use flowdeck_objects::{Unreadable, json};

/// Levels below which the rest stays JSON (which YAML reads too), so that no input exhausts the stack.
const DEPTH_LIMIT: usize = 64;
/// What stands for a value that is not shown.
const MASK: &str = "••••••";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Leave out `metadata.managedFields`.
    pub hide_managed_fields: bool,
    /// Mask the values of a Secret, and every copy of an object in the last-applied annotation.
    pub mask_secrets: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hide_managed_fields: true,
            mask_secrets: true,
        }
    }
}

/// Writes the JSON text as YAML, ending with a line break.
///
/// # Errors
/// When the text is not JSON.
pub fn to_yaml(text: &str, options: Options) -> Result<String, Unreadable> {
    json::check(text.as_bytes())?;
    let mut emitter = Emitter {
        out: String::with_capacity(text.len() * 5 / 4),
        options,
        secret: is_secret(text),
    };
    match node::read(text) {
        Node::Map(pairs) if !pairs.is_empty() => emitter.map(&pairs, 0, Place::Top),
        Node::List(items) if !items.is_empty() => emitter.list(&items, 0),
        other => {
            emitter.inline(&other, 0);
            emitter.out.push('\n');
        }
    }
    Ok(emitter.out)
}

fn is_secret(raw: &str) -> bool {
    if let Node::Map(pairs) = node::read(raw) {
        for (key, value) in pairs {
            if key == "kind" {
                return matches!(node::read(value), Node::Text(kind) if kind == "Secret");
            }
        }
    }
    false
}

/// Where a map stands, as far as masking and hiding depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Metadata,
    Annotations,
    /// `data` or `stringData` of a Secret.
    SecretData,
    Other,
}

impl Place {
    fn of(self, key: &str, secret: bool) -> Self {
        match (self, key) {
            (Self::Top, "metadata") => Self::Metadata,
            (Self::Top, "data" | "stringData") if secret => Self::SecretData,
            (Self::Metadata, "annotations") => Self::Annotations,
            _ => Self::Other,
        }
    }
}

struct Emitter {
    out: String,
    options: Options,
    secret: bool,
}

impl Emitter {
    fn indent(&mut self, level: usize) {
        self.out.extend(std::iter::repeat_n("  ", level));
    }

    fn map(&mut self, pairs: &[(String, &str)], level: usize, place: Place) {
        self.rest_of_map(pairs, level, place, false)
    }

    /// Writes the pairs; the first one continues a line already begun when `begun`.
    fn rest_of_map(&mut self, pairs: &[(String, &str)], level: usize, place: Place, begun: bool) {
        let mut begun = begun;
        for (key, value) in pairs {
            if place == Place::Metadata && key == "managedFields" && self.options.hide_managed_fields {
                continue;
            }
            if !std::mem::take(&mut begun) {
                self.indent(level);
            }
            self.key(key);
            let masked = self.options.mask_secrets
                && (place == Place::SecretData || (place == Place::Annotations && key == LAST_APPLIED));
            if masked {
                self.out.push_str(" \"");
                self.out.push_str(MASK);
                self.out.push_str("\"\n");
            } else {
                self.value(value, level, place.of(key, self.secret));
            }
        }
        if begun {
            // Everything was left out: the line that was begun still needs a value.
            self.out.push_str("{}\n");
        }
    }

    fn key(&mut self, key: &str) {
        if scalar::is_plain(key) {
            self.out.push_str(key);
        } else {
            scalar::quote(key, &mut self.out);
        }
        self.out.push(':');
    }

    /// Writes what follows `key:`.
    fn value(&mut self, raw: &str, level: usize, place: Place) {
        if level >= DEPTH_LIMIT {
            self.out.push(' ');
            self.out.push_str(raw);
            self.out.push('\n');
            return;
        }
        match node::read(raw) {
            Node::Map(pairs) if self.has_shown(&pairs, place) => {
                self.out.push('\n');
                self.map(&pairs, level + 1, place)
            }
            Node::Map(_) => {
                self.out.push_str(" {}\n");
            }
            Node::List(items) if !items.is_empty() => {
                self.out.push('\n');
                self.list(&items, level)
            }
            other => {
                self.out.push(' ');
                self.inline(&other, level + 1);
                self.out.push('\n');
            }
        }
    }

    fn has_shown(&self, pairs: &[(String, &str)], place: Place) -> bool {
        let hides = place == Place::Metadata && self.options.hide_managed_fields;
        pairs.iter().any(|(key, _)| !(hides && key == "managedFields"))
    }

    fn list(&mut self, items: &[&str], level: usize) {
        for item in items {
            self.indent(level);
            self.out.push_str("- ");
            if level >= DEPTH_LIMIT {
                self.out.push_str(item);
                self.out.push('\n');
                continue;
            }
            match node::read(item) {
                Node::Map(pairs) if !pairs.is_empty() => self.rest_of_map(&pairs, level + 1, Place::Other, true),
                // A list directly in a list is rare: flow style, which is JSON, is clear enough.
                Node::List(_) => {
                    self.out.push_str(item);
                    self.out.push('\n');
                }
                other => {
                    self.inline(&other, level + 1);
                    self.out.push('\n');
                }
            }
        }
    }

    /// Writes a value that stands on the line itself (a block text begins there), without the line break.
    fn inline(&mut self, node: &Node<'_>, level: usize) {
        match node {
            Node::Map(_) => self.out.push_str("{}"),
            Node::List(_) => self.out.push_str("[]"),
            Node::Literal(text) => self.out.push_str(text),
            Node::Text(text) if scalar::is_block(text) => self.block(text, level),
            Node::Text(text) if scalar::is_plain(text) => self.out.push_str(text),
            Node::Text(text) => scalar::quote(text, &mut self.out),
        }
    }

    fn block(&mut self, text: &str, level: usize) {
        let body = text.trim_end_matches('\n');
        let breaks = text.len() - body.len();
        self.out.push_str(match breaks {
            0 => "|-",
            1 => "|",
            _ => "|+",
        });
        for line in body.split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(level.max(1));
                self.out.push_str(line);
            }
        }
        self.out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests;
