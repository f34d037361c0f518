//! Holds what every object has: names, versions, labels, owners, conditions.

use std::fmt;

use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::list::{self, List};
use crate::null::or_default;
use crate::quantity::Quantity;
use crate::time::{self, Timestamp};
use crate::watch_event::{self, ChangeKind};

/// The copy of the whole object that `kubectl apply` leaves in an annotation; never shown, so never kept.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object that has [`Meta`].
pub trait Object: Sized + DeserializeOwned {
    /// The object's metadata.
    fn meta(&self) -> &Meta;

    /// Reads a page of a list whose objects are all good.
    ///
    /// This and the next two are written out for each kind, so that they are compiled here, where the page's build asks
    /// for speed, and not where they are called, where it asks for few bytes: that alone is a third of the time.
    #[doc(hidden)]
    fn quick_list(body: &[u8]) -> Option<List<Self>> {
        list::quick(body)
    }

    /// Reads a change of a watch whose object is good.
    #[doc(hidden)]
    fn quick_change(frame: &[u8]) -> Option<(ChangeKind, Self)> {
        watch_event::quick(frame)
    }

    /// Reads one object, or says what is wrong with it.
    #[doc(hidden)]
    fn read(text: &str) -> Result<Self, String> {
        list::one(text)
    }
}

/// The part of `metav1.ObjectMeta` that is shown or reasoned with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    /// Name, unique for its kind in its namespace.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Namespace; empty for cluster-scoped kinds.
    #[serde(deserialize_with = "or_default")]
    pub namespace: String,
    /// Identity through time: a new object of the same name has another one.
    #[serde(deserialize_with = "or_default")]
    pub uid: String,
    /// Version for optimistic locking and watches; opaque.
    #[serde(deserialize_with = "or_default")]
    pub resource_version: String,
    /// Counts changes of the spec; 0 when the kind doesn't keep it.
    #[serde(deserialize_with = "or_default")]
    pub generation: i64,
    /// When the server created it.
    #[serde(deserialize_with = "time::optional")]
    pub creation_timestamp: Option<Timestamp>,
    /// Set once deletion began: when it has to be gone (in the future for pods with a grace period).
    #[serde(deserialize_with = "time::optional")]
    pub deletion_timestamp: Option<Timestamp>,
    /// Seconds given to go in good order; deletion began this long before `deletion_timestamp`.
    pub deletion_grace_period_seconds: Option<i64>,
    /// Labels.
    #[serde(deserialize_with = "or_default")]
    pub labels: StringMap,
    /// Annotations, without kubectl's `last-applied-configuration`.
    #[serde(deserialize_with = "or_default")]
    pub annotations: StringMap,
    /// Owners; deleted with them.
    #[serde(deserialize_with = "or_default")]
    pub owner_references: Vec<OwnerReference>,
    /// What still has to be done before a deleted object may go.
    #[serde(deserialize_with = "or_default")]
    pub finalizers: Vec<String>,
}

impl Meta {
    /// Whether deletion has begun.
    pub fn is_deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// When deletion began: `deletionTimestamp` lies the grace period after it.
    pub fn deletion_began(&self) -> Option<Timestamp> {
        let grace_ms = self.deletion_grace_period_seconds.unwrap_or(0).saturating_mul(1000);
        self.deletion_timestamp.map(|t| Timestamp(t.0.saturating_sub(grace_ms)))
    }

    /// The owner that controls this object (at most one does).
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller)
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key)
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key)
    }
}

/// Who an object belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnerReference {
    /// Group and version, like `apps/v1`.
    #[serde(deserialize_with = "or_default")]
    pub api_version: String,
    /// Kind, like `StatefulSet`.
    #[serde(deserialize_with = "or_default")]
    pub kind: String,
    /// Name, in the same namespace.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Identity.
    #[serde(deserialize_with = "or_default")]
    pub uid: String,
    /// Whether this owner manages the object.
    #[serde(deserialize_with = "or_default")]
    pub controller: bool,
}

/// A Secret's name: Secrets are listed by metadata only, their data never comes here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SecretName {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
}

/// A ConfigMap's name: metadata only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ConfigMapName {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
}

macro_rules! objects {
    ($($kind:ty),* $(,)?) => {$(
        impl Object for $kind {
            fn meta(&self) -> &Meta {
                &self.metadata
            }

            fn quick_list(body: &[u8]) -> Option<List<Self>> {
                list::quick(body)
            }

            fn quick_change(frame: &[u8]) -> Option<(ChangeKind, Self)> {
                watch_event::quick(frame)
            }

            fn read(text: &str) -> Result<Self, String> {
                list::one(text)
            }
        }
    )*};
}

