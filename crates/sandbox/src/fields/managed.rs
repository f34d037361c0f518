//! `metadata.managedFields`: who set which fields, by which kind of request, when.
//!
//! Source: k8s.io/apimachinery pkg/util/managedfields/internal (v0.36).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::fields::set::Set;

/// More managers by update than this are put together.
const MOST_UPDATERS: usize = 10;
/// The manager that they become.
const ANCIENT: &str = "ancient-changes";

/// How fields were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// Who set fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Manager {
    pub(crate) name: String,
    pub(crate) operation: Operation,
    /// Empty for appliers: they are the same in all versions.
    version: String,
    pub(crate) subresource: String,
}

/// The fields of one manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) set: Set,
    /// The version in which they were set.
    pub(crate) version: String,
    pub(crate) time: Option<String>,
}

/// All managers of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Managed(BTreeMap<Manager, Owned>);

impl Manager {
    /// A manager; without a name it is unknown.
    pub(crate) fn new(name: &str, operation: Operation, version: &str, subresource: &str) -> Self {
        Self {
            name: if name.is_empty() { "unknown" } else { name }.to_owned(),
            operation,
            version: match operation {
                Operation::Apply => String::new(),
                Operation::Update => version.to_owned(),
            },
            subresource: subresource.to_owned(),
        }
    }

    /// As conflicts name it.
    pub(crate) fn described(&self) -> String {
        let mut text = Value::from(self.name.as_str()).to_string();
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource {}", Value::from(self.subresource.as_str()));
        }
        match self.operation {
            Operation::Apply => text,
            Operation::Update => format!("{text} using {}", self.version),
        }
    }
}

impl Managed {
    /// Reads `metadata.managedFields`; `None` when it cannot be read.
    pub(crate) fn parse(value: &Value) -> Option<Self> {
        let mut all = BTreeMap::new();
        for entry in value.as_array()? {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            let operation = match text("operation") {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return None,
            };
            if !matches!(text("fieldsType"), "FieldsV1") {
                return None;
            }
            let set = match &entry["fieldsV1"] {
                Value::Null => Set::default(),
                fields => Set::from_wire(fields)?,
            };
            let manager = Manager {
                name: text("manager").to_owned(),
                ..Manager::new("", operation, text("apiVersion"), text("subresource"))
            };
            let owned = Owned {
                set,
                version: text("apiVersion").to_owned(),
                time: entry["time"].as_str().map(str::to_owned),
            };
            all.insert(manager, owned);
        }
        Some(Self(all))
    }

    /// As `metadata.managedFields`: by operation, then by time.
    pub(crate) fn to_wire(&self) -> Value {
        let mut all: Vec<(&Manager, &Owned)> = self.0.iter().collect();
        all.sort_by_key(|(manager, owned)| {
            (
                manager.operation,
                &owned.time,
                &manager.name,
                &owned.version,
                &manager.subresource,
            )
        });
        all.into_iter().map(|(manager, owned)| entry(manager, owned)).collect()
    }

