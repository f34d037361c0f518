//! Plays one case: its namespace, its steps in order, its watches.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::Failure;
use crate::case::{Case, Need, Step, WholeEvent};
use crate::matching::Mismatch;
use crate::send::{self, Answer};
use crate::server::Server;
use crate::variables::Variables;
use crate::watching::{Form, Item, Watch, differs};

/// How long one answer, and one step's events, may take.
const STEP_LIMIT: Duration = Duration::from_secs(30);
/// How long `eventually` goes on asking, and how often.
const EVENTUALLY: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(50);

/// The label of the cases' namespaces.
const LABEL: &str = "contract.flowdeck.test/case";
/// Paths that cases name often: `{maps}` is that of the case's ConfigMaps.
const PATHS: &[(&str, &str)] = &[
    (
        "bindings",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings",
    ),
    ("claims", "/api/v1/namespaces/{ns}/persistentvolumeclaims"),
    ("deployments", "/apis/apps/v1/namespaces/{ns}/deployments"),
    ("happenings", "/api/v1/namespaces/{ns}/events"),
    ("limits", "/api/v1/namespaces/{ns}/limitranges"),
    ("maps", "/api/v1/namespaces/{ns}/configmaps"),
    ("pods", "/api/v1/namespaces/{ns}/pods"),
    ("quotas", "/api/v1/namespaces/{ns}/resourcequotas"),
    ("rbac", "/apis/rbac.authorization.k8s.io/v1"),
    ("roles", "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles"),
    ("secrets", "/api/v1/namespaces/{ns}/secrets"),
    ("services", "/api/v1/namespaces/{ns}/services"),
    ("sets", "/apis/apps/v1/namespaces/{ns}/statefulsets"),
    ("widgets", "/apis/contract.flowdeck.test/v1/namespaces/{ns}/widgets"),
    ("definitions", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
];

/// What did not come back as it must, and in which step, counted from 1; step 0 is the namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The step's number.
    pub step: usize,
    /// Where in the answer; `broken` when the step could not be played at all.
    pub at: String,
    /// What was expected, and what came.
    pub why: String,
}

impl Wrong {
    fn broken(step: usize, why: impl std::fmt::Display) -> Self {
        Self {
            step,
            at: "broken".to_owned(),
            why: why.to_string(),
        }
    }
}

struct Play<'a> {
    server: &'a Server,
    variables: Variables,
    watches: BTreeMap<String, Watch>,
}

/// Plays a case in a fresh namespace and says what was wrong.
pub async fn play(server: &Server, case: &Case) -> Vec<Wrong> {
    let id = format!("{:08x}", rand::random::<u32>());
    let namespace = format!("case-{id}");
    let mut variables = Variables::default();
    variables.set("id", id);
    variables.set("ns", namespace.clone());
    for (name, path) in PATHS {
        let path = variables.fill(path).unwrap_or_default();
        variables.set(name, path);
    }
    let mut play = Play {
        server,
        variables,
        watches: BTreeMap::new(),
    };
    let own = case.area != "setup";
    if own && let Err(why) = play.before(&namespace, case.needs(Need::Account)).await {
        return vec![Wrong::broken(0, why)];
    }
    let mut wrong = Vec::new();
    for (number, step) in case.steps.iter().enumerate() {
        match play.step(step).await {
            Ok(found) => wrong.extend(found.into_iter().map(|one| Wrong {
                step: number + 1,
                at: one.at,
                why: one.why,
            })),
            Err(why) => {
                wrong.push(Wrong::broken(number + 1, why));
                break;
            }
        }
    }
    wrong
}

/// Asks for the end of all namespaces that cases had; nothing waits for it.
///
/// # Errors
/// When the server does not answer.
pub async fn clean(server: &Server) -> Result<(), Failure> {
    let mut play = Play {
        server,
        variables: Variables::default(),
        watches: BTreeMap::new(),
    };
    let asked = |request: &str| Step {
        request: Some(request.to_owned()),
        ..Step::default()
    };
    let list = play
        .answer(&asked(&format!("GET /api/v1/namespaces?labelSelector={LABEL}")))
        .await?;
    for namespace in list.value["items"].as_array().into_iter().flatten() {
        let name = namespace["metadata"]["name"].as_str().unwrap_or_default();
        play.must(&asked(&format!("DELETE /api/v1/namespaces/{name}"))).await?;
    }
    Ok(())
}

