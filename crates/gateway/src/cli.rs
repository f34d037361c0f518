//! Names every setting once: as a flag, as `FLOWDECK_…` in the environment, as a key of the TOML file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Deserialize;

use crate::{
    log::Format,
    sign_in::check::{IdentityHeaders, Original},
};

/// Signs people in and forwards their requests to a Kubernetes API as them.
///
/// To try Flowdeck, no cluster needed:
///
///   flowdeck-gateway --sandbox --app dist
///
/// In front of a cluster:
///
///   flowdeck-gateway user add alice@example.com --users users.toml
///   flowdeck-gateway --kubeconfig ~/.kube/config --users users.toml --app dist
///
/// Where an OpenID provider knows the people (register PUBLIC-URL/auth/oidc/callback there):
///
///   flowdeck-gateway --in-cluster --listen 0.0.0.0:8080 --public-url https://deck.example.com \
///     --oidc-issuer https://id.example.com --oidc-client-id flowdeck --oidc-client-secret-file secret
///
/// Each setting can also be an environment variable (--listen is FLOWDECK_LISTEN) or a line of the file
/// given with --config (listen = "…"). A flag wins over the environment, the environment over the file.
#[derive(Debug, Parser)]
#[command(
    name = "flowdeck-gateway",
    version,
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A TOML file with settings, named as the flags without their dashes
    #[arg(long, env = "FLOWDECK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How to serve.
    #[command(flatten)]
    pub settings: Settings,
}

/// What else the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add, change, remove and list the local users of a file
    #[command(subcommand)]
    User(UserCommand),
}

/// Changes to a users file.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; the password is read from the terminal or from stdin
    Add {
        /// The name by which the cluster's RBAC knows them, mostly an e-mail address
        name: String,
        /// A group they are in; can be repeated
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
        /// Which file.
        #[command(flatten)]
        file: UsersFile,
    },
    /// Remove a user; their sessions end within seconds
    Remove {
        /// Who
        name: String,
        /// Which file.
        #[command(flatten)]
        file: UsersFile,
    },
    /// Set a new password; the user's sessions end within seconds
    Password {
        /// Who
        name: String,
        /// Which file.
        #[command(flatten)]
        file: UsersFile,
    },
    /// List names and groups
    List {
        /// Which file.
        #[command(flatten)]
        file: UsersFile,
    },
}

/// The file of local users.
#[derive(Debug, Args)]
pub struct UsersFile {
    /// The file of local users
    #[arg(long, env = "FLOWDECK_USERS", value_name = "FILE")]
    pub users: PathBuf,
}

