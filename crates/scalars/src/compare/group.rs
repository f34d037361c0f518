//! Puts runs into groups, by whatever a function says of them.

/// The groups in the order in which they are first seen, each with the indices of its members.
///
/// The key is a function that comes in: what a pattern captures in the run's name (the page has the browser's RegExp,
/// native code another), a hyperparameter, an experiment. Members without a key are in no group.
pub fn group_by<T, K: PartialEq>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> Option<K>,
) -> Vec<(K, Vec<usize>)> {
    let mut groups: Vec<(K, Vec<usize>)> = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        let Some(key) = key(&item) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(at),
            None => groups.push((key, vec![at])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_grouped_by_what_is_captured() {
        let runs = ["lr0.1/seed1", "lr0.2/seed1", "lr0.1/seed2", "other"];
        let groups = group_by(runs, |run| {
            run.strip_prefix("lr").and_then(|rest| rest.split('/').next())
        });
        assert_eq!(groups, [("0.1", vec![0, 2]), ("0.2", vec![1])]);
    }
}
