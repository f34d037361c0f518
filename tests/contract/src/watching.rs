//! A watch that runs in the background while a case goes on; its events wait to be taken.

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
    /// One line.
    Event(Value),
    /// What is no JSON.
    Garbage(String),
    /// The stream's end.
    End,
}

/// An open watch.
#[derive(Debug)]
pub struct Watch {
    items: UnboundedReceiver<Item>,
    task: JoinHandle<()>,
    /// Whether bookmarks were asked for, and may come between what is expected.
    bookmarks: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watch {
    /// Reads the body until it ends or nobody listens.
    #[must_use]
    pub fn start(body: Body, bookmarks: bool) -> Self {
        let (send, items) = unbounded_channel();
        let task = tokio::spawn(async move {
            let mut stream = body.into_data_stream();
            let mut buffer = Vec::new();
            while let Some(Ok(bytes)) = stream.next().await {
                buffer.extend_from_slice(&bytes);
                while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = buffer.drain(..=end).collect();
                    let item = match serde_json::from_slice(&line) {
                        Ok(value) => Item::Event(value),
                        Err(why) => Item::Garbage(format!("{why}: {}", String::from_utf8_lossy(&line))),
                    };
                    if send.send(item).is_err() {
                        return;
                    }
                }
            }
            // Nobody listens any more when this fails, so nobody misses the end.
            send.send(Item::End).ok();
        });
        Self { items, task, bookmarks }
    }

    /// The next event that is not a bookmark which only may come.
    pub async fn next(&mut self, bookmark_wanted: bool) -> Item {
        loop {
            match self.items.recv().await {
                Some(Item::Event(event)) if self.bookmarks && !bookmark_wanted && event["type"] == "BOOKMARK" => {}
                Some(item) => return item,
                None => return Item::End,
            }
        }
    }
}

/// Where an event differs from what is expected.
#[must_use]
pub fn differs(at: &str, wanted: &WholeEvent, got: &Value) -> Vec<Mismatch> {
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
        let mut watch = Watch::start(Body::from(text.as_bytes().to_vec()), true);
        assert!(matches!(watch.next(false).await, Item::Event(event) if event["type"] == "ADDED"));
        assert!(matches!(watch.next(false).await, Item::Garbage(_)));
        assert!(matches!(watch.next(false).await, Item::End));
        let mut watch = Watch::start(Body::from(text.as_bytes().to_vec()), false);
        assert!(matches!(watch.next(false).await, Item::Event(event) if event["type"] == "BOOKMARK"));
    }
}
