//! Lets a gateway act as others, by the rights that `deploy/base` gives it and by no others.

use std::path::PathBuf;

use k8s_openapi::api::authentication::v1::{SelfSubjectReview, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::{DynamicObject, PostParams};

use crate::cluster::{API_SERVER, Cluster, config};
use crate::definitions;
use crate::error::{Error, Result};
use crate::tools;

/// What `deploy/base` renders to; tests/deploy holds it to that.
const RENDERED: &str = "../../deploy/golden/base.yaml";
/// What of it are the gateway's name and rights; the rest is how it runs in a pod.
const KINDS: [&str; 6] = [
    "Namespace",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
];
const NAMESPACE: &str = "flowdeck";
const ACCOUNT: &str = "flowdeck-gateway";
/// Nobody renews it, and `make cluster` may run for days.
const TOKEN_LIFE_S: i64 = 30 * 24 * 3600;
/// Anybody: whether the gateway may act as others does not depend on whom.
const SOMEBODY: &str = "somebody@example.com";

/// Grants the rights, and writes a kubeconfig file with a token of the gateway's ServiceAccount once they hold.
pub(crate) async fn gateway_kubeconfig(cluster: &Cluster) -> Result<PathBuf> {
    let client = cluster.client().await?;
    definitions::apply(&client, rights()?).await?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client, NAMESPACE);
    let wish = TokenRequest {
        spec: Some(TokenRequestSpec {
            expiration_seconds: Some(TOKEN_LIFE_S),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let granted = accounts
        .create_token_request(ACCOUNT, &PostParams::default(), &wish)
        .await
        .map_err(|why| Error::of("a token for the gateway", why))?;
    let token = granted
        .status
        .and_then(|status| status.token)
        .ok_or_else(|| Error::new("the API server gives the gateway no token"))?;
    let file = cluster.token_kubeconfig(ACCOUNT, &token)?;
    // The API server learns of new rights by a watch of its own, a moment after it stored them.
    let mut as_somebody = config(&file).await?;
    as_somebody.auth_info.impersonate = Some(SOMEBODY.to_owned());
    let somebody = kube::Client::try_from(as_somebody).map_err(|why| Error::of("an API client", why))?;
    let reviews: Api<SelfSubjectReview> = Api::all(somebody);
    cluster
        .until(API_SERVER, async || {
            let asked = SelfSubjectReview::default();
            reviews.create(&PostParams::default(), &asked).await.is_ok()
        })
        .await?;
    Ok(file)
}

fn rights() -> Result<Vec<DynamicObject>> {
    let text = tools::read_text(&tools::package().join(RENDERED))?;
    let mut objects = definitions::read(&[text])?;
    objects.retain(|object| {
        let kind = object.types.as_ref().map(|types| types.kind.as_str());
        kind.is_some_and(|kind| KINDS.contains(&kind))
    });
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_those_that_are_deployed() {
        let rights = rights().expect("rights");
        let kinds: Vec<&str> = rights
            .iter()
            .filter_map(|object| Some(object.types.as_ref()?.kind.as_str()))
            .collect();
        assert_eq!(kinds, KINDS[..4]);
    }
}
