//! Hashes and checks passwords with argon2id.

use std::sync::OnceLock;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// Shorter passwords are not accepted for new users.
pub const MIN_PASSWORD_CHARS: usize = 10;

/// A new salted hash in PHC form (`$argon2id$…`).
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether the text is an argon2id hash.
pub fn is_hash(text: &str) -> bool {
    text.starts_with("$argon2id$") && argon2::PasswordHash::new(text).is_ok()
}

/// Whether the password belongs to the hash; without a hash, takes as long and says no.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody = || {
        NOBODY
            .get_or_init(|| self::hash("nobody has this password").unwrap_or_default())
            .as_str()
    };
    let matches = Argon2::default()
        .verify_password(password.as_bytes(), hash.unwrap_or_else(nobody))
        .is_ok();
    matches && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_password_passes_and_wrong_or_unknown_does_not() {
        let stored = hash("correct horse").unwrap();
        assert!(is_hash(&stored));
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("correct horse ", Some(&stored)));
        assert!(!verify("nobody has this password", None));
        assert!(!is_hash("correct horse"));
    }
}
