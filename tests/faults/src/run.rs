//! A run: rounds of faults and calm. After each the rows of every client must be the server's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use flowdeck_objects::Notebook;
use flowdeck_watch::resource::{CONFIG_MAPS, NOTEBOOKS};
use flowdeck_watch::{Bucket, Random, State};
use serde_json::Value;
use tokio::time::Instant;

use crate::client::{self, Handle, Page, PageEvent, Told, Wanted};
use crate::clock::Clock;
use crate::failure::{Failure, Result};
use crate::kind::Kind;
use crate::objects::ConfigMap;
use crate::plan::{Deck, Mood};
use crate::proxy::Proxy;
use crate::tally::Tally;
use crate::upstream::Api;
use crate::world::{self, RIGHTS, World};
use crate::writer::Writers;

/// The app's bucket (`src/live/mod.rs`): so many requests a second, so many at once.
const REQUESTS_PER_SECOND: u32 = 10;
const REQUESTS_AT_ONCE: u32 = 10;
/// The machines' time in which rows must be right after the faults, in ms: a silent stream is believed for 296 s, then a
/// wait of at most 60 s, or of 61 s after a refusal; and one more such wait, for what the calm came too late.
const CONVERGE_MS: f64 = 420_000.0;
/// Our time on top of that, for servers that are slow.
const SLACK: Duration = Duration::from_secs(15);
/// How long nothing may happen afterwards, and how many requests a client may send then (its watch may just end).
const HOLD: Duration = Duration::from_millis(1500);
const HELD_REQUESTS: u64 = 2;
const MINUTE_MS: f64 = 60_000.0;
const HOUR_MS: f64 = 60.0 * MINUTE_MS;

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Everything that is drawn.
    pub seed: u64,
    /// How long rounds are begun.
    pub time: Duration,
    /// How long the faults of a round go on.
    pub faults: Duration,
    /// How fast the machines' clocks run.
    pub speed: f64,
    /// Writes a second.
    pub rate: u32,
    /// Whether the server is stopped and started, too.
    pub restarts: bool,
}

/// What happens to all.
#[derive(Clone, Copy, Debug)]
enum Event {
    AllReset,
    Outage,
    Revoke,
    DeleteKind,
    Forwards,
    Back,
    Hide,
    Wake,
    Restart,
    Compact,
    SignIn,
    Focus,
}

const EVENTS: &[Event] = &[
    Event::AllReset,
    Event::Outage,
    Event::Revoke,
    Event::Revoke,
    Event::DeleteKind,
    Event::Forwards,
    Event::Back,
    Event::Hide,
    Event::Wake,
    Event::Restart,
    Event::Compact,
    Event::SignIn,
    Event::Focus,
    Event::Focus,
    Event::Focus,
    Event::Focus,
];

/// What there is to watch.
const WANTED: [Wanted; 8] = [
    Wanted {
        name: "maps-of-a",
        resource: CONFIG_MAPS,
        namespace: "faults-a",
        selector: "",
        page: 7,
        watch_list: false,
        user: Some("ann"),
        never_empty: true,
    },
    Wanted {
        name: "maps-of-a-list",
        resource: CONFIG_MAPS,
        namespace: "faults-a",
        selector: "",
        page: 9,
        watch_list: true,
        user: None,
        never_empty: true,
    },
    Wanted {
        name: "maps-everywhere",
        resource: CONFIG_MAPS,
        namespace: "",
        selector: "",
        page: 11,
        watch_list: false,
        user: Some("eve"),
        never_empty: true,
    },
    Wanted {
        name: "maps-web",
        resource: CONFIG_MAPS,
        namespace: "",
        selector: "app in (web,none)",
        page: 500,
        watch_list: false,
        user: None,
        never_empty: false,
    },
    Wanted {
        name: "maps-quiet",
        resource: CONFIG_MAPS,
        namespace: "faults-quiet",
        selector: "",
        page: 3,
        watch_list: false,
        user: None,
        never_empty: true,
    },
    Wanted {
        name: "books-of-b",
        resource: NOTEBOOKS,
        namespace: "faults-b",
        selector: "",
        page: 4,
        watch_list: false,
        user: Some("bob"),
        never_empty: false,
    },
    Wanted {
        name: "books-everywhere",
        resource: NOTEBOOKS,
        namespace: "",
        selector: "",
        page: 5,
        watch_list: true,
        user: Some("eve"),
        never_empty: false,
    },
    Wanted {
        name: "books-web",
        resource: NOTEBOOKS,
        namespace: "faults-a",
        selector: "app=web",
        page: 2,
        watch_list: false,
        user: None,
        never_empty: false,
    },
];

