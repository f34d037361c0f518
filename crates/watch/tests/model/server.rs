//! Plays the API server: objects with versions, a history that can be forgotten, pages, watches.

use std::collections::{BTreeMap, HashMap};

use flowdeck_objects::Pod;
use flowdeck_watch::Request;

#[derive(Clone, Debug)]
struct Object {
    uid: String,
    name: String,
    version: u64,
    label: String,
    words: String,
}

#[derive(Clone, Debug)]
struct Change {
    version: u64,
    kind: &'static str,
    object: Object,
}

/// An API server for one kind in one namespace.
#[derive(Clone)]
pub(crate) struct Server {
    objects: BTreeMap<String, Object>,
    history: Vec<Change>,
    /// Changes up to this version are forgotten.
    forgotten: u64,
    version: u64,
    uids: u64,
    /// What a `continue` token refers to.
    snapshots: HashMap<u64, Vec<Object>>,
    pub(crate) page_size: usize,
    /// Servers behind one address: up to which version each has seen. Empty: one that has seen everything.
    pub(crate) replicas: Vec<u64>,
    turn: usize,
    pub(crate) has_watch_list: bool,
}

impl Server {
    pub(crate) fn new() -> Server {
        Server {
            objects: BTreeMap::new(),
            history: Vec::new(),
            forgotten: 0,
            version: 100,
            uids: 0,
            snapshots: HashMap::new(),
            page_size: usize::MAX,
            replicas: Vec::new(),
            turn: 0,
            has_watch_list: false,
        }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// From which version a request watches; 0 when it says none.
    pub(crate) fn version_in(request: &Request) -> u64 {
        request.get("resourceVersion").and_then(transparent).unwrap_or(0)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.objects.keys().cloned().collect()
    }

    pub(crate) fn uid(&self, name: &str) -> String {
        self.objects[name].uid.clone()
    }

    pub(crate) fn create(&mut self, name: &str) {
        self.create_labelled(name, "web");
    }

    pub(crate) fn create_labelled(&mut self, name: &str, label: &str) {
        self.uids += 1;
        let uid = format!("uid-{}", self.uids);
        let object = Object {
            uid,
            name: name.into(),
            version: 0,
            label: label.into(),
            words: "日本語 ä".into(),
        };
        self.change("ADDED", object);
    }

    pub(crate) fn modify(&mut self, name: &str) {
        let Some(mut object) = self.objects.get(name).cloned() else {
            return;
        };
        object.words = format!("changed 🦀 at {}", self.version);
        self.change("MODIFIED", object);
    }

    pub(crate) fn delete(&mut self, name: &str) {
        if let Some(object) = self.objects.get(name).cloned() {
            self.change("DELETED", object);
        }
    }

    fn change(&mut self, kind: &'static str, mut object: Object) {
        self.version += 1;
        object.version = self.version;
        if kind == "DELETED" {
            self.objects.remove(&object.name);
        } else {
            self.objects.insert(object.name.clone(), object.clone());
        }
        self.history.push(Change {
            version: self.version,
            kind,
            object,
        });
    }

    /// Versions pass that are other kinds' changes.
    pub(crate) fn others_change(&mut self, versions: u64) {
        self.version += versions;
    }

    /// Forgets the history, and where lists of several pages were.
    pub(crate) fn compact(&mut self) {
        self.forgotten = self.version;
        self.history.clear();
        self.snapshots.clear();
    }

    pub(crate) fn pods(&self) -> BTreeMap<String, Pod> {
        let parse = |object: &Object| flowdeck_objects::json::from_str(&json(object)).expect("a pod");
        self.objects
            .values()
            .map(|object| (object.uid.clone(), parse(object)))
            .collect()
    }

    pub(crate) fn json_of(&self, name: &str) -> String {
        json(&self.objects[name])
    }

    pub(crate) fn answer(&mut self, request: &Request) -> (u16, Vec<u8>) {
        self.turn += 1;
        if request.watch {
            self.open_watch(request)
        } else {
            self.list(request)
        }
    }

    fn list(&mut self, request: &Request) -> (u16, Vec<u8>) {
        let selector = request.get("labelSelector").unwrap_or_default();
        let limit = request.get("limit").map_or(usize::MAX, |_| self.page_size);
        let (version, from, objects) = match request.get("continue") {
            None => (self.version, 0_usize, self.objects.values().cloned().collect()),
            // The real one refuses a version beside a token with 400.
            Some(_) if request.get("resourceVersion").is_some() => return (400, status(400, "BadRequest", 0)),
            Some(token) => {
                let (version, from) = token
                    .strip_prefix("t-")
                    .and_then(|rest| rest.split_once('-'))
                    .expect("a token");
                let version: u64 = version.parse().expect("a number");
                let Some(snapshot) = self.snapshots.get(&version) else {
                    return (410, status(410, "Expired", 0));
                };
                (version, from.parse().expect("a number"), snapshot.clone())
            }
        };
        let objects: Vec<Object> = objects.into_iter().filter(|object| selects(selector, object)).collect();
        let end = from.saturating_add(limit).min(objects.len());
        let items: Vec<String> = objects[from..end].iter().map(json).collect();
        let more = if end < objects.len() {
            let rest = objects.len() - end;
            self.snapshots.insert(version, objects);
            format!(r#","continue":"t-{version}-{end}","remainingItemCount":{rest}"#)
        } else {
            String::new()
        };
        let body = format!(
            r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"{}"{more}}},"items":[{}]}}"#,
            opaque(version),
            items.join(",")
        );
        (200, body.into_bytes())
    }

    fn open_watch(&mut self, request: &Request) -> (u16, Vec<u8>) {
        let selector = request.get("labelSelector").unwrap_or_default().to_owned();
        let wanted = request.get("resourceVersion").unwrap_or_default();
        if request.get("sendInitialEvents").is_some() {
            return self.initial_events(&selector);
        }
        if wanted.is_empty() {
            // "Start at most recent": what happened before is not told.
            return (200, Vec::new());
        }
        let Some(wanted) = transparent(wanted) else {
            return (400, status(400, "BadRequest", 0));
        };
        if let Some(seen) = self.replicas.get(self.turn % self.replicas.len().max(1)).copied()
            && wanted > seen
        {
            return (504, too_large());
        }
        if wanted < self.forgotten {
            return (200, error_event(410, "Expired", 0));
        }
        (200, self.events_after(wanted, &selector))
    }

    fn initial_events(&self, selector: &str) -> (u16, Vec<u8>) {
        if !self.has_watch_list {
            return (422, status(422, "Invalid", 0));
        }
        let mut bytes = Vec::new();
        for object in self.objects.values().filter(|object| selects(selector, object)) {
            bytes.extend(frame("ADDED", &json(object)));
        }
        bytes.extend(self.bookmark(true));
        (200, bytes)
    }

    pub(crate) fn events_after(&self, version: u64, selector: &str) -> Vec<u8> {
        self.history
            .iter()
            .filter(|change| change.version > version && selects(selector, &change.object))
            .flat_map(|change| frame(change.kind, &json(&change.object)))
            .collect()
    }

    pub(crate) fn bookmark(&self, initial_events_end: bool) -> Vec<u8> {
        let annotations = if initial_events_end {
            r#","annotations":{"k8s.io/initial-events-end":"true"}"#
        } else {
            ""
        };
        let version = opaque(self.version);
        frame(
            "BOOKMARK",
            &format!(r#"{{"kind":"Pod","metadata":{{"resourceVersion":"{version}"{annotations}}}}}"#),
        )
    }
}

