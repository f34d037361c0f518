//! Judges names of notebooks and volumes as one types them.
//!
//! A notebook's name becomes a Service, a StatefulSet and a container. The Service needs a DNS-1035 label; the
//! StatefulSet controller writes `<name>-<10 characters of revision>` into a label, which may have 63 characters, so
//! that a longer name than 52 never gets a pod. Source: Kubernetes API validation `ValidateServiceName`,
//! kubernetes#64023.

/// Longest name of a notebook.
pub(super) const LONGEST: usize = 52;

/// What is wrong with a notebook's name; `None` when nothing is.
pub fn name_problem(name: &str) -> Option<String> {
    let first = name.chars().next();
    if name.is_empty() {
        return Some("Give the notebook a name".to_owned());
    }
    if let Some(problem) = wrong_character(name) {
        return Some(problem);
    }
    if first.is_some_and(|c| !c.is_ascii_lowercase()) {
        return Some("Start with a letter".to_owned());
    }
    if name.ends_with('-') {
        return Some("End with a letter or a digit".to_owned());
    }
    if name.len() > LONGEST {
        let over = name.len() - LONGEST;
        return Some(["Too long by ", &over.to_string(), ": at most 52 characters"].concat());
    }
    None
}

/// What is wrong with a volume's name (a DNS-1123 subdomain).
pub(super) fn claim_name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("Give the volume a name".to_owned());
    }
    if let Some(problem) = wrong_character(&name.replace('.', "")) {
        return Some(problem);
    }
    let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    if !name.split('.').all(is_label) {
        return Some("Start and end with a letter or a digit".to_owned());
    }
    (name.len() > 253).then(|| "Too long: at most 253 characters".to_owned())
}

fn wrong_character(name: &str) -> Option<String> {
    let wrong = name
        .chars()
        .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'))?;
    Some(match wrong {
        c if c.is_whitespace() => "No spaces: use - instead".to_owned(),
        'A'..='Z' => "Lower case only".to_owned(),
        '_' | '.' => ["Use - instead of ", &wrong.to_string()].concat(),
        c => ["Only a to z, 0 to 9 and -: not ", &c.to_string()].concat(),
    })
}

/// A name like `wanted` that is not taken: `wanted`, `wanted-2`, `wanted-3` …
pub fn free_name(wanted: &str, is_taken: &dyn Fn(&str) -> bool) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2_u32;
    while is_taken(&name) {
        let end = ["-", &number.to_string()].concat();
        let keep = wanted.len().min(LONGEST - end.len());
        name = [wanted[..keep].trim_end_matches('-'), &end].concat();
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrong_names_say_what_to_do() {
        let check = |name: &str, expect: &str| assert_eq!(name_problem(name).unwrap(), expect, "{name}");
        check("", "Give the notebook a name");
        check("My", "Lower case only");
        check("my nb", "No spaces: use - instead");
        check("my_nb", "Use - instead of _");
        check("naïve", "Only a to z, 0 to 9 and -: not ï");
        check("1st", "Start with a letter");
        check("-a", "Start with a letter");
        check("a-", "End with a letter or a digit");
        check(&"a".repeat(60), "Too long by 8: at most 52 characters");
        assert_eq!(name_problem("bert-finetune-2"), None);
        assert_eq!(name_problem(&"a".repeat(52)), None);
    }

    #[test]
    fn taken_name_gives_the_next_free_one() {
        assert_eq!(free_name("nb", &|name| ["nb", "nb-2"].contains(&name)), "nb-3");
        let long = "a".repeat(52);
        let next = free_name(&long, &|name| name == long);
        assert_eq!((next.len(), name_problem(&next)), (52, None));
    }

    proptest! {
        #[test]
        fn good_names_are_dns_labels(name in "[a-z0-9A-Z._ -]{0,60}") {
            if name_problem(&name).is_none() {
                prop_assert!(name.len() <= 52 && name.starts_with(|c: char| c.is_ascii_lowercase()));
                prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
                prop_assert!(!name.ends_with('-'));
                prop_assert!(claim_name_problem(&name).is_none());
            }
        }
    }
}
