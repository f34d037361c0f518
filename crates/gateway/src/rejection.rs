//! Says no: every refusal of the gateway's own, with its status, its slug and its fixed words.
//!
//! A refusal is a Kubernetes `Status` object, so that the app has one reader for the cluster's
//! errors and for ours. Words are fixed: nothing that a client sent, and no name of an internal
//! host, is ever repeated in them.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::routes::{Body, full};

/// The header by which tests and operators tell our refusals from the cluster's.
pub const REJECTION_HEADER: &str = "x-flowdeck-rejection";

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Nothing lives at this path.
    NoSuchPage,
    /// The path exists, the method does not.
    Method,
    /// The request target is not a plain absolute path.
    Target,
    /// The head's lines or lengths could be read in two ways.
    Framing,
    /// The path could be read in two ways; the text says what is wrong with it.
    Path(&'static str),
    /// Under `/k8s`, but not one of the API's prefixes.
    NotAnApi,
    /// `proxy` sub-resources reach arbitrary servers inside the cluster.
    ProxySubresource,
    /// A sub-resource that only works over a WebSocket.
    UpgradeOnly,
    /// No session, or one that has ended.
    SignedOut,
    /// Name and password do not belong together.
    BadCredentials,
    /// The link was used already, is too old, or never existed.
    BadLink,
    /// The provider's answer belongs to no sign-in of this browser.
    SignInState,
    /// The provider said no, or its token does not hold.
    SignInRefused,
    /// The provider cannot be asked.
    ProviderUnreachable,
    /// A sign-in at another address than the configured one.
    Host,
    /// Too many failed sign-ins; seconds until the next one is looked at.
    SignInTooOften(u64),
    /// The account's name or group may not be impersonated.
    Identity,
    /// An identity header with two readings, or one that nobody may send.
    IdentityHeader,
    /// `/auth/check` was not told, by somebody whom it believes, what was asked for.
    Original,
    /// A write without the `X-Flowdeck: 1` header.
    CustomHeader,
    /// A write that is not JSON.
    ContentType,
    /// The browser says that another site caused this request.
    CrossSite,
    /// The `Origin` is missing or not ours.
    Origin,
    /// A WebSocket sub-protocol that carries identity or that nobody knows.
    Subprotocol,
    /// An `Upgrade` to something else than a WebSocket, or a malformed one.
    Upgrade,
    /// More header bytes or lines than allowed.
    HeadersTooLarge,
    /// A body over the limit.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body broke off or is not what the endpoint reads.
    Body,
    /// This user has too many streams open.
    TooManyStreams,
    /// This user, or the whole gateway, has too many requests in flight.
    TooManyRequests,
    /// The gateway is shutting down.
    Stopping,
    /// The cluster cannot be reached.
    UpstreamUnreachable,
    /// The cluster broke off or answered something that is not its API's.
    UpstreamBroken,
    /// The cluster took too long to begin an answer.
    UpstreamTimeout,
    /// Notebook servers are not served yet.
    NoNotebookServer,
}

impl Rejection {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        use Rejection as R;
        match self {
            R::Target
            | R::Framing
            | R::Path(_)
            | R::IdentityHeader
            | R::SignInState
            | R::Host
            | R::Upgrade
            | R::Body => StatusCode::BAD_REQUEST,
            R::SignedOut | R::BadCredentials | R::BadLink => StatusCode::UNAUTHORIZED,
            R::ProxySubresource
            | R::UpgradeOnly
            | R::Identity
            | R::Original
            | R::SignInRefused
            | R::CustomHeader
            | R::CrossSite
            | R::Origin
            | R::Subprotocol => StatusCode::FORBIDDEN,
            R::NoSuchPage | R::NotAnApi | R::NoNotebookServer => StatusCode::NOT_FOUND,
            R::Method => StatusCode::METHOD_NOT_ALLOWED,
            R::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            R::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            R::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            R::SignInTooOften(_) | R::TooManyStreams | R::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            R::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            R::UpstreamBroken => StatusCode::BAD_GATEWAY,
            R::UpstreamUnreachable | R::ProviderUnreachable | R::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            R::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// A word that stays the same when the sentence is reworded; also the label in the metrics.
    pub fn slug(self) -> &'static str {
        use Rejection as R;
        match self {
            R::NoSuchPage => "no-such-page",
            R::Method => "method",
            R::Target => "request-target",
            R::Framing => "framing",
            R::Path(_) => "ambiguous-path",
            R::NotAnApi => "not-an-api",
            R::ProxySubresource => "proxy-subresource",
            R::UpgradeOnly => "websocket-only",
            R::SignedOut => "signed-out",
            R::BadCredentials => "bad-credentials",
            R::BadLink => "bad-link",
            R::SignInState => "sign-in-state",
            R::SignInRefused => "sign-in-refused",
            R::ProviderUnreachable => "provider-unreachable",
            R::Host => "host",
            R::SignInTooOften(_) => "sign-in-too-often",
            R::Identity => "identity",
            R::IdentityHeader => "identity-header",
            R::Original => "original-request",
            R::CustomHeader => "custom-header",
            R::ContentType => "content-type",
            R::CrossSite => "cross-site",
            R::Origin => "origin",
            R::Subprotocol => "subprotocol",
            R::Upgrade => "upgrade",
            R::HeadersTooLarge => "headers-too-large",
            R::BodyTooLarge => "body-too-large",
            R::BodyTimeout => "body-timeout",
            R::Body => "body",
            R::TooManyStreams => "too-many-streams",
            R::TooManyRequests => "too-many-requests",
            R::Stopping => "stopping",
            R::UpstreamUnreachable => "upstream-unreachable",
            R::UpstreamBroken => "upstream-broken",
            R::UpstreamTimeout => "upstream-timeout",
            R::NoNotebookServer => "no-notebook-server",
        }
    }