/// What became of a run in which nothing was wrong.
#[derive(Debug)]
pub struct Outcome {
    /// Rounds that passed.
    pub rounds: u64,
    /// How many kinds of fault happened.
    pub kinds: usize,
    /// All counts, for people; the last line is the verdict.
    pub report: String,
}

/// Runs rounds until the time is up.
///
/// # Errors
/// The first thing that was wrong, with the seed and the last events of the client.
pub async fn run(world: &mut World, options: Options) -> Result<Outcome> {
    let mut run = Run::start(world, options).await?;
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < options.time {
        let round = run.round(world, rounds).await;
        if let Err(why) = round {
            let report = run.tally.report();
            return Err(Failure(format!(
                "round {} of seed {}: {why}\n\n{report}",
                rounds + 1,
                options.seed
            )));
        }
        rounds += 1;
    }
    Ok(Outcome {
        rounds,
        kinds: run.tally.kinds(),
        report: run.report(rounds),
    })
}

struct Run {
    options: Options,
    random: Random,
    events: Deck<Event>,
    clock: Clock,
    tally: Arc<Tally>,
    api: Api,
    proxy: Proxy,
    writers: Writers,
    clients: Vec<Handle>,
    slowest: Duration,
}

impl Run {
    async fn start(world: &World, options: Options) -> Result<Run> {
        let Options { seed, speed, rate, .. } = options;
        let mut api = Api::new(world.upstream());
        world::prepare(&mut api).await?;
        let (clock, tally) = (Clock::new(speed), Arc::new(Tally::default()));
        let proxy = Proxy::start(world.upstream().clone(), clock, Arc::clone(&tally), seed).await?;
        let page = Arc::new(Page {
            proxy: proxy.address(),
            clock,
            tally: Arc::clone(&tally),
            bucket: Mutex::new(Bucket::new(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE)),
        });
        let writers = Writers::new(world.upstream(), seed, rate);
        writers.touch_all("at first").await?;
        let mut seeds = Random::new(!seed);
        let clients = WANTED
            .into_iter()
            .map(|wanted| {
                if wanted.resource == NOTEBOOKS {
                    client::start::<Notebook>(wanted, &page, seeds.bits())
                } else {
                    client::start::<ConfigMap>(wanted, &page, seeds.bits())
                }
            })
            .collect();
        Ok(Run {
            options,
            random: Random::new(seed ^ 0x5eed),
            events: Deck::new(EVENTS),
            clock,
            tally,
            api,
            proxy,
            writers,
            clients,
            slowest: Duration::ZERO,
        })
    }

    async fn round(&mut self, world: &mut World, number: u64) -> Result<()> {
        self.writers.write(true);
        self.proxy.set_mood(Mood {
            faulty: true,
            // Every other round, because it takes the machine's five minutes to find them.
            silent: number % 2 == 1,
            sessions_end: true,
        });
        let end = Instant::now() + self.options.faults;
        let mut may_restart = self.options.restarts;
        while Instant::now() < end {
            let pause = Duration::from_millis(100 + self.random.below(900));
            tokio::time::sleep_until(end.min(Instant::now() + pause)).await;
            if Instant::now() < end {
                self.event(world, &mut may_restart).await?;
            }
        }
        self.calm().await?;
        let begun = Instant::now();
        self.converge().await?;
        self.slowest = self.slowest.max(begun.elapsed());
        self.hold().await
    }

    /// One thing that happens to all.
    async fn event(&mut self, world: &mut World, may_restart: &mut bool) -> Result<()> {
        match self.events.draw(&mut self.random) {
            Event::AllReset => {
                self.hit_all(Kind::AllReset);
                self.proxy.reset(None);
            }
            Event::Outage => self.outage().await,
            Event::Revoke => self.revoke().await?,
            Event::DeleteKind => self.delete_kind().await?,
            Event::Forwards => {
                let ms = MINUTE_MS + self.random.below(8) as f64 * HOUR_MS;
                self.set_clock(ms, Kind::ClockForwards).await?;
            }
            Event::Back => {
                let ms = MINUTE_MS + self.random.below(8) as f64 * HOUR_MS;
                self.set_clock(-ms, Kind::ClockBack).await?;
            }
            Event::Hide => self.hide().await?,
            Event::Wake => self.wake().await?,
            Event::Restart if *may_restart => {
                *may_restart = false;
                self.hit_all(Kind::Restarted);
                world.restart().await?;
            }
            Event::Restart => {}
            Event::Compact => self.compact(world).await?,
            Event::SignIn => self.sign_in().await?,
            // Somebody comes back to the window; most often, or all would only wait.
            Event::Focus => self.tell_all(PageEvent::Nudge).await?,
        }
        Ok(())
    }