impl Play<'_> {
    async fn before(&mut self, namespace: &str, account: bool) -> Result<(), Failure> {
        self.must(&Step {
            request: Some("POST /api/v1/namespaces".to_owned()),
            body: Some(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {LABEL: ""}}})),
            code: Some(201),
            ..Step::default()
        })
        .await?;
        if account {
            self.must(&Step {
                request: Some("GET /api/v1/namespaces/{ns}/serviceaccounts/default".to_owned()),
                eventually: true,
                ..Step::default()
            })
            .await?;
        }
        Ok(())
    }

    async fn must(&mut self, step: &Step) -> Result<(), Failure> {
        match self.step(step).await?.first() {
            Some(wrong) => Err(format!("{}: {}", wrong.at, wrong.why).into()),
            None => Ok(()),
        }
    }

    async fn step(&mut self, step: &Step) -> Result<Vec<Mismatch>, Failure> {
        if step.each.is_empty() {
            return self.once(step).await;
        }
        let mut found = Vec::new();
        for word in &step.each {
            self.variables.set("it", word.clone());
            found.extend(self.once(step).await?);
        }
        Ok(found)
    }

    async fn once(&mut self, step: &Step) -> Result<Vec<Mismatch>, Failure> {
        match (&step.events, &step.watch) {
            (Some(name), _) => self.events(name, step).await,
            (None, Some(name)) => self.open(name, step).await,
            (None, None) => self.ask(step).await,
        }
    }

    async fn ask(&mut self, step: &Step) -> Result<Vec<Mismatch>, Failure> {
        let end = Instant::now() + EVENTUALLY;
        loop {
            let answer = self.answer(step).await?;
            let (found, saved) = send::compare(step, &answer, &self.variables)?;
            if found.is_empty() || !step.eventually || Instant::now() > end {
                for (name, value) in saved {
                    self.variables.set(&name, value);
                }
                return Ok(found);
            }
            sleep(AGAIN).await;
        }
    }

    async fn answer(&self, step: &Step) -> Result<Answer, Failure> {
        let asked = async { send::read(send::send(self.server, step, &self.variables).await?).await };
        timeout(STEP_LIMIT, asked)
            .await
            .map_err(|_elapsed| "no answer in time")?
    }

    /// Opens a watch; what is refused, or expected to be, is compared like any answer.
    async fn open(&mut self, name: &str, step: &Step) -> Result<Vec<Mismatch>, Failure> {
        let asked = send::send(self.server, step, &self.variables);
        let response = timeout(STEP_LIMIT, asked)
            .await
            .map_err(|_elapsed| "no answer in time")??;
        if response.status() != 200 || step.code.is_some_and(|code| code != 200) {
            let answer = send::read(response).await?;
            return Ok(send::compare(step, &answer, &self.variables)?.0);
        }
        let line = step.request.as_deref().unwrap_or_default();
        let media = response.headers().get("content-type");
        let form = if media.is_some_and(|media| media.as_bytes().starts_with(send::PLAIN.as_bytes())) {
            Form::Log
        } else {
            Form::Events {
                bookmarks: line.contains("allowWatchBookmarks="),
            }
        };
        let watch = Watch::start(response.into_body(), form);
        self.watches.insert(name.to_owned(), watch);
        Ok(Vec::new())
    }

    async fn events(&mut self, name: &str, step: &Step) -> Result<Vec<Mismatch>, Failure> {
        let mut wanted = Vec::new();
        for event in &step.expect {
            wanted.push(self.filled(&event.whole())?);
        }
        let watch = self.watches.get_mut(name).ok_or_else(|| format!("no watch {name}"))?;
        let end = Instant::now() + STEP_LIMIT;
        let mut found = Vec::new();
        let mut number = 0;
        while !wanted.is_empty() {
            let bookmark = wanted[0].event.starts_with("BOOKMARK");
            let at = format!("events/{number}");
            let came = match timeout_at(end, watch.next(bookmark)).await {
                Ok(Item::Event(event)) => event,
                Ok(Item::Garbage(text)) => return Ok(vec![Mismatch::new(at, &wanted[0].event, &text)]),
                Ok(Item::End) => return Ok(vec![Mismatch::new(at, &wanted[0].event, "the stream's end")]),
                Err(_) => return Ok(vec![Mismatch::new(at, &wanted[0].event, "nothing in time")]),
            };
            let position = if step.unordered {
                wanted.iter().position(|one| differs(&at, one, &came).is_empty())
            } else {
                None
            };
            let one = wanted.remove(position.unwrap_or(0));
            found.extend(differs(&at, &one, &came));
            for (name, pointer) in &one.save {
                let value = send::saved_text(came["object"].pointer(pointer));
                let value = value.ok_or_else(|| format!("no {pointer} in {came}"))?;
                self.variables.set(name, value);
            }
            number += 1;
        }
        if step.closes {
            found.extend(match timeout_at(end, watch.end()).await {
                Ok(Item::End) => None,
                Ok(item) => Some(Mismatch::new("closes", "the stream's end", &format!("{item:?}"))),
                Err(_) => Some(Mismatch::new("closes", "the stream's end", "an open stream")),
            });
        }
        Ok(found)
    }

    fn filled(&self, event: &WholeEvent) -> Result<WholeEvent, Failure> {
        let has: Option<Value> = match &event.has {
            Some(has) => Some(self.variables.fill_tree(has)?),
            None => None,
        };
        Ok(WholeEvent {
            event: self.variables.fill(&event.event)?,
            has,
            ..event.clone()
        })
    }
}