    /// One sentence for the person in front of the screen.
    pub fn message(self) -> &'static str {
        use Rejection as R;
        match self {
            R::NoSuchPage => "There is nothing at this address.",
            R::Method => "This address does not answer this method.",
            R::Framing => {
                "The request can be read in more than one way: two lengths, or lines that do not end as HTTP's do."
            }
            R::Target => "The request must name a path on this server, without a fragment.",
            R::Path(why) => why,
            R::NotAnApi => "Only /api, /apis, /version and /openapi of the cluster can be reached here.",
            R::ProxySubresource => "The gateway does not pass requests on to the proxy of pods, services or nodes.",
            R::UpgradeOnly => "This can only be reached over a WebSocket.",
            R::SignedOut => "You are signed out. Sign in to go on.",
            R::BadCredentials => "That name and password do not match.",
            R::BadLink => "This sign-in link was used already or is too old. Ask for a new one.",
            R::SignInState => "This sign-in was not begun in this browser, was answered already, or took too long.",
            R::SignInRefused => "The identity provider did not sign you in.",
            R::ProviderUnreachable => "The identity provider cannot be reached. Try again in a moment.",
            R::Host => "People sign in at this page's own address only.",
            R::SignInTooOften(_) => "Too many failed sign-ins. Wait a moment, then try again.",
            R::Identity => "This account's name cannot be used with this cluster.",
            R::IdentityHeader => "The request names a user in a header that has two readings or that nobody may send.",
            R::Original => "Only a trusted proxy can ask here, and it must say what was asked for.",
            R::CustomHeader => "Changes must carry the header X-Flowdeck: 1.",
            R::ContentType => "Changes must be sent as JSON.",
            R::CrossSite => "This request was started by another site.",
            R::Origin => "This request comes from another origin.",
            R::Subprotocol => "This WebSocket protocol is not passed on.",
            R::Upgrade => "Only well-formed WebSocket upgrades are passed on.",
            R::HeadersTooLarge => "The request's headers are too large.",
            R::BodyTooLarge => "The request is too large.",
            R::BodyTimeout => "The request took too long to arrive.",
            R::Body => "The request's body could not be read.",
            R::TooManyStreams => "You have too many live views open. Close some tabs.",
            R::TooManyRequests => "Too many requests at once. Try again in a moment.",
            R::Stopping => "The gateway is restarting.",
            R::UpstreamUnreachable => "The cluster cannot be reached.",
            R::UpstreamBroken => "The cluster's answer could not be read.",
            R::UpstreamTimeout => "The cluster took too long to answer.",
            R::NoNotebookServer => "Notebook servers cannot be opened through this gateway yet.",
        }
    }

    /// Kubernetes' word for the status, as its clients know it.
    fn reason(self) -> &'static str {
        match self.status().as_u16() {
            400 | 431 => "BadRequest",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            405 => "MethodNotAllowed",
            408 | 504 => "Timeout",
            413 => "RequestEntityTooLarge",
            415 => "UnsupportedMediaType",
            429 => "TooManyRequests",
            502 | 503 => "ServiceUnavailable",
            _ => "InternalError",
        }
    }

    /// Seconds after which trying again makes sense.
    pub fn retry_after_secs(self) -> Option<u64> {
        match self {
            Rejection::SignInTooOften(seconds) => Some(seconds),
            Rejection::TooManyStreams | Rejection::TooManyRequests | Rejection::Stopping => Some(1),
            Rejection::UpstreamUnreachable => Some(2),
            Rejection::ProviderUnreachable => Some(5),
            _ => None,
        }
    }

    /// The Kubernetes `Status` object.
    pub fn status_json(self) -> Vec<u8> {
        let object = Status {
            kind: "Status",
            api_version: "v1",
            metadata: Empty {},
            status: "Failure",
            message: self.message(),
            reason: self.reason(),
            details: Details {
                retry_after_seconds: self.retry_after_secs(),
            },
            code: self.status().as_u16(),
        };
        serde_json::to_vec(&object).unwrap_or_default()
    }

    /// The answer on the wire.
    pub fn response(self) -> Response<Body> {
        let mut response = Response::new(full(Bytes::from(self.status_json())));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(REJECTION_HEADER, HeaderValue::from_static(self.slug()));
        if let Some(seconds) = self.retry_after_secs() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    kind: &'static str,
    api_version: &'static str,
    metadata: Empty,
    status: &'static str,
    message: &'static str,
    reason: &'static str,
    details: Details,
    code: u16,
}