    fn hit_all(&self, kind: Kind) {
        self.tally
            .hit_all(self.clients.iter().map(|client| client.wanted.name), kind);
    }

    fn any_client(&mut self) -> &Handle {
        let at = self.random.below(self.clients.len() as u64) as usize;
        &self.clients[at]
    }

    /// Nobody listens for a while, and what was open is gone.
    async fn outage(&mut self) {
        self.proxy.listen(false);
        self.hit_all(Kind::AllReset);
        self.proxy.reset(None);
        tokio::time::sleep(Duration::from_millis(200 + self.random.below(1300))).await;
        self.proxy.listen(true);
    }

    async fn revoke(&mut self) -> Result<()> {
        let right = &RIGHTS[self.random.below(RIGHTS.len() as u64) as usize];
        world::revoke(&mut self.api, right).await?;
        // The server does not end the watch of someone who lost the right: the next request finds out.
        for client in self
            .clients
            .iter()
            .filter(|client| client.wanted.user == Some(right.user))
        {
            self.tally.hit(client.wanted.name, Kind::Revoked);
            self.proxy.reset(Some(client.wanted.name));
        }
        tokio::time::sleep(Duration::from_millis(300 + self.random.below(1500))).await;
        world::grant(&mut self.api, right).await
    }

    async fn delete_kind(&mut self) -> Result<()> {
        let books = self.clients.iter().filter(|client| client.wanted.resource == NOTEBOOKS);
        self.tally
            .hit_all(books.map(|client| client.wanted.name), Kind::KindDeleted);
        world::undefine(&mut self.api).await?;
        tokio::time::sleep(Duration::from_millis(self.random.below(1000))).await;
        world::define(&mut self.api).await
    }

    async fn set_clock(&mut self, ms: f64, kind: Kind) -> Result<()> {
        let client = self.any_client();
        let name = client.wanted.name;
        client.tell(Told::Clock(ms)).await?;
        self.tally.hit(name, kind);
        Ok(())
    }

    async fn wake(&mut self) -> Result<()> {
        let client = self.any_client();
        let name = client.wanted.name;
        client.tell(Told::Page(PageEvent::Woke)).await?;
        self.tally.hit(name, Kind::Woke);
        Ok(())
    }

    async fn tell_all(&self, event: PageEvent) -> Result<()> {
        for client in &self.clients {
            client.tell(Told::Page(event)).await?;
        }
        Ok(())
    }

    /// Hides the tab, so that all streams pause, and shows it again.
    async fn hide(&mut self) -> Result<()> {
        self.hit_all(Kind::Hidden);
        self.tell_all(PageEvent::Pause).await?;
        tokio::time::sleep(Duration::from_millis(200 + self.random.below(2500))).await;
        self.tell_all(PageEvent::Resume).await
    }

    /// Compacts the history while the tab is hidden, and after some writes: what the streams had is forgotten.
    async fn compact(&mut self, world: &mut World) -> Result<()> {
        self.tell_all(PageEvent::Pause).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        if world.compact().await? {
            self.hit_all(Kind::Compacted);
        }
        self.tell_all(PageEvent::Resume).await
    }

    /// Signs in whoever lost the session.
    async fn sign_in(&self) -> Result<()> {
        for client in &self.clients {
            if matches!(client.look().await?.state, State::SignedOut { .. }) {
                client.tell(Told::Page(PageEvent::SignedIn)).await?;
            }
        }
        Ok(())
    }

    /// Ends the faults; a last change of everything finds out who does not listen.
    async fn calm(&mut self) -> Result<()> {
        self.proxy.set_mood(Mood::default());
        self.sign_in().await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.writers.write(false);
        let stamp = format!("{:.0}", self.clock.steady_ms());
        self.writers.touch_all(&stamp).await
    }