/// A version that nobody can take for a number.
pub(crate) fn opaque(version: u64) -> String {
    format!("v{version:x}!")
}

fn transparent(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix('v')?.strip_suffix('!')?, 16).ok()
}

fn selects(selector: &str, object: &Object) -> bool {
    selector.is_empty() || selector == format!("app={}", object.label)
}

fn json(object: &Object) -> String {
    let Object {
        uid,
        name,
        version,
        label,
        words,
    } = object;
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"ns","uid":"{uid}","resourceVersion":"{}","labels":{{"app":"{label}"}},"annotations":{{"words":"{words}"}}}},"status":{{"phase":"Running"}}}}"#,
        opaque(*version)
    )
}

/// One frame, with its newline.
pub(crate) fn frame(kind: &str, object: &str) -> Vec<u8> {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n").into_bytes()
}

/// A `Status` of that code.
pub(crate) fn status(code: u16, reason: &str, retry_after: u32) -> Vec<u8> {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"the server says {reason}","reason":"{reason}","details":{{"retryAfterSeconds":{retry_after}}},"code":{code}}}"#
    )
    .into_bytes()
}

/// An `ERROR` event of that code.
pub(crate) fn error_event(code: u16, reason: &str, retry_after: u32) -> Vec<u8> {
    let status = String::from_utf8(status(code, reason, retry_after)).expect("text");
    frame("ERROR", &status)
}

fn too_large() -> Vec<u8> {
    br#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Too large resource version: 9, current: 3","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504}"#.to_vec()
}
