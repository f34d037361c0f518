//! Unpacks a status that was too large for Kubernetes: base64 of gzip (`status.compressedNodes`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::read::SIZE_LIMIT_BYTES;

/// The nodes as JSON text, or why there are none, in words.
///
/// Argo 4.1 and later may compress by zstd or brotli (`util/file/fileutil.go`): told by the first bytes, and not unpacked.
pub(super) fn nodes(text: &str) -> Result<Vec<u8>, String> {
    let unreadable = |what: &str| format!("the compressed status {what}");
    let Ok(packed) = STANDARD.decode(text.trim()) else {
        return Err(unreadable("is not base64"));
    };
    match packed.as_slice() {
        [0x1f, 0x8b, 8, ..] => {}
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return Err(unreadable("is compressed by zstd, which can't be unpacked here")),
        _ => {
            return Err(unreadable(
                "is compressed by brotli or another way that can't be unpacked here",
            ));
        }
    }
    let Some(body) = gzip_body(&packed) else {
        return Err(unreadable("is cut off"));
    };
    match miniz_oxide::inflate::decompress_to_vec_with_limit(body, SIZE_LIMIT_BYTES) {
        Ok(text) => Ok(text),
        Err(error) if error.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
            Err(unreadable("is too large when unpacked"))
        }
        Err(_) => Err(unreadable("is damaged")),
    }
}

/// What follows the header of a gzip member (RFC 1952 §2.3).
fn gzip_body(packed: &[u8]) -> Option<&[u8]> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    let flags = *packed.get(3)?;
    let mut at = 10;
    if flags & EXTRA != 0 {
        let length = u16::from_le_bytes([*packed.get(at)?, *packed.get(at + 1)?]);
        at += 2 + usize::from(length);
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            at += packed.get(at..)?.iter().position(|&byte| byte == 0)? + 1;
        }
    }
    if flags & CHECKSUM != 0 {
        at += 2;
    }
    packed.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '{"a":{}}' | gzip -n | base64`
    const PACKED: &str = "H4sIAAAAAAAAA6tWSlSyqq6tBQDPT4THCAAAAA==";

    #[test]
    fn gzip_is_unpacked_and_the_rest_is_named() {
        assert_eq!(nodes(PACKED).as_deref(), Ok(&b"{\"a\":{}}"[..]));
        assert!(nodes("KLUv/QAA").unwrap_err().contains("zstd"));
        assert!(nodes("AAAA").unwrap_err().contains("brotli"));
        assert!(nodes("*").unwrap_err().contains("base64"));
        assert!(nodes("H4sIAAAAAAAAA6tW").unwrap_err().contains("damaged"));
        assert!(nodes("H4sI").unwrap_err().contains("cut off"));
    }
}
