//! Creates, changes and deletes objects on the server, directly, at a steady rate and by a seed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flowdeck_watch::Random;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::failure::Result;
use crate::upstream::{Api, Upstream};

/// Several write at once, each its own objects.
const WRITERS: u64 = 3;
/// A collection never has fewer objects of a writer than this.
const FEWEST: usize = 3;
/// Words with characters of one to four bytes.
const WORDS: [&str; 8] = ["plain", "größer", "日本語", "🦀", "Ωmega", "שלום", "naïve", "数据"];
const MERGE: &str = "application/merge-patch+json";

/// Objects of one kind in one namespace.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    /// The address.
    pub path: &'static str,
    /// What it holds.
    pub is_notebooks: bool,
    /// How many objects each writer has there at most.
    most: u64,
    /// How often it is chosen, against the others.
    weight: u64,
}

/// All that is written.
pub const COLLECTIONS: [Collection; 5] = [
    Collection {
        path: "/api/v1/namespaces/faults-a/configmaps",
        is_notebooks: false,
        most: 12,
        weight: 40,
    },
    Collection {
        path: "/api/v1/namespaces/faults-b/configmaps",
        is_notebooks: false,
        most: 8,
        weight: 20,
    },
    Collection {
        path: "/api/v1/namespaces/faults-quiet/configmaps",
        is_notebooks: false,
        most: 4,
        weight: 1,
    },
    Collection {
        path: "/apis/kubeflow.org/v1/namespaces/faults-a/notebooks",
        is_notebooks: true,
        most: 4,
        weight: 10,
    },
    Collection {
        path: "/apis/kubeflow.org/v1/namespaces/faults-b/notebooks",
        is_notebooks: true,
        most: 8,
        weight: 20,
    },
];

/// Writes while it is told to; ends when it is dropped.
pub struct Writers {
    on: watch::Sender<bool>,
    upstream: Upstream,
    done: Arc<AtomicU64>,
}

impl Writers {
    /// Writers that wait to be switched on, at `rate` writes a second together.
    pub fn new(upstream: &Upstream, seed: u64, rate: u32) -> Writers {
        let on = watch::Sender::new(false);
        let done = Arc::new(AtomicU64::new(0));
        for number in 0..WRITERS {
            let writer = Writer {
                api: Api::new(upstream),
                random: Random::new(seed.wrapping_add(number)),
                number,
                there: vec![BTreeSet::new(); COLLECTIONS.len()],
            };
            let pause = Duration::from_secs_f64(WRITERS as f64 / f64::from(rate.max(1)));
            tokio::spawn(writer.run(on.subscribe(), pause, Arc::clone(&done)));
        }
        Writers {
            on,
            upstream: upstream.clone(),
            done,
        }
    }

    /// Switches them on or off.
    pub fn write(&self, on: bool) {
        self.on.send_replace(on);
    }

    /// How many writes succeeded.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Changes one object of each collection, so that whoever does not hear it is found out.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn touch_all(&self, stamp: &str) -> Result<()> {
        let mut api = Api::new(&self.upstream);
        for collection in &COLLECTIONS {
            let name = "touched";
            let mut object = object(collection, name, &mut Random::new(0));
            object["metadata"]["annotations"]["stamp"] = stamp.into();
            let path = collection.path;
            api.ensure(path, &object).await?;
            api.merge(&format!("{path}/{name}"), &object).await?;
        }
        Ok(())
    }
}

impl Api {
    /// PATCH: merges into an object that is there.
    async fn merge(&mut self, path: &str, object: &Value) -> Result<()> {
        let (status, body) = self.send("PATCH", path, MERGE, object.to_string().as_bytes()).await?;
        if status == 200 {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&body).into_owned();
        Err(crate::failure::Failure(format!("PATCH {path}: {status} {words}")))
    }
}

struct Writer {
    api: Api,
    random: Random,
    number: u64,
    /// Numbers of the objects that are there, as far as it knows.
    there: Vec<BTreeSet<u64>>,
}

impl Writer {
    async fn run(mut self, mut on: watch::Receiver<bool>, pause: Duration, done: Arc<AtomicU64>) {
        let mut turns = tokio::time::interval_at(Instant::now(), pause);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if on.wait_for(|on| *on).await.is_err() {
                return;
            }
            turns.tick().await;
            // A server that is down or a kind that is gone: the next ones will succeed.
            if self.step().await.is_ok() {
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn step(&mut self) -> Result<()> {
        let at = self.choose();
        let collection = &COLLECTIONS[at];
        let object_number = self.random.below(collection.most);
        let name = format!("{}-{}", self.number, object_number);
        let object = object(collection, &name, &mut self.random);
        let one = format!("{}/{name}", collection.path);
        let is_there = self.there[at].contains(&object_number);
        let may_go = self.there[at].len() > FEWEST;
        let draw = self.random.below(100);
        if !is_there {
            self.create(at, object_number, &object).await
        } else if draw < 70 || !may_go {
            let (status, _) = self
                .api
                .send("PATCH", &one, MERGE, object.to_string().as_bytes())
                .await?;
            if status == 404 {
                self.there[at].remove(&object_number);
            }
            Ok(())
        } else {
            self.api.delete(&one).await?;
            self.there[at].remove(&object_number);
            if draw < 85 {
                // The same name at once, another object.
                return self.create(at, object_number, &object).await;
            }
            Ok(())
        }
    }

    async fn create(&mut self, at: usize, number: u64, object: &Value) -> Result<()> {
        self.api.ensure(COLLECTIONS[at].path, object).await?;
        self.there[at].insert(number);
        Ok(())
    }

    fn choose(&mut self) -> usize {
        let mut left = self
            .random
            .below(COLLECTIONS.iter().map(|collection| collection.weight).sum());
        for (at, collection) in COLLECTIONS.iter().enumerate() {
            if left < collection.weight {
                return at;
            }
            left -= collection.weight;
        }
        0
    }
}

fn object(collection: &Collection, name: &str, random: &mut Random) -> Value {
    let mut word = || WORDS[random.below(WORDS.len() as u64) as usize];
    let words: Vec<&str> = (0..4).map(|_| word()).collect();
    let app = if random.below(2) == 0 { "web" } else { "batch" };
    let metadata = json!({"name": name, "labels": {"app": app}, "annotations": {"words": words.join(" ")}});
    if collection.is_notebooks {
        let container = json!({"name": name, "image": format!("registry.test/jupyter:{}", random.below(9))});
        return json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": metadata,
            "spec": {"template": {"spec": {"containers": [container]}}},
        });
    }
    let text = WORDS[random.below(8) as usize].repeat(random.below(200) as usize);
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": text, "line": "a\nb"}})
}
