//! A watch, or a log that is followed, in the background while a case goes on; its events, or lines, wait to be taken.

use futures::StreamExt;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::case::WholeEvent;
use crate::matching::{Mismatch, subset};

/// What comes out of a watch.
#[derive(Debug)]
pub enum Item {
    /// One line: an object, or of a log the text.
    Event(Value),
    /// What is no JSON.
    Garbage(String),
    /// The stream's end.
    End,
}

/// What a stream is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Events of a watch, an object a line.
    Events {
        /// Whether bookmarks were asked for, and may come between what is expected.
        bookmarks: bool,
    },
    /// Lines of text, the last of which may be cut off.
    Log,
}

/// An open watch.
#[derive(Debug)]
pub struct Watch {
    items: UnboundedReceiver<Item>,
    task: JoinHandle<()>,
    form: Form,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watch {
    /// Reads the body until it ends or nobody listens.
    #[must_use]
    pub fn start(body: Body, form: Form) -> Self {
        let (send, items) = unbounded_channel();
        let task = tokio::spawn(async move {
            let mut stream = body.into_data_stream();
            let mut buffer = Vec::new();
            while let Some(Ok(bytes)) = stream.next().await {
                buffer.extend_from_slice(&bytes);
                while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = buffer.drain(..=end).collect();
                    if send.send(item(&line, form)).is_err() {
                        return;
                    }
                }
            }
            if form == Form::Log && !buffer.is_empty() {
                send.send(item(&buffer, form)).ok();
            }
            // Nobody listens any more when this fails, so nobody misses the end.
            send.send(Item::End).ok();
        });
        Self { items, task, form }
    }

    /// The next event that is not a bookmark which only may come.
    pub async fn next(&mut self, bookmark_wanted: bool) -> Item {
        loop {
            match self.items.recv().await {
                Some(Item::Event(event)) if self.may_skip(&event) && !bookmark_wanted => {}
                Some(item) => return item,
                None => return Item::End,
            }
        }
    }

    fn may_skip(&self, event: &Value) -> bool {
        self.form == Form::Events { bookmarks: true } && event["type"] == "BOOKMARK"
    }

    /// The end, or what comes instead of it: of a log, its last lines are no matter.
    pub async fn end(&mut self) -> Item {
        loop {
            match self.next(false).await {
                Item::Event(_) if self.form == Form::Log => {}
                item => return item,
            }
        }
    }
}

fn item(line: &[u8], form: Form) -> Item {
    if form == Form::Log {
        let text = String::from_utf8_lossy(line);
        return Item::Event(text.trim_end_matches('\n').into());
    }
    match serde_json::from_slice(line) {
        Ok(value) => Item::Event(value),
        Err(why) => Item::Garbage(format!("{why}: {}", String::from_utf8_lossy(line))),
    }
}

/// Where an event differs from what is expected.
#[must_use]
pub fn differs(at: &str, wanted: &WholeEvent, got: &Value) -> Vec<Mismatch> {
    if got.is_string() {
        return subset(at, &wanted.event.as_str().into(), Some(got));
    }
    let kind = got["type"].as_str().unwrap_or_default();
    let name = got["object"]["metadata"]["name"].as_str().unwrap_or_default();
    let line = if wanted.event.contains(' ') {
        format!("{kind} {name}")
    } else {
        kind.to_owned()
    };
    if line != wanted.event {
        return vec![Mismatch::new(at, &wanted.event, &format!("{line}: {got}"))];
    }
    let mut found = match &wanted.has {
        Some(has) => subset(at, has, Some(&got["object"])),
        None => Vec::new(),
    };
    for pointer in &wanted.absent {
        if let Some(value) = got["object"].pointer(pointer) {
            found.push(Mismatch::new(format!("{at}{pointer}"), "nothing", &value.to_string()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(event: &str, has: Option<Value>) -> WholeEvent {
        WholeEvent {
            event: event.to_owned(),
            has,
            absent: vec!["/spec".to_owned()],
            save: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn type_name_fields_and_absences_count() {
        let event = json!({"type": "ADDED", "object": {"metadata": {"name": "a"}, "data": {"k": "v"}}});
        let check = |line: &str, has, count: usize| {
            assert_eq!(differs("0", &wanted(line, has), &event).len(), count, "{line}");
        };
        check("ADDED a", Some(json!({"data": {"k": "v"}})), 0);
        check("ADDED", None, 0);
        check("ADDED b", None, 1);
        check("MODIFIED a", None, 1);
        check("ADDED a", Some(json!({"data": {"k": "w"}})), 1);
        let with_spec = json!({"type": "ADDED", "object": {"spec": {}}});
        assert_eq!(differs("0", &wanted("ADDED", None), &with_spec).len(), 1);
    }

    #[tokio::test]
    async fn lines_come_whole_and_bookmarks_only_where_they_may() {
        let text = "{\"type\":\"BOOKMARK\"}\n{\"type\":\"ADDED\"}\nno json\n";
        let mut watch = Watch::start(Body::from(text.as_bytes().to_vec()), Form::Events { bookmarks: true });
        assert!(matches!(watch.next(false).await, Item::Event(event) if event["type"] == "ADDED"));
        assert!(matches!(watch.next(false).await, Item::Garbage(_)));
        assert!(matches!(watch.next(false).await, Item::End));
        let mut watch = Watch::start(Body::from(text.as_bytes().to_vec()), Form::Events { bookmarks: false });
        assert!(matches!(watch.next(false).await, Item::Event(event) if event["type"] == "BOOKMARK"));
    }

    #[tokio::test]
    async fn lines_of_a_log_are_texts_and_the_last_may_be_cut() {
        let open = || Watch::start(Body::from(b"one\ntwo\nth".to_vec()), Form::Log);
        let mut log = open();
        for line in ["one", "~ ^t.o$", "th"] {
            let Item::Event(got) = log.next(false).await else {
                panic!("no line {line}");
            };
            assert_eq!(differs("0", &wanted(line, None), &got), []);
            assert_eq!(differs("0", &wanted("other", None), &got).len(), 1);
        }
        assert!(matches!(log.next(false).await, Item::End));
        assert!(matches!(open().end().await, Item::End));
        let mut events = Watch::start(Body::from(b"{}\n".to_vec()), Form::Events { bookmarks: true });
        assert!(matches!(events.end().await, Item::Event(_)));
    }
}
