//! Decides how a text is written in YAML: plain, as a block, or in double quotes.
//!
//! Plain only where YAML 1.1 and 1.2 both read it back as the same text. Source: YAML 1.2.2 §7.3.3, §8.1.2; the
//! words of YAML 1.1 types bool, null, int, float, timestamp, merge.

/// Words that some reader takes for something else than text.
const WORDS: [&str; 12] = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", "<<", "=",
];

/// Whether the text can stand as it is, as a value or a key.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let starts_well = !b"-?:,[]{}#&*!|>'\"%@` .+\t".contains(first);
    let ends_well = !b": \t".contains(last);
    starts_well
        && ends_well
        && text.chars().all(|c| !must_escape(c) && c != '\n' && c != '\t')
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
        && !is_like_a_number(text)
}

/// Digits first and nothing that a number, a time or base 60 could not hold.
fn is_like_a_number(text: &str) -> bool {
    let digits = text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let date = text.len() >= 8 && text.as_bytes().get(4) == Some(&b'-');
    digits
        && (date
            || text
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || b"xob_.:+-EeT ".contains(&b)))
}

/// Whether the text reads well and safely as a literal block.
pub(super) fn is_block(text: &str) -> bool {
    let first = text.chars().next();
    text.trim_end_matches('\n').contains('\n')
        && first.is_some_and(|c| c != ' ' && c != '\n' && c != '\t')
        && text.chars().all(|c| c == '\n' || c == '\t' || !must_escape(c))
}

/// Characters that YAML cannot hold unescaped, or that would not survive or would mislead the reader.
fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends the text in double quotes.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if must_escape(c) => escape(c, out),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escape(c: char, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let code = c as u32;
    let (mark, digits) = if code < 0x100 { ('x', 2) } else { ('u', 4) };
    out.push('\\');
    out.push(mark);
    for digit in (0..digits).rev() {
        out.push(HEX[(code >> (digit * 4) & 15) as usize] as char);
    }
}