/// All settings as somebody gave them; none has a default yet.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Where the page is served [default: 127.0.0.1:8080]
    #[arg(long, env = "FLOWDECK_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// The folder with the built app [default: dist]
    #[arg(long, env = "FLOWDECK_APP", value_name = "DIR")]
    pub app: Option<PathBuf>,
    /// The address that people type, if not the one that is listened on: https://deck.example.com
    #[arg(long, env = "FLOWDECK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// What the cluster is called on the screen
    #[arg(long, env = "FLOWDECK_CLUSTER_NAME", value_name = "NAME")]
    pub cluster_name: Option<String>,
    /// A folder for sessions, so that a restart signs nobody out
    #[arg(long, env = "FLOWDECK_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// The cluster of a kubeconfig file; its user must be allowed to impersonate
    #[arg(long, env = "FLOWDECK_KUBECONFIG", value_name = "FILE", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// Which context of the kubeconfig [default: the current one]
    #[arg(long, env = "FLOWDECK_CONTEXT", value_name = "NAME", help_heading = "Cluster")]
    pub context: Option<String>,
    /// The cluster that this pod runs in, with the pod's service account
    #[arg(long, env = "FLOWDECK_IN_CLUSTER", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Cluster")]
    pub in_cluster: Option<bool>,
    /// The address of a Kubernetes API
    #[arg(long, env = "FLOWDECK_UPSTREAM", value_name = "URL", help_heading = "Cluster")]
    pub upstream: Option<String>,
    /// A file with the bearer token for --upstream; read again when it is renewed
    #[arg(
        long,
        env = "FLOWDECK_UPSTREAM_TOKEN_FILE",
        value_name = "FILE",
        help_heading = "Cluster"
    )]
    pub upstream_token_file: Option<PathBuf>,
    /// A file with the certificate authority (PEM) of --upstream
    #[arg(long, env = "FLOWDECK_UPSTREAM_CA", value_name = "FILE", help_heading = "Cluster")]
    pub upstream_ca: Option<PathBuf>,
    /// How long the cluster may take to begin an answer [default: 60s]
    #[arg(
        long,
        env = "FLOWDECK_UPSTREAM_TIMEOUT",
        value_name = "TIME",
        help_heading = "Cluster"
    )]
    pub upstream_timeout: Option<String>,

    /// The file of local users; make it with `flowdeck-gateway user add`
    #[arg(long, env = "FLOWDECK_USERS", value_name = "FILE", help_heading = "Signing in")]
    pub users: Option<PathBuf>,
    /// Print a link at start that signs this user in, once; can be repeated
    #[arg(
        long,
        env = "FLOWDECK_SIGN_IN_LINK",
        value_name = "USER",
        value_delimiter = ',',
        help_heading = "Signing in"
    )]
    pub sign_in_link: Vec<String>,
    /// A session ends after this time without a request [default: 8h]
    #[arg(
        long,
        env = "FLOWDECK_SESSION_IDLE",
        value_name = "TIME",
        help_heading = "Signing in"
    )]
    pub session_idle: Option<String>,
    /// A session ends at this age at the latest [default: 24h]
    #[arg(long, env = "FLOWDECK_SESSION_MAX", value_name = "TIME", help_heading = "Signing in")]
    pub session_max: Option<String>,

    /// Let people sign in at an OpenID provider: its issuer, https://id.example.com
    #[arg(
        long,
        env = "FLOWDECK_OIDC_ISSUER",
        value_name = "URL",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_issuer: Option<String>,
    /// The name that the provider knows this gateway by
    #[arg(
        long,
        env = "FLOWDECK_OIDC_CLIENT_ID",
        value_name = "ID",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_client_id: Option<String>,
    /// A file with the secret that belongs to it; without one the gateway is a public client
    #[arg(
        long,
        env = "FLOWDECK_OIDC_CLIENT_SECRET_FILE",
        value_name = "FILE",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What the button calls the provider [default: single sign-on]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_NAME",
        value_name = "TEXT",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_name: Option<String>,
    /// What the provider is asked for; can be repeated [default: openid,email,profile]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_SCOPE",
        value_name = "SCOPE",
        value_delimiter = ',',
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_scope: Vec<String>,
    /// The claim with the user's name [default: email]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_USER_CLAIM",
        value_name = "CLAIM",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_user_claim: Option<String>,
    /// The claim with the user's groups [default: groups]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_GROUPS_CLAIM",
        value_name = "CLAIM",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_groups_claim: Option<String>,
    /// What is put before the user's name [default: nothing]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_USER_PREFIX",
        value_name = "TEXT",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_user_prefix: Option<String>,
    /// What is put before each group [default: nothing]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_GROUPS_PREFIX",
        value_name = "TEXT",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_groups_prefix: Option<String>,
    /// A file with the certificate authority (PEM) of the provider [default: the system's]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_CA",
        value_name = "FILE",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_ca: Option<PathBuf>,
    /// How far the provider's clock may be off [default: 30s]
    #[arg(
        long,
        env = "FLOWDECK_OIDC_LEEWAY",
        value_name = "TIME",
        help_heading = "Signing in with OpenID Connect"
    )]
    pub oidc_leeway: Option<String>,

    /// A proxy that may name the user in headers: its address or network; can be repeated
    #[arg(
        long,
        env = "FLOWDECK_TRUSTED_HEADER_PEER",
        value_name = "CIDR",
        value_delimiter = ',',
        help_heading = "Signing in at a proxy"
    )]
    pub trusted_header_peer: Vec<String>,
    /// The header with the user's name [default: kubeflow-userid]
    #[arg(
        long,
        env = "FLOWDECK_TRUSTED_HEADER_USER",
        value_name = "HEADER",
        help_heading = "Signing in at a proxy"
    )]
    pub trusted_header_user: Option<String>,
    /// The header with the user's groups, separated by commas [default: kubeflow-groups]
    #[arg(
        long,
        env = "FLOWDECK_TRUSTED_HEADER_GROUPS",
        value_name = "HEADER",
        help_heading = "Signing in at a proxy"
    )]
    pub trusted_header_groups: Option<String>,
    /// A file with the secret that the proxy sends as X-Flowdeck-Secret; read again when it is renewed
    #[arg(
        long,
        env = "FLOWDECK_TRUSTED_HEADER_SECRET_FILE",
        value_name = "FILE",
        help_heading = "Signing in at a proxy"
    )]
    pub trusted_header_secret_file: Option<PathBuf>,
    /// A user or group of the cluster's own (system:…) that may sign in all the same; can be repeated
    #[arg(
        long,
        env = "FLOWDECK_ALLOW_SYSTEM_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = "Signing in at a proxy"
    )]
    pub allow_system_name: Vec<String>,
    /// How a gateway in front tells /auth/check what was asked for [default: path]
    #[arg(
        long,
        env = "FLOWDECK_CHECK_ORIGINAL",
        value_enum,
        value_name = "WAY",
        help_heading = "Signing in at a proxy"
    )]
    pub check_original: Option<Original>,
    /// Which identity headers /auth/check answers with; can be repeated [default: kubeflow]
    #[arg(
        long,
        env = "FLOWDECK_CHECK_HEADERS",
        value_enum,
        value_name = "FAMILY",
        value_delimiter = ',',
        help_heading = "Signing in at a proxy"
    )]
    pub check_headers: Vec<IdentityHeaders>,

    /// A file with the certificate (PEM) for https; with its chain, the own one first; read again when it is renewed
    #[arg(long, env = "FLOWDECK_TLS_CERT", value_name = "FILE", help_heading = "TLS")]
    pub tls_cert: Option<PathBuf>,
    /// A file with the certificate's private key (PEM)
    #[arg(long, env = "FLOWDECK_TLS_KEY", value_name = "FILE", help_heading = "TLS")]
    pub tls_key: Option<PathBuf>,
    /// A file with the authority (PEM) whose certificates make a --trusted-header-peer believed; read again when it is
    /// renewed
    #[arg(long, env = "FLOWDECK_TLS_CLIENT_CA", value_name = "FILE", help_heading = "TLS")]
    pub tls_client_ca: Option<PathBuf>,

    /// Streams (watches, followed logs, WebSockets) of one user at once [default: 64]
    #[arg(
        long,
        env = "FLOWDECK_MAX_STREAMS_PER_USER",
        value_name = "N",
        help_heading = "Limits"
    )]
    pub max_streams_per_user: Option<usize>,
    /// Other requests of one user at once [default: 256]
    #[arg(
        long,
        env = "FLOWDECK_MAX_REQUESTS_PER_USER",
        value_name = "N",
        help_heading = "Limits"
    )]
    pub max_requests_per_user: Option<usize>,
    /// Requests and streams of everybody at once [default: 8192]
    #[arg(long, env = "FLOWDECK_MAX_IN_FLIGHT", value_name = "N", help_heading = "Limits")]
    pub max_in_flight: Option<usize>,
    /// Open connections; the next ones wait [default: 16384]
    #[arg(long, env = "FLOWDECK_MAX_CONNECTIONS", value_name = "N", help_heading = "Limits")]
    pub max_connections: Option<usize>,
    /// Bytes of a request's body [default: 3145728]
    #[arg(long, env = "FLOWDECK_MAX_BODY_BYTES", value_name = "BYTES", help_heading = "Limits")]
    pub max_body_bytes: Option<usize>,
    /// How long a request's headers may take [default: 10s]
    #[arg(long, env = "FLOWDECK_HEADER_TIMEOUT", value_name = "TIME", help_heading = "Limits")]
    pub header_timeout: Option<String>,
    /// How long a request's body may take [default: 30s]
    #[arg(long, env = "FLOWDECK_BODY_TIMEOUT", value_name = "TIME", help_heading = "Limits")]
    pub body_timeout: Option<String>,
    /// A proxy in front (address or network), whose X-Forwarded-For is believed in logs and sign-in limits, and whose
    /// word about the original request at /auth/check; can be repeated
    #[arg(
        long,
        env = "FLOWDECK_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        help_heading = "Limits"
    )]
    pub trusted_proxy: Vec<String>,

    /// Where Prometheus finds /metrics; keep it away from the public [default: nowhere]
    #[arg(
        long,
        env = "FLOWDECK_METRICS_LISTEN",
        value_name = "ADDRESS:PORT",
        help_heading = "Operating"
    )]
    pub metrics_listen: Option<String>,
    /// How log lines (on stderr) look: human on a terminal, else json; FLOWDECK_LOG says which are written, such as
    /// debug or warn,flowdeck_gateway=info [default: auto]
    #[arg(
        long,
        env = "FLOWDECK_LOG_FORMAT",
        value_enum,
        value_name = "FORMAT",
        help_heading = "Operating"
    )]
    pub log_format: Option<Format>,

    /// Start a Kubeflow inside this process, to try things without a cluster
    #[arg(long, env = "FLOWDECK_SANDBOX", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Sandbox")]
    pub sandbox: Option<bool>,
    /// The sandbox's folder [default: .sandbox]
    #[arg(long, env = "FLOWDECK_DATA", value_name = "DIR", help_heading = "Sandbox")]
    pub data: Option<PathBuf>,
    /// What a new sandbox is filled with: believable, empty or load:pods=N,notebooks=N,rate=R [default: believable]
    #[arg(long, env = "FLOWDECK_SANDBOX_WORLD", value_name = "WORLD", help_heading = "Sandbox")]
    pub sandbox_world: Option<String>,
    /// The same as --sandbox-world empty
    #[arg(long, env = "FLOWDECK_EMPTY", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Sandbox")]
    pub empty: Option<bool>,
    /// A large world with this many pods
    #[arg(long, env = "FLOWDECK_PODS", value_name = "N", help_heading = "Sandbox")]
    pub pods: Option<u32>,
    /// A large world with this many notebooks
    #[arg(long, env = "FLOWDECK_NOTEBOOKS", value_name = "N", help_heading = "Sandbox")]
    pub notebooks: Option<u32>,
    /// Changes a second in a large world
    #[arg(long, env = "FLOWDECK_RATE", value_name = "N", help_heading = "Sandbox")]
    pub rate: Option<u32>,
    /// Where the sandbox's Kubernetes API listens [default: any free port of 127.0.0.1]
    #[arg(
        long,
        env = "FLOWDECK_SANDBOX_LISTEN",
        value_name = "ADDRESS:PORT",
        help_heading = "Sandbox"
    )]
    pub sandbox_listen: Option<String>,
    /// How much faster than life the sandbox's pods start [default: 1]
    #[arg(
        long,
        env = "FLOWDECK_SANDBOX_SPEED",
        value_name = "FACTOR",
        help_heading = "Sandbox"
    )]
    pub sandbox_speed: Option<f64>,
    /// Let tests break answers by POST /sandbox/faults on the sandbox's own address
    #[arg(long, env = "FLOWDECK_SANDBOX_FAULTS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Sandbox")]
    pub sandbox_faults: Option<bool>,
}

