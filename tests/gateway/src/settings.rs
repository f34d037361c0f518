//! Puts the addresses of one run into the deployed settings.

use std::net::SocketAddr;

/// Replaces each text by another; every one must be there exactly once.
pub(crate) fn fill(settings: &str, changes: &[(&str, String)]) -> Result<String, String> {
    let mut filled = settings.to_owned();
    for (from, to) in changes {
        let count = filled.matches(from).count();
        if count != 1 {
            return Err(format!("envoy.yaml has {from:?} {count} times, not once"));
        }
        filled = filled.replacen(from, to, 1);
    }
    Ok(filled)
}

/// An address as envoy.yaml writes it.
pub(crate) fn written(address: SocketAddr) -> String {
    format!("{{address: {}, port_value: {}}}", address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_there_twice_is_an_error() {
        let to = || vec![("b", "x".to_owned())];
        assert_eq!(fill("abc", &to()).unwrap(), "axc");
        assert!(fill("ac", &to()).is_err());
        assert!(fill("abcb", &to()).is_err());
    }

    #[test]
    fn addresses_are_written_as_in_the_file() {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(written(address), "{address: 127.0.0.1, port_value: 80}");
    }
}
