//! Checks all settings before anything starts, and says in words which one is wrong.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http::{Uri, uri::Authority};

use crate::{
    cli::Settings,
    forward::relay::Pace,
    limits::Limits,
    log::Format,
    network::Network,
    sign_in::{
        accounts::SANDBOX_USERS,
        check::{IdentityHeaders, Original},
        oidc,
        sessions::Lifetimes,
        trusted::TrustedHeaders,
    },
    tls::Tls,
};

mod sign_in;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSetting {
    /// The setting, as a flag without dashes.
    pub name: &'static str,
    /// What is wrong and what would be right.
    pub why: String,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}: {}", self.name, self.why)
    }
}

impl std::error::Error for BadSetting {}

fn bad<T>(name: &'static str, why: impl Into<String>) -> Result<T, BadSetting> {
    Err(BadSetting { name, why: why.into() })
}

/// Which cluster requests go to.
#[derive(Debug, Clone)]
pub enum Cluster {
    /// One inside this process.
    Sandbox(flowdeck_sandbox::Config),
    /// One of a kubeconfig file.
    Kubeconfig {
        /// The file.
        file: PathBuf,
        /// The context; none for the current one.
        context: Option<String>,
    },
    /// The one around this pod.
    InCluster,
    /// One by its address.
    Address {
        /// Where it is.
        url: Uri,
        /// Where its bearer token is kept.
        token_file: Option<PathBuf>,
        /// PEM bytes of its certificate authority.
        ca_pem: Option<Vec<u8>>,
    },
}

/// The checked settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the page is served.
    pub listen: SocketAddr,
    /// Where the metrics are served.
    pub metrics_listen: Option<SocketAddr>,
    /// The folder with the built app.
    pub app: PathBuf,
    /// Whether people reach the page by https.
    pub https: bool,
    /// The origins that are ours, exactly as browsers write them; filled when the port is known.
    pub origins: Vec<String>,
    /// What the cluster is called on the screen.
    pub cluster_name: String,
    /// Which cluster.
    pub cluster: Cluster,
    /// The file of local users.
    pub users: Option<PathBuf>,
    /// Whom to print links for.
    pub sign_in_links: Vec<String>,
    /// Where sessions are kept.
    pub sessions_file: Option<PathBuf>,
    /// How long sessions last.
    pub lifetimes: Lifetimes,
    /// What may be in flight.
    pub limits: Limits,
    /// Connections that are open at once.
    pub max_connections: usize,
    /// Bytes of a request's body.
    pub body_limit_bytes: usize,
    /// Time for a request's headers.
    pub header_timeout: Duration,
    /// Time for a request's body.
    pub body_timeout: Duration,
    /// Time for the head of the cluster's answer.
    pub upstream_timeout: Duration,
    /// What browsers' WebSockets are held to; nobody has had to change it yet, so there is no setting.
    pub socket_pace: Pace,
    /// Whose `X-Forwarded-For`, and at `/auth/check` whose word about the original request, is believed.
    pub trusted_proxies: Vec<Network>,
    /// Who may name the user in headers.
    pub trusted_headers: Option<Arc<TrustedHeaders>>,
    /// The provider where people sign in.
    pub oidc: Option<oidc::Settings>,
    /// The cluster's own names that may sign in.
    pub system_names: Vec<String>,
    /// How `/auth/check` learns what was asked for.
    pub check_original: Original,
    /// Which identity headers `/auth/check` answers with.
    pub check_headers: Vec<IdentityHeaders>,
    /// The certificate for https, if we have it.
    pub tls: Option<Tls>,
    /// How log lines look.
    pub log_format: Format,
    public_origin: Option<String>,
}

impl Config {
    /// Reads the settings file.
    pub fn read_file(path: &Path) -> Result<Settings, BadSetting> {
        let text = std::fs::read_to_string(path)
            .or_else(|e| bad("config", format!("{} cannot be read: {e}", path.display())))?;
        toml::from_str(&text).or_else(|e: toml::de::Error| {
            let line = e
                .span()
                .map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            bad(
                "config",
                format!("{} line {line}: {}", path.display(), e.message().trim()),
            )
        })
    }

