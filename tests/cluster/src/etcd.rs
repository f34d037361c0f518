//! Speaks to etcd over its JSON gateway: health and compaction.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::error::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(10);

/// A client of one etcd.
pub(crate) struct Etcd {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Etcd {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            url: format!("http://127.0.0.1:{port}"),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn is_healthy(&self) -> bool {
        let nothing = json!({"key": STANDARD.encode("flowdeck-health")});
        self.call("range", &nothing).await.is_ok()
    }

    /// Forgets all history up to now, and says before which revision. A key of ours, which no API server reads, makes
    /// one more revision first: compaction keeps the one that it names, and that may be somebody's last list.
    pub(crate) async fn compact(&self) -> Result<i64> {
        let key = json!({"key": STANDARD.encode("flowdeck-compaction"), "value": ""});
        let revision = revision(&self.call("put", &key).await?)?;
        let wish = json!({"revision": revision.to_string(), "physical": true});
        self.call("compaction", &wish).await?;
        Ok(revision)
    }

    async fn call(&self, method: &str, body: &Value) -> Result<Value> {
        let failed = |why: String| Error::of(format!("etcd's {method}"), why);
        let request = http::Request::post(format!("{}/v3/kv/{method}", self.url))
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))
            .map_err(|why| failed(why.to_string()))?;
        let answered = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(|why| failed(why.to_string()))?;
            let status = answer.status();
            let bytes = answer
                .into_body()
                .collect()
                .await
                .map_err(|why| failed(why.to_string()))?
                .to_bytes();
            if status.is_success() {
                serde_json::from_slice(&bytes).map_err(|why| failed(why.to_string()))
            } else {
                Err(failed(format!("{status} {}", String::from_utf8_lossy(&bytes))))
            }
        };
        match tokio::time::timeout(TIMEOUT, answered).await {
            Ok(result) => result,
            Err(_elapsed) => Err(failed("no answer in 10 s".to_owned())),
        }
    }
}

fn revision(said: &Value) -> Result<i64> {
    said["header"]["revision"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::new(format!("etcd told no revision: {said}")))
}