objects!(
    SecretName,
    ConfigMapName,
    crate::Notebook,
    crate::Pod,
    crate::Event,
    crate::PersistentVolumeClaim,
    crate::StorageClass,
    crate::Namespace,
    crate::StatefulSet,
    crate::ResourceQuota,
    crate::Node,
);

/// `True`, `False` or `Unknown` of a condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Truth {
    /// The condition holds.
    True,
    /// It doesn't.
    False,
    /// Nobody knows (also: any other text).
    #[default]
    Unknown,
}

impl<'de> Deserialize<'de> for Truth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TruthVisitor)
    }
}

struct TruthVisitor;

impl Visitor<'_> for TruthVisitor {
    type Value = Truth;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("True, False or Unknown")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Truth, E> {
        Ok(match text {
            "True" => Truth::True,
            "False" => Truth::False,
            _ => Truth::Unknown,
        })
    }
}

/// One thing that is, or isn't, true of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition {
    /// What it is about, like `Ready` (`type` on the wire).
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// Whether it holds.
    #[serde(deserialize_with = "or_default")]
    pub status: Truth,
    /// Why, as one CamelCase word.
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    /// Why, in the cluster's words.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// When the status last changed.
    #[serde(deserialize_with = "time::optional")]
    pub last_transition_time: Option<Timestamp>,
}

impl Condition {
    /// The condition of a kind, if there is one. Order in the list means nothing.
    pub fn find<'a>(conditions: &'a [Self], kind: &str) -> Option<&'a Self> {
        conditions.iter().find(|c| c.kind == kind)
    }

    /// Whether the condition of a kind is there and says `True`.
    pub fn holds(conditions: &[Self], kind: &str) -> bool {
        Self::find(conditions, kind).is_some_and(|c| c.status == Truth::True)
    }
}

/// A small map of texts in the order of the wire: labels, annotations.
///
/// Looked up by walking: objects have a handful of labels, and a `Vec` is half a tree's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringMap(Vec<(Box<str>, Box<str>)>);

impl StringMap {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| **k == *key).map(|(_, v)| &**v)
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Keys and values in the order of the wire (the API server sorts them).
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + '_ {
        self.0.iter().map(|(k, v)| (&**k, &**v))
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a value; a later value of the same key wins.
    pub fn insert(&mut self, key: &str, value: &str) {
        match self.0.iter_mut().find(|(k, _)| **k == *key) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((key.into(), value.into())),
        }
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for StringMap {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<'de> Deserialize<'de> for StringMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor)
    }
}

struct MapVisitor;

impl<'de> Visitor<'de> for MapVisitor {
    type Value = StringMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StringMap, A::Error> {
        let mut out = StringMap::default();
        while let Some(key) = map.next_key::<Box<str>>()? {
            if *key == *LAST_APPLIED {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let Scalar(value) = map.next_value()?;
            match out.0.iter_mut().find(|(k, _)| *k == key) {
                Some((_, old)) => *old = value,
                None => out.0.push((key, value)),
            }
        }
        Ok(out)
    }
}

/// Amounts by resource name (`cpu`, `memory`, `nvidia.com/gpu`), as written on the wire.
///
/// Kept as text, because that is what forms and conflicts show; [`ResourceList::quantity`] reads one.
/// Custom resources may hold plain numbers (`cpu: 2`), which become text here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ResourceList(pub StringMap);

impl ResourceList {
    /// The amount as written.
    pub fn get(&self, resource: &str) -> Option<&str> {
        self.0.get(resource)
    }

    /// The amount; `None` when it is missing or unreadable.
    pub fn quantity(&self, resource: &str) -> Option<Quantity> {
        Quantity::parse(self.0.get(resource)?).ok()
    }

    /// Resource names and amounts as written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + '_ {
        self.0.iter()
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text, or a number or bool taken as text: `x-kubernetes-int-or-string`.
#[derive(Default)]
pub(crate) struct Scalar(pub(crate) Box<str>);

/// Reads an int-or-string field (an amount, a port) as text; `null` is the empty text.
pub(crate) fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Scalar::deserialize(deserializer)?.0.into())
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.into()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::default())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(if value { "true" } else { "false" }.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string().into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string().into()))
    }

    /// In thousandths, without the formatter of floats (its tables are bytes in the page).
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
        let thousandths = (value * 1000.0) as i64;
        let (whole, part) = (thousandths.unsigned_abs() / 1000, thousandths.unsigned_abs() % 1000);
        let mut out = String::new();
        if thousandths < 0 {
            out.push('-');
        }
        out.push_str(&whole.to_string());
        if part > 0 {
            out.push('.');
            let padded = (part + 1000).to_string();
            out.push_str(padded[1..].trim_end_matches('0'));
        }
        Ok(Scalar(out.into()))
    }
}
