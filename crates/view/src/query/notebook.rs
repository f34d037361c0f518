//! Says what the page of one notebook, and of a new one, shows.

use super::{
    Get,
    codec::{Writer, encode},
};

/// Tab of the notebook page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Resources, image, volumes, environment, conditions.
    #[default]
    Overview,
    /// The container's log.
    Logs,
    /// Events of the notebook and what belongs to it.
    Events,
    /// The object as YAML.
    Yaml,
}

impl Tab {
    /// All tabs in order.
    pub const ALL: [Self; 4] = [Self::Overview, Self::Logs, Self::Events, Self::Yaml];

    /// The word in the URL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Logs => "logs",
            Self::Events => "events",
            Self::Yaml => "yaml",
        }
    }

    /// The word on the tab.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Logs => "Logs",
            Self::Events => "Events",
            Self::Yaml => "YAML",
        }
    }

    /// Reads the word of the URL.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.word() == word)
    }
}

/// Object that the YAML tab shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// The Notebook.
    #[default]
    Notebook,
    /// Its Pod.
    Pod,
}

/// What the URL of a notebook's page says, its name aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotebookQuery {
    /// Namespace; empty when the URL names none.
    pub ns: String,
    /// Open tab.
    pub tab: Tab,
    /// Logs: the container before its last restart.
    pub previous: bool,
    /// YAML: which object.
    pub shown: Shown,
}

impl NotebookQuery {
    /// Reads the query; what it does not know becomes the default.
    pub fn from_params(get: Get<'_>) -> Self {
        let is = |key, word: &str| get(key).is_some_and(|value| value == word);
        Self {
            ns: get("ns").unwrap_or_default(),
            tab: get("tab").and_then(|word| Tab::from_word(&word)).unwrap_or_default(),
            previous: is("previous", "true"),
            shown: if is("object", "pod") {
                Shown::Pod
            } else {
                Shown::Notebook
            },
        }
    }

    /// The URL that shows this of the notebook `name`.
    pub fn url(&self, name: &str) -> String {
        let mut path = "/notebooks/".to_owned();
        encode(name, &mut path);
        Writer::new(&path)
            .put("ns", &self.ns)
            .put(
                "tab",
                if self.tab == Tab::default() {
                    ""
                } else {
                    self.tab.word()
                },
            )
            .put("previous", if self.previous { "true" } else { "" })
            .put("object", if self.shown == Shown::Pod { "pod" } else { "" })
            .done()
    }
}

/// What the URL of the New notebook page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNotebookQuery {
    /// Namespace; empty when the URL names none.
    pub ns: String,
}

impl NewNotebookQuery {
    /// Reads the query.
    pub fn from_params(get: Get<'_>) -> Self {
        Self {
            ns: get("ns").unwrap_or_default(),
        }
    }

    /// The URL that shows this.
    pub fn url(&self) -> String {
        Writer::new("/notebooks/new").put("ns", &self.ns).done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::pairs;
    use proptest::prelude::*;

    fn read(url: &str) -> NotebookQuery {
        let pairs = pairs(url.split_once('?').map_or("", |(_, query)| query));
        NotebookQuery::from_params(&|key| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()))
    }

    proptest! {
        #[test]
        fn url_gives_the_same_query(ns in "\\PC*", tab in 0..4_usize, previous: bool, pod: bool) {
            let query = NotebookQuery {
                ns, tab: Tab::ALL[tab], previous, shown: if pod { Shown::Pod } else { Shown::Notebook },
            };
            prop_assert_eq!(read(&query.url("x")), query);
        }
    }

    #[test]
    fn odd_name_gives_an_encoded_path() {
        assert_eq!(NotebookQuery::default().url("a/b"), "/notebooks/a%2Fb");
    }

    #[test]
    fn unknown_tab_gives_the_overview() {
        assert_eq!(read("/notebooks/x?tab=graph&ns=a").url("x"), "/notebooks/x?ns=a");
    }
}
