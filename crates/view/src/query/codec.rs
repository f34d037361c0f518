//! Writes and reads the `key=value&…` part of a URL, byte for byte predictable.
//!
//! It never writes `+` for a space, so that the result means the same to `decodeURIComponent` and to form decoders.

/// Appends `text` percent-encoded: everything but RFC 3986's unreserved characters.
pub fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)] as char);
            out.push(HEX[usize::from(byte & 15)] as char);
        }
    }
}

/// Reads percent-encoded text; broken escapes stay as they are, invalid UTF-8 becomes U+FFFD, `+` is a plus.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Splits a query (with or without `?`) into decoded pairs, in order; `+` is a space, as forms write it.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let value = |text: &str| decode(&text.replace('+', " "));
    query
        .trim_start_matches('?')
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (key, text) = part.split_once('=').unwrap_or((part, ""));
            (value(key), value(text))
        })
        .collect()
}

/// Builds `path?key=value&…`, leaving out what is empty.
pub(super) struct Writer {
    url: String,
    first: bool,
}

impl Writer {
    pub(super) fn new(path: &str) -> Self {
        Self {
            url: path.to_owned(),
            first: true,
        }
    }

    pub(super) fn put(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.url.push(if self.first { '?' } else { '&' });
            self.first = false;
            self.url.push_str(key);
            self.url.push('=');
            encode(value, &mut self.url);
        }
        self
    }

    pub(super) fn done(self) -> String {
        self.url
    }
}