impl Settings {
    /// These settings, and those of `file` where these say nothing.
    #[must_use]
    pub fn or(self, file: Settings) -> Settings {
        fn list<T>(own: Vec<T>, other: Vec<T>) -> Vec<T> {
            if own.is_empty() { other } else { own }
        }
        Settings {
            listen: self.listen.or(file.listen),
            app: self.app.or(file.app),
            public_url: self.public_url.or(file.public_url),
            cluster_name: self.cluster_name.or(file.cluster_name),
            state: self.state.or(file.state),
            kubeconfig: self.kubeconfig.or(file.kubeconfig),
            context: self.context.or(file.context),
            in_cluster: self.in_cluster.or(file.in_cluster),
            upstream: self.upstream.or(file.upstream),
            upstream_token_file: self.upstream_token_file.or(file.upstream_token_file),
            upstream_ca: self.upstream_ca.or(file.upstream_ca),
            upstream_timeout: self.upstream_timeout.or(file.upstream_timeout),
            users: self.users.or(file.users),
            sign_in_link: list(self.sign_in_link, file.sign_in_link),
            session_idle: self.session_idle.or(file.session_idle),
            session_max: self.session_max.or(file.session_max),
            oidc_issuer: self.oidc_issuer.or(file.oidc_issuer),
            oidc_client_id: self.oidc_client_id.or(file.oidc_client_id),
            oidc_client_secret_file: self.oidc_client_secret_file.or(file.oidc_client_secret_file),
            oidc_name: self.oidc_name.or(file.oidc_name),
            oidc_scope: list(self.oidc_scope, file.oidc_scope),
            oidc_user_claim: self.oidc_user_claim.or(file.oidc_user_claim),
            oidc_groups_claim: self.oidc_groups_claim.or(file.oidc_groups_claim),
            oidc_user_prefix: self.oidc_user_prefix.or(file.oidc_user_prefix),
            oidc_groups_prefix: self.oidc_groups_prefix.or(file.oidc_groups_prefix),
            oidc_ca: self.oidc_ca.or(file.oidc_ca),
            oidc_leeway: self.oidc_leeway.or(file.oidc_leeway),
            trusted_header_peer: list(self.trusted_header_peer, file.trusted_header_peer),
            trusted_header_user: self.trusted_header_user.or(file.trusted_header_user),
            trusted_header_groups: self.trusted_header_groups.or(file.trusted_header_groups),
            trusted_header_secret_file: self.trusted_header_secret_file.or(file.trusted_header_secret_file),
            allow_system_name: list(self.allow_system_name, file.allow_system_name),
            check_original: self.check_original.or(file.check_original),
            check_headers: list(self.check_headers, file.check_headers),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            tls_client_ca: self.tls_client_ca.or(file.tls_client_ca),
            max_streams_per_user: self.max_streams_per_user.or(file.max_streams_per_user),
            max_requests_per_user: self.max_requests_per_user.or(file.max_requests_per_user),
            max_in_flight: self.max_in_flight.or(file.max_in_flight),
            max_connections: self.max_connections.or(file.max_connections),
            max_body_bytes: self.max_body_bytes.or(file.max_body_bytes),
            header_timeout: self.header_timeout.or(file.header_timeout),
            body_timeout: self.body_timeout.or(file.body_timeout),
            trusted_proxy: list(self.trusted_proxy, file.trusted_proxy),
            metrics_listen: self.metrics_listen.or(file.metrics_listen),
            log_format: self.log_format.or(file.log_format),
            sandbox: self.sandbox.or(file.sandbox),
            data: self.data.or(file.data),
            sandbox_world: self.sandbox_world.or(file.sandbox_world),
            empty: self.empty.or(file.empty),
            pods: self.pods.or(file.pods),
            notebooks: self.notebooks.or(file.notebooks),
            rate: self.rate.or(file.rate),
            sandbox_listen: self.sandbox_listen.or(file.sandbox_listen),
            sandbox_speed: self.sandbox_speed.or(file.sandbox_speed),
            sandbox_faults: self.sandbox_faults.or(file.sandbox_faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn flags_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_an_environment_variable() {
        for flag in Cli::command()
            .get_arguments()
            .filter(|a| !matches!(a.get_id().as_str(), "help" | "version"))
        {
            let name = flag.get_long().unwrap_or_default().to_uppercase().replace('-', "_");
            assert_eq!(
                flag.get_env().and_then(|e| e.to_str()),
                Some(format!("FLOWDECK_{name}").as_str())
            );
        }
    }

    #[test]
    fn flag_wins_over_file() {
        let file: Settings = toml::from_str("listen = '0.0.0.0:80'\napp = 'site'\nsign-in-link = ['bob']").unwrap();
        let flags = Cli::parse_from(["x", "--listen", "127.0.0.1:1", "--sandbox"]).settings;
        let both = flags.or(file);
        assert_eq!(both.listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(both.app, Some(PathBuf::from("site")));
        assert_eq!(both.sign_in_link, ["bob"]);
        assert_eq!(both.sandbox, Some(true));
    }
}
