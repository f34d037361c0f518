//! The language of the cases: what a YAML file in `cases/` may say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::Failure;

/// One script and what must come back. Every case has a namespace of its own, `{ns}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name, in words; unique in its area.
    pub case: String,
    /// What must be there before the first step.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// The file's name without its ending; not written in the file.
    #[serde(skip)]
    pub area: String,
}

/// What a case can ask for beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The namespace's ServiceAccount `default`: pods are refused without it.
    Account,
    /// No other case may run meanwhile.
    Alone,
}

/// One step: a request (`do`), a watch that is opened (`do` and `watch`), or events that must come (`events`); or, of a
/// log that grows, `do` and `follow`, and `lines`.
/// All texts may name variables: `{ns}`, `{id}` (a word of this case alone), `{it}`, what was saved, `{x300}` (300 times x).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `METHOD /path?query`. MERGE, JSON, STRATEGIC and APPLY are PATCH with that content type.
    #[serde(rename = "do")]
    pub request: Option<String>,
    /// Who asks; without it the administrator.
    #[serde(rename = "as")]
    pub user: Option<User>,
    /// Whether no credential is sent at all.
    #[serde(default)]
    pub anonymous: bool,
    /// More headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, sent as JSON.
    pub body: Option<Value>,
    /// The body, sent as it is.
    pub raw: Option<String>,
    /// The content type.
    #[serde(rename = "type")]
    pub media: Option<String>,
    /// Does the step once for each word, which is `{it}`.
    #[serde(default)]
    pub each: Vec<String>,
    /// Asks again until all is as expected, or half a minute is over.
    #[serde(default)]
    pub eventually: bool,
    /// Opens the watch, or follows the log, in the background, under this name.
    #[serde(alias = "follow")]
    pub watch: Option<String>,

    /// The status code; without it any below 400.
    pub code: Option<u16>,
    /// The `reason` of a `Status`.
    pub reason: Option<String>,
    /// The `message` of a `Status`.
    pub message: Option<String>,
    /// All causes of a `Status`, in any order.
    pub causes: Option<Vec<Cause>>,
    /// What the answer must at least hold; see [`crate::matching`]. A text is the list of its lines.
    pub has: Option<Value>,
    /// JSON pointers to what may not be there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// JSON pointers to lists (or objects), and how many they hold.
    #[serde(default)]
    pub count: BTreeMap<String, usize>,
    /// The whole body as text.
    pub text: Option<String>,
    /// Headers of the answer; `<absent>` for one that may not be there.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Variables, and the JSON pointers to their values.
    #[serde(default)]
    pub save: BTreeMap<String, String>,

    /// The watch from which events, or the log from which lines are taken.
    #[serde(alias = "lines")]
    pub events: Option<String>,
    /// Those events, in this order.
    #[serde(default)]
    pub expect: Vec<Event>,
    /// Whether they may come in any order.
    #[serde(default)]
    pub unordered: bool,
    /// Whether the stream must end after them; a log may say more before it does.
    #[serde(default)]
    pub closes: bool,
}

/// Whom the administrator speaks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum User {
    /// Only a name.
    Name(String),
    /// More than that.
    Whole(Identity),
}

/// All that can be impersonated.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The name; without it the header is not sent.
    pub user: Option<String>,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The uid.
    pub uid: Option<String>,
    /// More, by key.
    #[serde(default)]
    pub extra: BTreeMap<String, Vec<String>>,
}

/// One cause of a `Status`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// `FieldValueInvalid` …
    pub reason: Option<String>,
    /// `spec.containers[0].name` …
    pub field: Option<String>,
    /// What is said.
    pub message: Option<String>,
}

/// One event of a watch.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// `ADDED name`, or the type alone; of a log, the line.
    Line(String),
    /// More than that.
    Whole(WholeEvent),
}

/// An event with what its object holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeEvent {
    /// `ADDED name`, or the type alone.
    pub event: String,
    /// What the object must at least hold.
    pub has: Option<Value>,
    /// JSON pointers into the object to what may not be there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Variables, and JSON pointers into the object.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
}

impl Event {
    /// Its parts: line, fields, absences, variables.
    #[must_use]
    pub fn whole(&self) -> WholeEvent {
        match self {
            Self::Whole(whole) => whole.clone(),
            Self::Line(line) => WholeEvent {
                event: line.clone(),
                has: None,
                absent: Vec::new(),
                save: BTreeMap::new(),
            },
        }
    }
}

impl Case {
    /// `area: name`, as reports and `known-differences.toml` say it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {}", self.area, self.case)
    }

    /// Whether the case asks for this.
    #[must_use]
    pub fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }
}

/// The folder of the cases.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// All cases, by area, in the order in which they are written; `setup` is not among them.
///
/// # Errors
/// When a file cannot be read, says what the language does not know, or a name is used twice.
pub fn all() -> Result<Vec<Case>, Failure> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    names.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    names.sort();
    let mut cases = Vec::new();
    for path in names {
        let area = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if area != "setup" {
            cases.extend(file(&path, &area)?);
        }
    }
    let mut titles: Vec<String> = cases.iter().map(Case::title).collect();
    titles.sort();
    match titles.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two cases are named \"{}\"", pair[0]).into()),
        None => Ok(cases),
    }
}

/// The steps that make what all cases share, such as a definition.
///
/// # Errors
/// When the file cannot be read.
pub fn setup() -> Result<Vec<Case>, Failure> {
    file(&folder().join("setup.yaml"), "setup")
}

fn file(path: &Path, area: &str) -> Result<Vec<Case>, Failure> {
    let text = std::fs::read_to_string(path)?;
    let mut cases: Vec<Case> =
        serde_saphyr::from_str_with_options(&text, words_are_words()).map_err(|why| format!("{area}.yaml: {why}"))?;
    for case in &mut cases {
        area.clone_into(&mut case.area);
    }
    Ok(cases)
}

/// YAML 1.1's `y`, `no` and `off` are texts here, as kubectl's readers have it.
fn words_are_words() -> serde_saphyr::Options {
    serde_saphyr::options! { strict_booleans: true }
}
