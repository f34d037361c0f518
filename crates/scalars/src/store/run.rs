//! One run: all that the event files of one folder say.

use super::series::Series;
use crate::events::{Data, Number, Session, Value, metadata, number};
use std::collections::{BTreeMap, HashMap};

/// The plugin whose tags are series.
const SCALARS: &str = "scalars";

/// What is known of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// Who draws it: `scalars`, `histograms`, `images`, `audio`, `graphs`, `hparams`, `text` …; empty if nobody says.
    pub plugin: String,
    /// How it wants to be called; empty for its own name.
    pub display_name: String,
    /// What it is, in Markdown.
    pub description: String,
    /// Its series, if it is one.
    series: Option<u32>,
}

/// A run: the series, tags and session of one folder's event files.
#[derive(Clone, Debug, Default)]
pub struct Run {
    name: String,
    series: Vec<Series>,
    tags: BTreeMap<Box<str>, Tag>,
    by_tag: HashMap<Box<str>, u32>,
    /// The series that had a value last.
    last: usize,
    session: Option<Session>,
    has_graph: bool,
    start: Option<f64>,
}

impl Run {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The folder below the log directory, `.` for that directory itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The series in the order in which their tags were first seen.
    #[must_use]
    pub fn all_series(&self) -> &[Series] {
        &self.series
    }

    /// The series of a tag.
    #[must_use]
    pub fn series(&self, tag: &str) -> Option<&Series> {
        self.series.get(*self.by_tag.get(tag)? as usize)
    }

    /// All tags, drawn by Flowdeck or not, sorted by their bytes.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &Tag)> {
        self.tags.iter().map(|(name, tag)| (&**name, tag))
    }

    /// What is known of a tag.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&Tag> {
        self.tags.get(name)
    }

    /// The plugins that this run has data of, and how many tags each: so that a page can say what it does not draw.
    #[must_use]
    pub fn plugins(&self) -> BTreeMap<&str, usize> {
        let mut plugins = BTreeMap::new();
        for tag in self.tags.values() {
            *plugins.entry(tag.plugin.as_str()).or_default() += 1;
        }
        if self.has_graph {
            *plugins.entry("graphs").or_default() += 1;
        }
        plugins
    }

    /// The run's hyperparameters and how it ended, if it has the hparams plugin's tags.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The earliest time of an event of any kind, in seconds since 1970: what TensorBoard sorts runs by
    /// (data/server/run.rs, `read_event`).
    #[must_use]
    pub fn start(&self) -> Option<f64> {
        self.start
    }

    /// Gives back memory that was reserved for points to come: when a file is read to its end.
    pub fn settle(&mut self) {
        self.series.iter_mut().for_each(Series::settle);
    }

    /// Takes in that there was an event.
    pub(crate) fn saw(&mut self, wall: f64, has_graph: bool) {
        self.start = Some(self.start.map_or(wall, |start| start.min(wall)));
        self.has_graph |= has_graph;
    }

    /// Takes in the tag of a value that was too large to be read and holds no number.
    pub(crate) fn saw_other(&mut self, value: &Value<'_>) {
        if matches!(value.data, Data::Histogram | Data::Image | Data::Audio) {
            self.first_of(value);
        }
    }

    /// Takes in a value; `false` if its tag is a scalar's and it is not a scalar.
    pub(crate) fn take(&mut self, step: i64, wall: f64, value: &Value<'_>) -> bool {
        let Some(at) = self.find(value) else { return true };
        let number = match value.data {
            Data::Simple(single) => Some(Number::Single(single)),
            Data::Tensor(tensor) => number(tensor),
            // A tag alone says nothing; the data server, too, passes it by.
            Data::Nothing => return true,
            Data::Histogram | Data::Image | Data::Audio => None,
        };
        let Some(number) = number else { return false };
        self.series[at].push(step, wall, number);
        true
    }

    /// The series that a value belongs to, if its tag is a scalar's.
    fn find(&mut self, value: &Value<'_>) -> Option<usize> {
        let next = self.series.get(self.last).map_or(0, |series| series.next as usize);
        let at = match self.series.get(next) {
            Some(series) if series.tag() == value.tag => next,
            _ => match self.by_tag.get(value.tag) {
                Some(at) => *at as usize,
                None => self.first_of(value)?,
            },
        };
        if let Some(last) = self.series.get_mut(self.last) {
            last.next = at as u32;
        }
        self.last = at;
        Some(at)
    }

    /// Takes in the first value of a tag, which alone says what the tag is; its series, if it is a scalar's.
    ///
    /// Source: data/server/data_compat.rs, `SummaryValue::initial_metadata`: metadata with a data class counts; else a
    /// `simple_value` is a scalar, whatever the plugin; else the plugin decides.
    fn first_of(&mut self, value: &Value<'_>) -> Option<usize> {
        if let Some(known) = self.tags.get(value.tag) {
            // A tag that nobody said what it is, as when the record that did was damaged: the run's next file may.
            let is_open = known.series.is_none() && known.plugin.is_empty();
            if !(is_open && value.metadata.is_some()) {
                return known.series.map(|series| series as usize);
            }
        }
        if value.data == Data::Nothing && value.metadata.is_none() {
            return None;
        }
        let said = value
            .metadata
            .and_then(|bytes| metadata(bytes).ok())
            .unwrap_or_default();
        let simple = matches!(value.data, Data::Simple(_));
        let (plugin, is_scalar) = match (said.data_class, value.data) {
            (0, Data::Simple(_)) => (SCALARS, true),
            (0, Data::Histogram) => ("histograms", false),
            (0, Data::Image) => ("images", false),
            (0, Data::Audio) => ("audio", false),
            (class, _) => (said.plugin, said.plugin == SCALARS && class <= 1),
        };
        if plugin == "hparams" {
            let mut session = self.session.take().unwrap_or_default();
            let found = session.read(said.content).unwrap_or(false);
            self.session = (found || session != Session::default()).then_some(session);
        }
        // A simple value's own metadata is not kept by the data server; its names are, here.
        let mut tag = Tag {
            plugin: plugin.to_owned(),
            display_name: said.display_name.to_owned(),
            description: said.description.to_owned(),
            series: None,
        };
        let series = (is_scalar || (simple && said.data_class == 0)).then_some(self.series.len());
        if let Some(at) = series {
            tag.series = Some(at as u32);
            self.by_tag.insert(value.tag.into(), at as u32);
            self.series.push(Series::new(value.tag));
        }
        self.tags.insert(value.tag.into(), tag);
        series
    }
}
