//! Writes one line a request: JSON for machines, a short sentence for a terminal.
//!
//! Never holds a cookie, a token, a body or a query. Text of the client's is escaped: JSON by
//! serialising, the terminal's by replacing control characters.

use std::{
    io::{IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `human` on a terminal, else `json`.
    Auto,
    /// One JSON object a line.
    Json,
    /// Short lines for people.
    Human,
}

impl Format {
    /// Decides `Auto` by what stderr is.
    pub fn settled(self) -> Format {
        match self {
            Format::Auto if std::io::stderr().is_terminal() => Format::Human,
            Format::Auto => Format::Json,
            other => other,
        }
    }
}

/// What is told of a request.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Line {
    /// When the request came, RFC 3339 in UTC.
    pub time: String,
    /// Always `request`.
    pub kind: &'static str,
    /// Who asked; empty when nobody was signed in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// HTTP method.
    pub method: String,
    /// Path without its query, shortened.
    pub path: String,
    /// `get`, `list`, `watch`, `create` … for API requests.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub verb: &'static str,
    /// API group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// API version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Plural resource.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource: String,
    /// Sub-resource.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// Namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// HTTP status.
    pub status: u16,
    /// Slug of the gateway's refusal, if it was one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub rejection: &'static str,
    /// Bytes of the body that were sent.
    pub bytes: u64,
    /// Milliseconds from the request's head to the body's end.
    pub ms: f64,
    /// The other end of the connection.
    pub peer: String,
}

/// Where lines go.
#[derive(Clone)]
pub struct Log {
    format: Format,
    out: Arc<Mutex<dyn Write + Send>>,
}

impl Log {
    /// Lines of this format to stderr.
    pub fn stderr(format: Format) -> Log {
        Log {
            format: format.settled(),
            out: Arc::new(Mutex::new(std::io::stderr())),
        }
    }

    /// Lines to any writer, for tests.
    pub fn to(format: Format, out: Arc<Mutex<dyn Write + Send>>) -> Log {
        Log { format, out }
    }

    /// Writes one line. A log that cannot be written stops nobody.
    pub fn write(&self, line: &Line) {
        let mut text = match self.format {
            Format::Human => human(line),
            Format::Json | Format::Auto => serde_json::to_string(line).unwrap_or_default(),
        };
        text.push('\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(text.as_bytes()).unwrap_or_default();
    }
}

fn human(line: &Line) -> String {
    let what = if line.verb.is_empty() || line.resource.is_empty() {
        format!("{} {}", line.method, line.path)
    } else {
        let subresource = if line.subresource.is_empty() {
            String::new()
        } else {
            format!("/{}", line.subresource)
        };
        format!(
            "{} {}{subresource} {}/{}",
            line.verb, line.resource, line.namespace, line.name
        )
    };
    let why = if line.rejection.is_empty() {
        String::new()
    } else {
        format!(" ({})", line.rejection)
    };
    let user = if line.user.is_empty() { "-" } else { &line.user };
    let clock = line.time.get(11..19).unwrap_or_default();
    let text = format!(
        "{clock} {} {user} {what}{why} {} B {:.1} ms",
        line.status, line.bytes, line.ms
    );
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, line: &Line) -> String {
        let out = Arc::new(Mutex::new(Vec::new()));
        Log::to(format, out.clone()).write(line);
        String::from_utf8(out.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn control_characters_cannot_forge_a_line() {
        let line = Line {
            path: "/a\n{\"user\":\"admin\"}\u{1b}[31m".to_owned(),
            ..Line::default()
        };
        for format in [Format::Json, Format::Human] {
            let text = written(format, &line);
            assert_eq!(text.matches('\n').count(), 1, "{text}");
            assert!(!text.contains('\u{1b}'), "{text}");
        }
    }

    #[test]
    fn line_is_one_json_object() {
        let line = Line {
            user: "alice".to_owned(),
            verb: "list",
            resource: "notebooks".to_owned(),
            status: 200,
            ..Line::default()
        };
        let value: std::collections::BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&written(Format::Json, &line)).unwrap();
        assert_eq!(value["user"], "alice");
        assert_eq!(value["status"], 200);
    }
}
