//! Holds what every object has: names, versions, labels, owners, conditions.

use crate::json::{Read, Reader, Value};
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// The copy of the whole object that `kubectl apply` leaves in an annotation; never shown, so never kept.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object that has [`Meta`] and is read from JSON.
pub trait Object: Value + Default + 'static {
    /// The object's metadata.
    fn meta(&self) -> &Meta;
}

/// The part of `metav1.ObjectMeta` that is shown or reasoned with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Name, unique for its kind in its namespace.
    pub name: String,
    /// Namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Identity through time: a new object of the same name has another one.
    pub uid: String,
    /// Version for optimistic locking and watches; opaque.
    pub resource_version: String,
    /// Counts changes of the spec; 0 when the kind doesn't keep it.
    pub generation: i64,
    /// When the server created it.
    pub creation_timestamp: Option<Timestamp>,
    /// Set once deletion began: when it has to be gone (in the future for pods with a grace period).
    pub deletion_timestamp: Option<Timestamp>,
    /// Seconds given to go in good order; deletion began this long before `deletion_timestamp`.
    pub deletion_grace_period_seconds: Option<i64>,
    /// Labels.
    pub labels: StringMap,
    /// Annotations, without kubectl's `last-applied-configuration`.
    pub annotations: StringMap,
    /// Owners; deleted with them.
    pub owner_references: Vec<OwnerReference>,
    /// What still has to be done before a deleted object may go.
    pub finalizers: Vec<String>,
}

crate::fields!(Meta {
    b"name" => name,
    b"namespace" => namespace,
    b"uid" => uid,
    b"resourceVersion" => resource_version,
    b"generation" => generation,
    b"creationTimestamp" => creation_timestamp,
    b"deletionTimestamp" => deletion_timestamp,
    b"deletionGracePeriodSeconds" => deletion_grace_period_seconds,
    b"labels" => labels,
    b"annotations" => annotations,
    b"ownerReferences" => owner_references,
    b"finalizers" => finalizers,
});

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerReference {
    /// Group and version, like `apps/v1`.
    pub api_version: String,
    /// Kind, like `StatefulSet`.
    pub kind: String,
    /// Name, in the same namespace.
    pub name: String,
    /// Identity.
    pub uid: String,
    /// Whether this owner manages the object.
    pub controller: bool,
}

crate::fields!(OwnerReference {
    b"apiVersion" => api_version,
    b"kind" => kind,
    b"name" => name,
    b"uid" => uid,
    b"controller" => controller,
});

/// A Secret's name: Secrets are listed by metadata only, their data never comes here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretName {
    /// Metadata.
    pub metadata: Meta,
}

crate::fields!(SecretName { b"metadata" => metadata });

/// A ConfigMap's name: metadata only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigMapName {
    /// Metadata.
    pub metadata: Meta,
}

crate::fields!(ConfigMapName { b"metadata" => metadata });

macro_rules! objects {
    ($($kind:ty),* $(,)?) => {$(
        impl Object for $kind {
            fn meta(&self) -> &Meta {
                &self.metadata
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

impl Value for Truth {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        *self = match reader.null()? {
            true => Truth::Unknown,
            false => match reader.text()? {
                "True" => Truth::True,
                "False" => Truth::False,
                _ => Truth::Unknown,
            },
        };
        Ok(())
    }
}

/// One thing that is, or isn't, true of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// What it is about, like `Ready` (`type` on the wire).
    pub kind: String,
    /// Whether it holds.
    pub status: Truth,
    /// Why, as one CamelCase word.
    pub reason: String,
    /// Why, in the cluster's words.
    pub message: String,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
}

crate::fields!(Condition {
    b"type" => kind,
    b"status" => status,
    b"reason" => reason,
    b"message" => message,
    b"lastTransitionTime" => last_transition_time,
});

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

impl Value for StringMap {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        if reader.null()? {
            return Ok(());
        }
        let mut first = reader.open(b'{', "an object")?;
        while reader.more(b'}', &mut first)? {
            let key = reader.key()?;
            if *key == *LAST_APPLIED.as_bytes() {
                reader.skip()?;
                continue;
            }
            let Ok(key) = std::str::from_utf8(&key) else {
                return Err(reader.stumble("UTF-8"));
            };
            let mut value = Scalar::default();
            value.read(reader)?;
            match self.0.iter_mut().find(|(k, _)| **k == *key) {
                Some((_, old)) => *old = value.0,
                None => self.0.push((key.into(), value.0)),
            }
        }
        self.0.shrink_to_fit();
        Ok(())
    }
}

/// Amounts by resource name (`cpu`, `memory`, `nvidia.com/gpu`), as written on the wire.
///
/// Kept as text, because that is what forms and conflicts show; [`ResourceList::quantity`] reads one.
/// Custom resources may hold plain numbers (`cpu: 2`), which become text here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

impl Value for ResourceList {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        self.0.read(reader)
    }
}

/// A text, or a number or bool taken as text, as written: `x-kubernetes-int-or-string`. `null` is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scalar(pub(crate) Box<str>);

impl Value for Scalar {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        self.0 = match reader.peek()? {
            b'"' => reader.text()?.into(),
            b'n' => reader.null().map(|_| Box::default())?,
            b't' | b'f' => if reader.truth()? { "true" } else { "false" }.into(),
            _ => {
                let token = reader.number()?;
                std::str::from_utf8(token).unwrap_or_default().into()
            }
        };
        Ok(())
    }
}