    /// Checks all settings.
    pub fn check(settings: Settings) -> Result<Config, BadSetting> {
        let listen = address("listen", settings.listen.as_deref().unwrap_or("127.0.0.1:8080"))?;
        let metrics_listen = settings
            .metrics_listen
            .as_deref()
            .map(|text| address("metrics-listen", text))
            .transpose()?;
        if metrics_listen == Some(listen) && listen.port() != 0 {
            return bad(
                "metrics-listen",
                "must be another address than --listen, for it is not for the public",
            );
        }
        let public_origin = settings.public_url.as_deref().map(origin_of).transpose()?;
        if public_origin.is_none() && !listen.ip().is_loopback() {
            return bad(
                "public-url",
                format!(
                    "is needed when listening on {listen}, which others can reach: the address that people type, such as https://deck.example.com"
                ),
            );
        }
        let app = settings.app.clone().unwrap_or_else(|| PathBuf::from("dist"));
        if !app.join("index.html").is_file() {
            return bad(
                "app",
                format!(
                    "{} has no index.html: build the app with `make dist`, or name its folder",
                    app.display()
                ),
            );
        }
        let cluster = cluster(&settings)?;
        let sandbox = matches!(cluster, Cluster::Sandbox(_));
        let lifetimes = lifetimes(&settings)?;
        let mut sign_in_links = settings.sign_in_link.clone();
        if sandbox && sign_in_links.is_empty() && settings.users.is_none() {
            sign_in_links.push(SANDBOX_USERS[1].to_owned());
        }
        let tls = sign_in::tls(&settings)?;
        let trusted_headers = sign_in::trusted_headers(&settings)?.map(Arc::new);
        let oidc = sign_in::oidc(&settings)?;
        if !sandbox && settings.users.is_none() && trusted_headers.is_none() && oidc.is_none() {
            return bad(
                "users",
                "is needed, or nobody could sign in: make the file with `flowdeck-gateway user add NAME --users FILE`, or let an OpenID provider (--oidc-issuer) or a proxy (--trusted-header-peer) sign people in",
            );
        }
        Ok(Config {
            listen,
            metrics_listen,
            app,
            https: sign_in::is_https(public_origin.as_deref(), tls.as_ref())?,
            origins: public_origin.iter().cloned().collect(),
            cluster_name: cluster_name(&settings, &cluster),
            users: settings.users.clone(),
            sign_in_links,
            sessions_file: sessions_file(&settings, &cluster)?,
            lifetimes,
            limits: Limits {
                streams_per_user: at_least_one("max-streams-per-user", settings.max_streams_per_user, 64)?,
                requests_per_user: at_least_one("max-requests-per-user", settings.max_requests_per_user, 256)?,
                in_all: at_least_one("max-in-flight", settings.max_in_flight, 8192)?,
            },
            max_connections: at_least_one("max-connections", settings.max_connections, 16_384)?,
            body_limit_bytes: at_least_one("max-body-bytes", settings.max_body_bytes, 3 * 1024 * 1024)?,
            header_timeout: duration("header-timeout", settings.header_timeout.as_deref(), "10s")?,
            body_timeout: duration("body-timeout", settings.body_timeout.as_deref(), "30s")?,
            upstream_timeout: duration("upstream-timeout", settings.upstream_timeout.as_deref(), "60s")?,
            socket_pace: Pace::default(),
            trusted_proxies: sign_in::networks("trusted-proxy", &settings.trusted_proxy)?,
            trusted_headers,
            oidc,
            system_names: sign_in::system_names(&settings)?,
            check_original: settings.check_original.unwrap_or(Original::Path),
            check_headers: sign_in::check_headers(&settings),
            tls,
            log_format: settings.log_format.unwrap_or(Format::Auto),
            cluster,
            public_origin,
        })
    }

    /// Completes the origins once it is known where we listen.
    pub fn listening_on(&mut self, address: SocketAddr) {
        self.listen = address;
        if self.public_origin.is_none() {
            let scheme = if self.https { "https" } else { "http" };
            self.origins = vec![
                format!("{scheme}://{address}"),
                format!("{scheme}://localhost:{}", address.port()),
            ];
        }
    }

    /// The address to type, without a slash at its end.
    pub fn page_url(&self) -> String {
        self.origins.first().cloned().unwrap_or_default()
    }
}

fn address(name: &'static str, text: &str) -> Result<SocketAddr, BadSetting> {
    text.parse().or_else(|_| {
        bad(
            name,
            format!("{text:?} is not an address with a port, such as 127.0.0.1:8080"),
        )
    })
}

