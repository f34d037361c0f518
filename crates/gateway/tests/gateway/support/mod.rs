//! Starts a gateway with an echo cluster behind it and speaks raw HTTP to it.

mod echo;
pub(crate) mod front;
pub(crate) mod h2;
pub(crate) mod provider;
mod wire;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, OnceLock},
};

use clap::Parser;
use flowdeck_fronts::Envoy;
use flowdeck_gateway::{
    cli::Cli,
    config::Config,
    log::{Format, Log},
    sign_in::password,
    start::{self, Started},
};

pub(crate) use echo::{Echo, Seen};
pub(crate) use wire::{Answer, Ask, Wire, raw};

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A gateway, the cluster behind it, and two people who are signed in.
pub(crate) struct World {
    pub(crate) gateway: Started,
    /// Where the tests connect: the gateway itself, or the Envoy in front of it.
    pub(crate) door: SocketAddr,
    pub(crate) front: Option<Envoy>,
    pub(crate) echo: Echo,
    pub(crate) alice: String,
    pub(crate) bob: String,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) log: Arc<Mutex<Vec<u8>>>,
    kept: Vec<tempfile::TempDir>,
}

/// The users file's text: alice without groups, bob in one.
pub(crate) fn users(alice: &str) -> String {
    let hash = |password: &str| password::hash(password).unwrap();
    static BOB_HASH: OnceLock<String> = OnceLock::new();
    let bob = BOB_HASH.get_or_init(|| hash("bob has another one"));
    format!(
        "[[user]]\nname = \"{ALICE}\"\npassword = \"{}\"\n[[user]]\nname = \"{BOB}\"\ngroups = [\"vision\"]\npassword = \"{bob}\"\n",
        hash(alice)
    )
}

/// A folder with what [`World::start`] needs: a small built app and the users' file.
pub(crate) fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    app(&dir.path().join("app"));
    std::fs::write(dir.path().join("users.toml"), users(PASSWORD)).unwrap();
    dir
}

/// Puts a small built app into a folder.
pub(crate) fn app(dir: &Path) {
    std::fs::create_dir_all(dir.join("fonts")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).unwrap();
    write("index.html", "<!doctype html><title>Flowdeck</title>");
    write("config.json", "{\"images\":[]}");
    write("flowdeck-0123456789abcdef.js", "export {}");
    write("flowdeck-0123456789abcdef_bg.wasm", "\0asm");
    write("flowdeck-0123456789abcdef_bg.wasm.br", "br");
    write("flowdeck-0123456789abcdef_bg.wasm.gz", "gz");
    write("fonts/inter.woff2", "font");
    write(".secret", "hidden");
    write(
        "csp-hashes.txt",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'unsafe-inline'\n",
    );
}

impl World {
    pub(crate) async fn new() -> World {
        World::with("").await
    }

    /// A world whose gateway has these flags too.
    pub(crate) async fn with(flags: &str) -> World {
        World::changed(flags, |_| {}).await
    }

    /// A world whose gateway has these flags, and settings that no flag has.
    pub(crate) async fn changed(flags: &str, change: impl FnOnce(&mut Config)) -> World {
        let echo = Echo::start().await;
        let dir = folder();
        let log = Arc::new(Mutex::new(Vec::new()));
        let place = front::Place::new(flags);
        let flags = format!("{flags} {}", place.flags());
        let gateway = World::start_changed(dir.path(), &echo.url(), &flags, &log, change).await;
        let (door, front) = place.open(gateway.running.address, echo.address).await;
        let [alice, bob] = [0, 1].map(|at| gateway.links[at].1.split_once("#sign-in=").unwrap().1.to_owned());
        let mut world = World {
            gateway,
            door,
            front,
            echo,
            alice: String::new(),
            bob: String::new(),
            dir,
            log,
            kept: Vec::new(),
        };
        world.alice = world.sign_in(&alice).await;
        world.bob = world.sign_in(&bob).await;
        world
    }

    /// Keeps a folder for as long as the gateway may read it.
    pub(crate) fn keep(&mut self, dir: tempfile::TempDir) {
        self.kept.push(dir);
    }

    pub(crate) async fn start(dir: &Path, upstream: &str, flags: &str, log: &Arc<Mutex<Vec<u8>>>) -> Started {
        World::start_changed(dir, upstream, flags, log, |_| {}).await
    }

    async fn start_changed(
        dir: &Path,
        upstream: &str,
        flags: &str,
        log: &Arc<Mutex<Vec<u8>>>,
        change: impl FnOnce(&mut Config),
    ) -> Started {
        let path = dir.display();
        let listen = if flags.contains("--listen") {
            ""
        } else {
            "--listen 127.0.0.1:0"
        };
        let line = format!(
            "x --upstream {upstream} --app {path}/app --users {path}/users.toml {listen} --sign-in-link {ALICE},{BOB} {flags}"
        );
        let mut config = Config::check(Cli::try_parse_from(line.split_whitespace()).unwrap().settings).unwrap();
        change(&mut config);
        start::start(config, Log::to(Format::Json, log.clone())).await.unwrap()
    }

    async fn sign_in(&self, token: &str) -> String {
        let answer = self
            .post("/auth/link")
            .body(format!("{{\"token\":\"{token}\"}}"))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.cookie()
    }

    /// A request without a session.
    pub(crate) fn ask(&self, method: &str, target: &str) -> Ask {
        Ask::new(self.door, method, target)
    }

    /// A read by alice.
    pub(crate) fn get(&self, target: &str) -> Ask {
        self.ask("GET", target).cookie(&self.alice)
    }

    /// A write that has all signs of our page, without a session.
    pub(crate) fn post(&self, target: &str) -> Ask {
        self.ask("POST", target)
            .header("X-Flowdeck", "1")
            .header("Content-Type", "application/json")
    }

    /// The exact origin of the page.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.front.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.door)
    }

    pub(crate) fn log_text(&self) -> String {
        String::from_utf8(self.log.lock().unwrap().clone()).unwrap()
    }

    /// Asserts that the cluster saw no request, forgetting the ones before.
    #[track_caller]
    pub(crate) fn nothing_arrived(&self, why: &str) {
        let seen = self.echo.take();
        assert!(seen.is_empty(), "the cluster saw {seen:?} for {why}");
    }

    /// The one request that the cluster saw.
    #[track_caller]
    pub(crate) fn arrived(&self) -> Seen {
        let mut seen = self.echo.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }
}
