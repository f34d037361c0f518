//! Fills a new sandbox, or any cluster, with a world to look at.
//!
//! Creates only what is not there, so it can be run again. Ages: the header `X-Sandbox-Creation-Timestamp`
//! asks the sandbox to backdate an object; a real API server ignores it and everything is young.

mod create;
mod load;
mod roles;
mod world;

use k8s_openapi::jiff::Timestamp;
use serde_json::json;

use create::Creator;

pub use load::load;

/// Three users, four namespaces with Profiles, a dozen notebooks in every state.
///
/// # Errors
/// When the API refuses an object for another reason than that it is already there.
pub async fn believable(client: kube::Client) -> Result<(), kube::Error> {
    let creator = Creator::new(client);
    base(&creator).await?;
    let now = Timestamp::now();
    for team in world::TEAMS {
        team_namespace(&creator, team).await?;
        for volume in team.volumes {
            let claim = world::claim(volume);
            creator
                .ensure("v1", "PersistentVolumeClaim", Some(team.name), claim, volume.age)
                .await?;
        }
        for notebook in team.notebooks {
            let claim = world::claim(&notebook.workspace());
            creator
                .ensure("v1", "PersistentVolumeClaim", Some(team.name), claim, notebook.age)
                .await?;
            let object = world::notebook(notebook, team, now);
            creator
                .ensure("kubeflow.org/v1", "Notebook", Some(team.name), object, notebook.age)
                .await?;
            if notebook.state == world::State::Deleting {
                creator.delete_notebook(team.name, notebook.name).await?;
            }
        }
    }
    Ok(())
}

/// What every world has: nodes, storage classes, roles and who has them.
async fn base(creator: &Creator) -> Result<(), kube::Error> {
    for node in world::NODES {
        creator
            .ensure("v1", "Node", None, world::node(node), world::days(120))
            .await?;
        creator
            .node_status(node.name, &json!({"status": world::capacity(node)}))
            .await?;
    }
    for (kind, object) in roles::cluster_wide() {
        let version = if kind == "StorageClass" {
            "storage.k8s.io/v1"
        } else {
            "rbac.authorization.k8s.io/v1"
        };
        creator.ensure(version, kind, None, object, world::days(120)).await?;
    }
    Ok(())
}

/// A Profile, and at once the namespace and quota that its controller would make: notebooks come next.
async fn team_namespace(creator: &Creator, team: &world::Team) -> Result<(), kube::Error> {
    let profile = creator
        .ensure(
            "kubeflow.org/v1",
            "Profile",
            None,
            world::profile(team),
            world::days(100),
        )
        .await?;
    let namespace = crate::controllers::profile_namespace(&profile);
    creator
        .ensure("v1", "Namespace", None, namespace, world::days(100))
        .await?;
    if let Some(quota) = crate::controllers::profile_quota(&profile) {
        creator
            .ensure("v1", "ResourceQuota", Some(team.name), quota, world::days(100))
            .await?;
    }
    for binding in roles::contributors(team) {
        creator
            .ensure(
                "rbac.authorization.k8s.io/v1",
                "RoleBinding",
                Some(team.name),
                binding,
                world::days(60),
            )
            .await?;
    }
    Ok(())
}