    /// Waits until the rows of every client are the server's.
    async fn converge(&mut self) -> Result<()> {
        let limit = self.clock.real(CONVERGE_MS) + SLACK;
        let begun = Instant::now();
        loop {
            let mut differs = None;
            for at in 0..self.clients.len() {
                let list = self.api.get(&self.clients[at].wanted.list()).await?;
                if let Err(why) = self.judge(&self.clients[at], list).await? {
                    differs = Some(why);
                    break;
                }
            }
            let Some(why) = differs else { break };
            if begun.elapsed() > limit {
                return Err(Failure(format!("not right {limit:?} after the faults: {why}")));
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        match self.tally.surplus() {
            Some(why) => Err(Failure(why)),
            None => Ok(()),
        }
    }

    /// Whether a client's rows are this list; the outer error is for what may never be.
    async fn judge(&self, client: &Handle, list: Bytes) -> Result<std::result::Result<(), String>> {
        let look = client.look().await?;
        let words = |why: &str| {
            let events = look.events.join("\n  ");
            format!("{}: {why}\n  state {:?}\n  {events}", client.wanted.name, look.state)
        };
        if let Some(wrong) = look.wrong.first() {
            return Err(Failure(words(wrong)));
        }
        let server = versions(&list)?;
        if look.rows != server {
            return Ok(Err(words(&difference(&look.rows, &server))));
        }
        if look.state != State::Live {
            return Ok(Err(words("the rows are right, and it does not say so")));
        }
        Ok(match client.compare(list).await? {
            Ok(()) => Ok(()),
            Err(why) => Err(words(&why)),
        })
    }

    /// In the calm nobody asks for more than its watch, or after minutes of silence (a bookmark comes in one of ours, ten of
    /// the machines') for a list, page by page, and its watch.
    async fn hold(&self) -> Result<()> {
        let count = || -> Vec<u64> {
            let names = self.clients.iter().map(|client| client.wanted.name);
            names.map(|name| self.tally.count_seen(name)).collect()
        };
        let before = count();
        tokio::time::sleep(HOLD).await;
        for ((client, before), after) in self.clients.iter().zip(before).zip(count()) {
            if after - before <= HELD_REQUESTS {
                continue;
            }
            let look = client.look().await?;
            let pages = look.rows.len().div_ceil(client.wanted.page as usize) as u64;
            if after - before > HELD_REQUESTS + pages {
                return Err(Failure(format!(
                    "{}: {} requests in the calm\n  {}",
                    client.wanted.name,
                    after - before,
                    look.events.join("\n  ")
                )));
            }
        }
        let most = self.tally.busiest(MINUTE_MS);
        let allowed = (60 * REQUESTS_PER_SECOND + REQUESTS_AT_ONCE) as usize;
        if most > allowed {
            return Err(Failure(format!("{most} requests in a minute, {allowed} are allowed")));
        }
        Ok(())
    }

    fn report(&self, rounds: u64) -> String {
        let mut text = self.tally.report();
        let machine_s = self.clock.steady_ms() / 1000.0;
        text.push_str(&format!(
            "\n{} clients, {} writes, {} requests seen by the proxy in {machine_s:.0} s of the machines' time; busiest minute \
             {} requests; slowest to be right {:.1} s after the faults ({:.0} s of theirs)\n{} kinds of fault\nseed {}: {rounds} \
             rounds passed\n",
            self.clients.len(),
            self.writers.done(),
            self.tally.all_seen(),
            self.tally.busiest(MINUTE_MS),
            self.slowest.as_secs_f64(),
            self.slowest.as_secs_f64() * self.clock.speed(),
            self.tally.kinds(),
            self.options.seed,
        ));
        text
    }
}

fn versions(list: &[u8]) -> Result<BTreeMap<String, String>> {
    let list: Value = serde_json::from_slice(list)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    Ok(items
        .iter()
        .map(|item| {
            (
                text(&item["metadata"]["uid"]),
                text(&item["metadata"]["resourceVersion"]),
            )
        })
        .collect())
}

fn difference(rows: &BTreeMap<String, String>, server: &BTreeMap<String, String>) -> String {
    let missing = server.keys().filter(|uid| !rows.contains_key(*uid)).count();
    let extra = rows.keys().filter(|uid| !server.contains_key(*uid)).count();
    let old = server
        .iter()
        .filter(|(uid, version)| rows.get(*uid).is_some_and(|ours| ours != *version))
        .count();
    format!(
        "{} rows, the server has {}: {missing} missing, {extra} too many, {old} of another version",
        rows.len(),
        server.len()
    )
}
