//! Finds where a JSON text or container ends, many bytes at a time.
//!
//! Never allocates and never decodes. In Wasm with its 128-bit vectors (every browser since March 2023); elsewhere eight
//! bytes at a time in an ordinary register.

/// Where the first byte at or after `from` is that isn't plain text: a quote, a backslash or a control character.
pub(super) fn plain_text_end(text: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    let mut at = from;
    // Exact for the lowest byte that matches, which is the one that is asked for.
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        if found & TOPS != 0 {
            return Some(at + (found & TOPS).trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    rest.iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
        .map(|found| at + found)
}

/// Just after the quote that ends the text whose first byte is at `from`.
pub(super) fn text_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = plain_text_end(text, at)?;
        match text[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

const BLOCK: usize = 64;

/// One bit a byte of a block, the first byte in the lowest.
struct Marks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

/// Just after the brace or bracket that closes the container which opens at `from`.
///
/// Braces and brackets are counted together: what comes from an encoder never mixes them up.
pub(super) fn container_end(text: &[u8], from: usize) -> Option<usize> {
    // `{}` and `[]` are common, and not worth a block.
    if let Some([_, b'}' | b']']) = text.get(from..from + 2) {
        return Some(from + 2);
    }
    let mut depth = 0_u32;
    let mut carried = Carried { escape: 0, inside: 0 };
    let mut at = from;
    loop {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let marks = match rest.first_chunk::<BLOCK>() {
            Some(block) => marks(block),
            None => {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                marks(&block)
            }
        };
        let outside = !carried.inside_texts(&marks);
        let (opens, mut closes) = (marks.opens & outside, marks.closes & outside);
        if closes.count_ones() < depth {
            depth = depth + opens.count_ones() - closes.count_ones();
        } else {
            let before = depth;
            let mut closed = 0;
            while closes != 0 {
                let bit = closes.trailing_zeros();
                closes &= closes - 1;
                closed += 1;
                let opened = (opens & ((1 << bit) - 1)).count_ones();
                if before + opened == closed {
                    return Some(at + bit as usize + 1);
                }
            }
            depth = before + opens.count_ones() - closed;
        }
        at += BLOCK;
    }
}

/// What one block leaves to the next.
struct Carried {
    /// 1 if the next block's first byte is escaped.
    escape: u64,
    /// All ones if the next block begins inside a text.
    inside: u64,
}

impl Carried {
    /// The bytes that belong to texts: from an opening quote up to, not including, the closing one.
    fn inside_texts(&mut self, marks: &Marks) -> u64 {
        let quotes = marks.quotes & !self.escaped(marks.backslashes);
        // Each bit becomes the parity of the quotes up to it.
        let mut inside = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        inside ^= self.inside;
        self.inside = (inside as i64 >> 63) as u64;
        inside
    }

    /// The bytes that follow a backslash which isn't itself escaped.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return std::mem::take(&mut self.escape);
        }
        // Runs of backslashes are rare and short: walk them.
        let mut escaped = std::mem::take(&mut self.escape);
        let mut left = backslashes & !escaped;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            if bit == 1 << 63 {
                self.escape = 1;
            }
            escaped |= bit << 1;
            left &= !(bit | bit << 1);
        }
        escaped
    }
}

#[cfg(target_arch = "wasm32")]
#[target_feature(enable = "simd128")]
fn marks(block: &[u8; BLOCK]) -> Marks {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128_or};
    let (mut quotes, mut backslashes, mut opens, mut closes) = (0, 0, 0, 0);
    for quarter in 0..4 {
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&block[quarter * 16 + at..quarter * 16 + at + 8]);
            u64::from_le_bytes(bytes)
        };
        let bytes = u64x2(word(0), word(8));
        // `{` and `[`, `}` and `]` differ in one bit only.
        let folded = v128_or(bytes, u8x16_splat(0x20));
        let mark = |bytes, byte| u64::from(u8x16_bitmask(u8x16_eq(bytes, u8x16_splat(byte)))) << (quarter * 16);
        quotes |= mark(bytes, b'"');
        backslashes |= mark(bytes, b'\\');
        opens |= mark(folded, b'{');
        closes |= mark(folded, b'}');
    }
    Marks {
        quotes,
        backslashes,
        opens,
        closes,
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn marks(block: &[u8; BLOCK]) -> Marks {
    let mark = |is: fn(u8) -> bool| {
        block
            .iter()
            .rev()
            .fold(0_u64, |marks, byte| marks << 1 | u64::from(is(*byte)))
    };
    Marks {
        quotes: mark(|byte| byte == b'"'),
        backslashes: mark(|byte| byte == b'\\'),
        opens: mark(|byte| byte | 0x20 == b'{'),
        closes: mark(|byte| byte | 0x20 == b'}'),
    }
}
