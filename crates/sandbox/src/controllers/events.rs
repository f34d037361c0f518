//! Takes events away an hour after they last happened, as the API server's lease on them does.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Event;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Api;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::Key;

/// How long an event is kept: kube-apiserver's `--event-ttl`.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let mut tick = tokio::time::interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            () = cluster.stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = Timestamp::now();
        for event in cluster.events.all() {
            if is_expired(&event, now) {
                let key = Key::of(&event.metadata);
                let events: Api<Event> = Api::namespaced(cluster.client.clone(), &key.namespace);
                if let Err(error) = api::delete(&events, &key.name, None, None, None).await {
                    tracing::debug!(?key, %error, "expired event not deleted");
                }
            }
        }
    }
}

fn is_expired(event: &Event, now: Timestamp) -> bool {
    let last = [
        event.last_timestamp.as_ref().map(|time| time.0),
        event.event_time.as_ref().map(|time| time.0),
        event
            .series
            .as_ref()
            .and_then(|series| series.last_observed_time.as_ref())
            .map(|time| time.0),
    ];
    let last = last.into_iter().flatten().max();
    let created = event.metadata.creation_timestamp.as_ref().map(|time| time.0);
    last.or(created).is_some_and(|last| now.duration_since(last) > KEPT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hour_old_event_expires_unless_it_happened_again() {
        let event = |last: &str| -> Event {
            serde_json::from_value(json!({
                "metadata": {"creationTimestamp": "2026-11-24T00:00:00Z"}, "involvedObject": {}, "lastTimestamp": last,
            }))
            .expect("an event")
        };
        let now: Timestamp = "2026-11-24T02:00:00Z".parse().expect("a time");
        assert!(is_expired(&event("2026-11-24T00:30:00Z"), now));
        assert!(!is_expired(&event("2026-11-24T01:30:00Z"), now));
    }
}
