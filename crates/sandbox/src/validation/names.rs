//! Checks names, labels and the like, in the API server's words.
//!
//! Source: k8s.io/apimachinery pkg/util/validation/validation.go (v0.36).

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/// What is wrong with a DNS-1123 label.
pub(crate) fn label(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 bytes".to_owned());
    }
    (!is_label(text)).then(|| {
        format!(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
             alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
        )
    })
}

/// What is wrong with a DNS-1123 subdomain.
pub(crate) fn subdomain(text: &str) -> Option<String> {
    if text.len() > 253 {
        return Some("must be no more than 253 bytes".to_owned());
    }
    (!text.split('.').all(is_label)).then(|| {
        format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end \
             with an alphanumeric character (e.g. 'example.com', regex used for validation is '{LABEL}(\\.{LABEL})*')"
        )
    })
}

/// What is wrong with a path segment: the names of RBAC objects.
pub(crate) fn path_segment(text: &str) -> Option<String> {
    if matches!(text, "." | "..") {
        return Some(format!("may not be '{text}'"));
    }
    ["/", "%"]
        .iter()
        .find(|bad| text.contains(**bad))
        .map(|bad| format!("may not contain '{bad}'"))
}

/// What is wrong with a label key or annotation key.
pub(crate) fn qualified(text: &str) -> Option<String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            return Some("prefix part must be non-empty".to_owned());
        }
        if let Some(why) = subdomain(prefix) {
            return Some(format!("prefix part {why}"));
        }
    }
    if name.is_empty() {
        return Some("name part must be non-empty".to_owned());
    }
    if name.len() > 63 {
        return Some("name part must be no more than 63 bytes".to_owned());
    }
    (!is_word(name)).then(|| {
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
         (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
            .to_owned()
    })
}

/// What is wrong with a label's value.
pub(crate) fn label_value(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 bytes".to_owned());
    }
    (!text.is_empty() && !is_word(text)).then(|| {
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
         alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
         '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            .to_owned()
    })
}

/// What is wrong with the name of an environment variable.
pub(crate) fn variable(text: &str) -> Option<String> {
    let fine = !text.is_empty() && text.chars().all(|c| (' '..='~').contains(&c) && c != '=');
    (!fine).then(|| {
        "a valid environment variable name must consist only of printable ASCII characters other than '=' (e.g. 'my.env-name', or \
         'MY_ENV.NAME', or 'MyEnvName1', regex used for validation is '[ -<>-~]+')"
            .to_owned()
    })
}

fn is_label(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= 253
        && ends(text.chars().next())
        && ends(text.chars().last())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_word(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    ends(text.chars().next())
        && ends(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        for good in ["a", "my-name", "123-abc"] {
            assert_eq!(label(good), None, "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a_b", "a.b"] {
            assert!(label(bad).is_some(), "{bad}");
        }
        assert_eq!(subdomain("a.b-c.d"), None);
        assert!(subdomain("a..b").is_some());
        assert_eq!(qualified("example.com/My_Key.1"), None);
        assert!(qualified("/x").is_some());
        assert!(label_value("a b").is_some());
        assert_eq!(label_value(""), None);
    }
}
