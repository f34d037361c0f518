//! Says what the notebooks list shows: which namespace, filtered how, sorted by what.

use super::{Get, codec::Writer};
use flowdeck_objects::Group;

/// What the URL of the notebooks list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotebooksQuery {
    /// Namespace; empty when the URL names none.
    pub ns: String,
    /// Text to filter by (name, image, reason).
    pub q: String,
    /// Group of phases to show; `None` is all.
    pub phase: Option<Group>,
    /// Order of the rows.
    pub sort: Sort,
}

impl NotebooksQuery {
    /// Reads the query; what it does not know becomes the default.
    pub fn from_params(get: Get<'_>) -> Self {
        let text = |key| get(key).unwrap_or_default();
        Self {
            ns: text("ns"),
            q: text("q"),
            phase: get("phase").and_then(|word| group_from_word(&word)),
            sort: get("sort").and_then(|word| Sort::from_word(&word)).unwrap_or_default(),
        }
    }

    /// The URL that shows this.
    pub fn url(&self) -> String {
        let sort = if self.sort == Sort::default() {
            String::new()
        } else {
            self.sort.word()
        };
        Writer::new("/notebooks")
            .put("ns", &self.ns)
            .put("q", &self.q)
            .put("phase", self.phase.map_or("", Group::key))
            .put("sort", &sort)
            .done()
    }

    /// Whether anything is filtered out.
    pub fn is_filtered(&self) -> bool {
        !self.q.trim().is_empty() || self.phase.is_some()
    }
}

/// Reads the word of a group of phases as the URL has it.
pub fn group_from_word(word: &str) -> Option<Group> {
    Group::ALL.into_iter().find(|group| group.key() == word)
}

/// Column that the list can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// Phase, most urgent first.
    Status,
    /// Name.
    #[default]
    Name,
    /// Kind of server.
    Type,
    /// Image.
    Image,
    /// CPU request.
    Cpu,
    /// Memory request.
    Memory,
    /// Number of GPUs.
    Gpu,
    /// Time since creation, youngest first.
    Age,
    /// Time since the last activity, latest first.
    Activity,
}

impl Column {
    /// All columns in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Status,
        Self::Name,
        Self::Type,
        Self::Image,
        Self::Cpu,
        Self::Memory,
        Self::Gpu,
        Self::Age,
        Self::Activity,
    ];

    /// The word in the URL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Name => "name",
            Self::Type => "type",
            Self::Image => "image",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Gpu => "gpu",
            Self::Age => "age",
            Self::Activity => "activity",
        }
    }

    /// Reads the word of the URL.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }
}

/// A column and its direction; `-cpu` in the URL is CPU, largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// Column sorted by.
    pub column: Column,
    /// Whether the order is turned round.
    pub descending: bool,
}

impl Sort {
    fn word(self) -> String {
        let sign = if self.descending { "-" } else { "" };
        [sign, self.column.word()].concat()
    }

    fn from_word(word: &str) -> Option<Self> {
        let (descending, column) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
        Column::from_word(column).map(|column| Self { column, descending })
    }

    /// The order after a press on a column's head: a new column ascending, the same one turned round.
    pub fn pressed(self, column: Column) -> Self {
        Self {
            column,
            descending: self.column == column && !self.descending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::pairs;
    use proptest::prelude::*;

    fn read(url: &str) -> NotebooksQuery {
        let pairs = pairs(url.split_once('?').map_or("", |(_, query)| query));
        NotebooksQuery::from_params(&|key| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()))
    }

    fn any_sort() -> impl Strategy<Value = Sort> {
        (0..Column::ALL.len(), any::<bool>()).prop_map(|(at, descending)| Sort {
            column: Column::ALL[at],
            descending,
        })
    }

    proptest! {
        #[test]
        fn url_gives_the_same_query(
            ns in "\\PC*", q in "\\PC*", phase in proptest::option::of(0..5_usize), sort in any_sort(),
        ) {
            let query = NotebooksQuery { ns, q, phase: phase.map(|at| Group::ALL[at]), sort };
            prop_assert_eq!(read(&query.url()), query);
        }

        #[test]
        fn any_text_gives_a_query_whose_url_is_stable(text in "\\PC*") {
            let query = read(&["/notebooks?", text.as_str()].concat());
            prop_assert_eq!(read(&query.url()), query);
        }
    }

    #[test]
    fn default_gives_the_bare_path() {
        assert_eq!(NotebooksQuery::default().url(), "/notebooks");
    }

    #[test]
    fn broken_values_give_the_default_and_leave_the_url() {
        let query = read("/notebooks?ns=a&phase=purple&sort=--name&other=1");
        assert_eq!(
            query,
            NotebooksQuery {
                ns: "a".to_owned(),
                ..Default::default()
            }
        );
        assert_eq!(query.url(), "/notebooks?ns=a");
    }

    #[test]
    fn pressing_the_same_column_turns_the_order() {
        let sort = Sort::default().pressed(Column::Cpu);
        assert_eq!(
            sort,
            Sort {
                column: Column::Cpu,
                descending: false
            }
        );
        assert!(sort.pressed(Column::Cpu).descending);
    }
}