/// The origin of a URL, as browsers write it: no slash, no default port, lower case.
fn origin_of(text: &str) -> Result<String, BadSetting> {
    let wrong = |why: &str| {
        bad(
            "public-url",
            format!("{text:?} {why}; right would be https://deck.example.com"),
        )
    };
    let Ok(uri) = text.parse::<Uri>() else {
        return wrong("is not a URL");
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return wrong("needs http:// or https:// and a host");
    };
    if !matches!(scheme, "http" | "https") {
        return wrong("must begin with http:// or https://");
    }
    if authority.as_str().contains('@') {
        return wrong("must not hold a name or password");
    }
    if !has_plain_port(authority) {
        return wrong("has a port that is no number from 1 to 65535");
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
        return wrong("must not have a path: Flowdeck is served at the root of its host");
    }
    let host = authority.host().to_ascii_lowercase();
    let default_port = if scheme == "https" { 443 } else { 80 };
    Ok(match authority.port_u16().filter(|&port| port != default_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

/// Whether there is no port, or one that can be connected to; `Uri` takes others for none.
fn has_plain_port(authority: &Authority) -> bool {
    authority.as_str() == authority.host() || authority.port_u16().is_some_and(|port| port > 0)
}

fn cluster(settings: &Settings) -> Result<Cluster, BadSetting> {
    let sandbox = settings.sandbox == Some(true);
    let in_cluster = settings.in_cluster == Some(true);
    let ways = [
        sandbox,
        in_cluster,
        settings.kubeconfig.is_some(),
        settings.upstream.is_some(),
    ];
    match ways.iter().filter(|&&given| given).count() {
        1 => {}
        0 => {
            return bad(
                "sandbox",
                "no cluster is named: give one of --sandbox, --kubeconfig FILE, --in-cluster or --upstream URL",
            );
        }
        _ => {
            return bad(
                "sandbox",
                "only one cluster can be served: give one of --sandbox, --kubeconfig, --in-cluster and --upstream",
            );
        }
    }
    let only_with = |name: &'static str, given: bool, allowed: bool, with: &str| {
        if given && !allowed {
            bad(name, format!("only means something with {with}"))
        } else {
            Ok(())
        }
    };
    only_with(
        "context",
        settings.context.is_some(),
        settings.kubeconfig.is_some(),
        "--kubeconfig",
    )?;
    only_with(
        "upstream-token-file",
        settings.upstream_token_file.is_some(),
        settings.upstream.is_some(),
        "--upstream",
    )?;
    only_with(
        "upstream-ca",
        settings.upstream_ca.is_some(),
        settings.upstream.is_some(),
        "--upstream",
    )?;
    only_with("data", settings.data.is_some(), sandbox, "--sandbox")?;
    only_with("sandbox-world", settings.sandbox_world.is_some(), sandbox, "--sandbox")?;
    only_with("empty", settings.empty == Some(true), sandbox, "--sandbox")?;
    only_with("pods", settings.pods.is_some(), sandbox, "--sandbox")?;
    only_with("notebooks", settings.notebooks.is_some(), sandbox, "--sandbox")?;
    only_with("rate", settings.rate.is_some(), sandbox, "--sandbox")?;
    only_with(
        "sandbox-listen",
        settings.sandbox_listen.is_some(),
        sandbox,
        "--sandbox",
    )?;
    only_with("sandbox-speed", settings.sandbox_speed.is_some(), sandbox, "--sandbox")?;
    only_with(
        "sandbox-faults",
        settings.sandbox_faults == Some(true),
        sandbox,
        "--sandbox",
    )?;
    if sandbox {
        return sandbox_config(settings).map(Cluster::Sandbox);
    }
    if let Some(file) = &settings.kubeconfig {
        if !file.is_file() {
            return bad("kubeconfig", format!("there is no file {}", file.display()));
        }
        return Ok(Cluster::Kubeconfig {
            file: file.clone(),
            context: settings.context.clone(),
        });
    }
    let Some(text) = &settings.upstream else {
        return Ok(Cluster::InCluster);
    };
    upstream(settings, text)
}

fn upstream(settings: &Settings, text: &str) -> Result<Cluster, BadSetting> {
    let wrong = |why: &str| {
        bad(
            "upstream",
            format!("{text:?} {why}; right would be https://10.0.0.1:6443"),
        )
    };
    let Ok(url) = text.parse::<Uri>() else {
        return wrong("is not a URL");
    };
    let (Some("http" | "https"), Some(host)) = (url.scheme_str(), url.authority()) else {
        return wrong("needs http:// or https:// and a host");
    };
    if text.contains(['@', '?', '#']) {
        return wrong("must be a plain address without name, password or query");
    }
    if !has_plain_port(host) {
        return wrong("has a port that is no number from 1 to 65535");
    }
    if let Some(file) = &settings.upstream_token_file
        && !file.is_file()
    {
        return bad("upstream-token-file", format!("there is no file {}", file.display()));
    }
    let ca_pem = authority("upstream-ca", settings.upstream_ca.as_deref())?;
    Ok(Cluster::Address {
        url,
        token_file: settings.upstream_token_file.clone(),
        ca_pem,
    })
}

/// The PEM bytes of a certificate authority's file.
fn authority(name: &'static str, file: Option<&Path>) -> Result<Option<Vec<u8>>, BadSetting> {
    let Some(file) = file else {
        return Ok(None);
    };
    match std::fs::read(file) {
        Ok(pem) if pem.starts_with(b"-----BEGIN CERTIFICATE-----") => Ok(Some(pem)),
        Ok(_) => bad(name, format!("{} is not a PEM certificate", file.display())),
        Err(error) => bad(name, format!("{} cannot be read: {error}", file.display())),
    }
}

fn sandbox_config(settings: &Settings) -> Result<flowdeck_sandbox::Config, BadSetting> {
    let mut config = flowdeck_sandbox::Config::new(settings.data.clone().unwrap_or_else(|| PathBuf::from(".sandbox")));
    config.world = world(settings)?;
    config.faults = settings.sandbox_faults == Some(true);
    if let Some(text) = &settings.sandbox_listen {
        config.listen = address("sandbox-listen", text)?;
        if !config.listen.ip().is_loopback() {
            return bad(
                "sandbox-listen",
                "the sandbox listens on this machine only: use 127.0.0.1",
            );
        }
    }
    if let Some(speed) = settings.sandbox_speed {
        if !(speed.is_finite() && speed > 0.0) {
            return bad("sandbox-speed", "must be a number above 0; 1 is life-like");
        }
        config.speed = speed;
    }
    Ok(config)
}

fn world(settings: &Settings) -> Result<flowdeck_sandbox::World, BadSetting> {
    use flowdeck_sandbox::World;
    let empty = settings.empty == Some(true);
    let sized = settings.pods.is_some() || settings.notebooks.is_some() || settings.rate.is_some();
    if [empty, sized, settings.sandbox_world.is_some()]
        .iter()
        .filter(|&&given| given)
        .count()
        > 1
    {
        return bad(
            "sandbox-world",
            "give only one of --sandbox-world, --empty and --pods/--notebooks/--rate",
        );
    }
    if empty {
        return Ok(World::Empty);
    }
    let load = |pods: Option<u32>, notebooks: Option<u32>, rate: Option<u32>| World::Load {
        pods: pods.unwrap_or(0),
        notebooks: notebooks.unwrap_or(0),
        rate_per_s: rate.unwrap_or(0),
    };
    if sized {
        return Ok(load(settings.pods, settings.notebooks, settings.rate));
    }
    let text = settings.sandbox_world.as_deref().unwrap_or("believable");
    let wrong = || {
        bad(
            "sandbox-world",
            format!("{text:?} is not believable, empty or load:pods=N,notebooks=N,rate=R"),
        )
    };
    match text {
        "believable" => return Ok(World::Believable),
        "empty" => return Ok(World::Empty),
        _ => {}
    }
    let Some(list) = text.strip_prefix("load:") else {
        return wrong();
    };
    let (mut pods, mut notebooks, mut rate) = (None, None, None);
    for pair in list.split(',') {
        let Some((name, Ok(number))) = pair.split_once('=').map(|(n, v)| (n, v.parse::<u32>())) else {
            return wrong();
        };
        match name {
            "pods" => pods = Some(number),
            "notebooks" => notebooks = Some(number),
            "rate" => rate = Some(number),
            _ => return wrong(),
        }
    }
    Ok(load(pods, notebooks, rate))
}

fn lifetimes(settings: &Settings) -> Result<Lifetimes, BadSetting> {
    let idle = duration("session-idle", settings.session_idle.as_deref(), "8h")?;
    let absolute = duration("session-max", settings.session_max.as_deref(), "24h")?;
    if idle > absolute {
        return bad("session-idle", "must not be longer than --session-max");
    }
    Ok(Lifetimes { idle, absolute })
}

fn duration(name: &'static str, text: Option<&str>, default: &str) -> Result<Duration, BadSetting> {
    let text = text.unwrap_or(default);
    let parsed = text
        .parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|d| Duration::try_from(d).ok());
    match parsed {
        Some(time) if !time.is_zero() => Ok(time),
        _ => bad(name, format!("{text:?} is not a time above 0, such as 30s, 15m or 8h")),
    }
}

fn at_least_one(name: &'static str, given: Option<usize>, default: usize) -> Result<usize, BadSetting> {
    match given {
        Some(0) => bad(name, "must be 1 or more"),
        given => Ok(given.unwrap_or(default)),
    }
}

fn cluster_name(settings: &Settings, cluster: &Cluster) -> String {
    settings.cluster_name.clone().unwrap_or_else(|| match cluster {
        Cluster::Sandbox(_) => "sandbox".to_owned(),
        Cluster::Kubeconfig {
            context: Some(context), ..
        } => context.clone(),
        _ => "cluster".to_owned(),
    })
}

fn sessions_file(settings: &Settings, cluster: &Cluster) -> Result<Option<PathBuf>, BadSetting> {
    let folder = match (&settings.state, cluster) {
        (Some(folder), _) => folder.clone(),
        (None, Cluster::Sandbox(sandbox)) => sandbox.data.join("gateway"),
        (None, _) => return Ok(None),
    };
    std::fs::create_dir_all(&folder).or_else(|e| bad("state", format!("{} cannot be made: {e}", folder.display())))?;
    Ok(Some(folder.join("sessions.json")))
}

#[cfg(test)]
mod tests;
