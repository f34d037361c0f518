//! Shortens an image reference to what tells images apart.

/// Name and tag without registry and path: `ghcr.io/a/jupyter-scipy:v1.11` is `jupyter-scipy:v1.11`.
///
/// A short reference stays whole (`acme/llm:lates`), and of a digest only the first characters stay.
pub fn short_image(image: &str) -> String {
    let (reference, digest) = image.split_once('@').map_or((image, None), |(r, d)| (r, Some(d)));
    let path: Vec<&str> = reference.split('/').collect();
    let has_registry = path.len() > 1 && path[0].contains(['.', ':']) || path[0] == "localhost";
    let name = if has_registry || path.len() > 2 {
        path[path.len() - 1]
    } else {
        reference
    };
    match digest {
        Some(digest) => {
            let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
            let head: String = hex.chars().take(7).collect();
            [name, "@", &head].concat()
        }
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_give_name_and_tag() {
        let check = |image: &str, expect: &str| assert_eq!(short_image(image), expect, "{image}");
        check(
            "ghcr.io/kubeflow/kubeflow/notebook-servers/jupyter-scipy:v1.11",
            "jupyter-scipy:v1.11",
        );
        check("acme/llm:lates", "acme/llm:lates");
        check("localhost:5000/nb", "nb");
        check("nb", "nb");
        check("quay.io/a/b@sha256:0123456789", "b@0123456");
        check("", "");
    }
}