    /// Whether there is no manager.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same managers with the same fields, whenever it was.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let timeless = |managed: &Self| {
            let mut managed = managed.clone();
            managed.0.values_mut().for_each(|owned| owned.time = None);
            managed
        };
        timeless(self) == timeless(other)
    }

    /// The fields of one manager.
    pub(crate) fn get(&self, manager: &Manager) -> Option<&Owned> {
        self.0.get(manager)
    }

    /// Sets the fields of a manager; with none it is forgotten.
    pub(crate) fn set(&mut self, manager: Manager, owned: Owned) {
        if owned.set.is_empty() {
            self.0.remove(&manager);
        } else {
            self.0.insert(manager, owned);
        }
    }

    /// All managers and their fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Manager, &Owned)> {
        self.0.iter()
    }

    /// Takes fields away from all managers but one; those who have none left are forgotten.
    pub(crate) fn take(&mut self, lost: &Set, except: Option<&Manager>) {
        self.0.retain(|manager, owned| {
            if Some(manager) != except {
                owned.set = owned.set.difference(lost);
            }
            !owned.set.is_empty()
        });
    }

    /// Puts the oldest managers by update together, version by version, until there are few enough.
    pub(crate) fn cap(&mut self) {
        let mut updaters: Vec<(Option<String>, Manager)> = self
            .0
            .iter()
            .filter(|(manager, _)| manager.operation == Operation::Update)
            .map(|(manager, owned)| (owned.time.clone(), manager.clone()))
            .collect();
        updaters.sort();
        let mut left = updaters.len();
        let mut first: BTreeMap<String, Manager> = BTreeMap::new();
        for (_, manager) in updaters {
            if left <= MOST_UPDATERS {
                return;
            }
            let bucket = Manager::new(ANCIENT, Operation::Update, &manager.version, "");
            let Some(older) = first.get(&manager.version) else {
                first.insert(manager.version.clone(), manager);
                continue;
            };
            if !self.0.contains_key(&bucket)
                && let Some(owned) = self.0.remove(older)
            {
                self.0.insert(bucket.clone(), owned);
            }
            if let Some(owned) = self.0.remove(&manager)
                && let Some(ancient) = self.0.get_mut(&bucket)
            {
                ancient.set = ancient.set.union(&owned.set);
                ancient.time = owned.time;
            }
            left -= 1;
        }
    }
}

/// Whether a client asks for managedFields to be forgotten: by an empty list, or by one empty entry.
pub(crate) fn is_reset(given: &Value) -> bool {
    match given.as_array().map(Vec::as_slice) {
        Some([]) => true,
        Some([one]) => one.as_object().is_some_and(Map::is_empty),
        _ => false,
    }
}

fn entry(manager: &Manager, owned: &Owned) -> Value {
    let operation = match manager.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut entry = json!({
        "manager": manager.name, "operation": operation, "apiVersion": owned.version,
        "fieldsType": "FieldsV1", "fieldsV1": owned.set.to_wire(),
    });
    if let Some(time) = &owned.time {
        entry["time"] = time.as_str().into();
    }
    if !manager.subresource.is_empty() {
        entry["subresource"] = manager.subresource.as_str().into();
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(field: &str, time: u32) -> Owned {
        Owned {
            set: Set::of_fields(&[&["data", field]]),
            version: "v1".to_owned(),
            time: Some(format!("2026-01-01T00:00:{time:02}Z")),
        }
    }

    #[test]
    fn appliers_come_first_and_the_oldest_of_them() {
        let mut managed = Managed::default();
        for (name, operation, time) in [
            ("c", Operation::Update, 1),
            ("b", Operation::Apply, 3),
            ("a", Operation::Apply, 4),
        ] {
            managed.set(Manager::new(name, operation, "v1", ""), owned(name, time));
        }
        let wire = managed.to_wire();
        let names: Vec<&str> = wire
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["manager"].as_str())
            .collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(Managed::parse(&wire), Some(managed));
    }

    #[test]
    fn the_oldest_updaters_become_ancient_changes() {
        let mut managed = Managed::default();
        for number in 0..12 {
            let name = format!("m{number:02}");
            managed.set(Manager::new(&name, Operation::Update, "v1", ""), owned(&name, number));
        }
        managed.cap();
        let names: Vec<&str> = managed.iter().map(|(manager, _)| manager.name.as_str()).collect();
        assert_eq!(names.len(), 10, "{names:?}");
        let ancient = managed
            .get(&Manager::new(ANCIENT, Operation::Update, "v1", ""))
            .expect("a bucket");
        assert_eq!(ancient.set.paths(), [".data.m00", ".data.m01", ".data.m02"]);
        assert_eq!(ancient.time.as_deref(), Some("2026-01-01T00:00:02Z"));
    }

    #[test]
    fn broken_entries_are_not_read() {
        for wrong in [
            json!([{"operation": "Merge"}]),
            json!([{"operation": "Apply", "fieldsType": "V2"}]),
            json!({}),
        ] {
            assert_eq!(Managed::parse(&wrong), None);
        }
        assert!(
            is_reset(&json!([]))
                && is_reset(&json!([{}]))
                && !is_reset(&json!([{"manager": "x"}]))
                && !is_reset(&Value::Null)
        );
    }
}
