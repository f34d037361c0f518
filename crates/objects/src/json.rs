//! Reads JSON into typed views at the speed that lists of 10,000 need, and skips what no field asks for in strides of 64 bytes.
//!
//! Says what is wrong, never where. A text that is read here is read to the same value by `serde_json` (a property test
//! holds that). The one thing that this
//! reader doesn't see is garbage *inside* a value that is skipped, as long as its braces and quotes match.
//! Why it exists: an object's larger half (`managedFields`, volumes, tolerations) is never shown, and `serde_json`
//! looks at each of its bytes (performance.md §4; `make bench ONLY=parse`).

mod skip;

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The text is not JSON, or not what the type asks for.
#[derive(Debug, Default)]
pub(crate) struct Stumbled {
    message: Box<str>,
}

impl fmt::Display for Stumbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.message.is_empty() {
            "this is no JSON"
        } else {
            &self.message
        })
    }
}

impl std::error::Error for Stumbled {}

impl de::Error for Stumbled {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Stumbled {
            message: message.to_string().into(),
        }
    }

    /// In our own words for what was found: serde's would bring the formatter of floats into the page.
    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            de::Unexpected::Bool(_) => "true or false",
            de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) => "a whole number",
            de::Unexpected::Float(_) => "a number",
            de::Unexpected::Str(text) => {
                return Self::custom(format_args!("found the string {text:?}, expected {expected}"));
            }
            de::Unexpected::Seq => "a list",
            de::Unexpected::Map => "an object",
            _ => "null",
        };
        Self::custom(format_args!("found {found}, expected {expected}"))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

type Read<T> = Result<T, Stumbled>;

/// This is no JSON.
#[cold]
fn stumble() -> Stumbled {
    Stumbled::default()
}

/// Reads the whole text as one value.
pub(crate) fn from_slice<'de, T: de::Deserialize<'de>>(text: &'de [u8]) -> Read<T> {
    let mut reader = Reader {
        text,
        at: 0,
        unescaped: Vec::new(),
    };
    let value = T::deserialize(&mut reader)?;
    reader.blanks();
    if reader.at == text.len() {
        Ok(value)
    } else {
        Err(stumble())
    }
}

enum Number {
    Natural(u64),
    Negative(i64),
    Float(f64),
}

struct Reader<'de> {
    text: &'de [u8],
    at: usize,
    /// Where a text with escapes is written out.
    unescaped: Vec<u8>,
}

impl<'de> Reader<'de> {
    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that means something, without taking it.
    fn peek(&mut self) -> Read<u8> {
        self.blanks();
        self.text.get(self.at).copied().ok_or_else(stumble)
    }

    fn take(&mut self, byte: u8) -> Read<()> {
        if self.peek()? == byte {
            self.at += 1;
            return Ok(());
        }
        Err(stumble())
    }

    fn word(&mut self, word: &[u8]) -> Read<()> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(stumble())
    }

    /// Takes a text from its opening quote on: borrowed from the input, or `None` if it had escapes and lies unescaped.
    ///
    /// Not inlined, like all that isn't generic here: there are a thousand places that read a text.
    #[inline(never)]
    fn string(&mut self) -> Read<Option<&'de [u8]>> {
        let text = self.text;
        if text.get(self.at) != Some(&b'"') {
            return Err(stumble());
        }
        let start = self.at + 1;
        let end = skip::plain_text_end(text, start).ok_or_else(stumble)?;
        if text[end] == b'"' {
            self.at = end + 1;
            return Ok(Some(&text[start..end]));
        }
        self.unescape(start, end)?;
        Ok(None)
    }

    /// Writes out the text that begins at `start` and has its first escape at `escape`.
    fn unescape(&mut self, start: usize, escape: usize) -> Read<()> {
        let text = self.text;
        self.unescaped.clear();
        let (mut from, mut at) = (start, escape);
        loop {
            self.unescaped.extend_from_slice(&text[from..at]);
            match text[at] {
                b'"' => break,
                b'\\' => from = self.escape(at + 1)?,
                _ => return Err(stumble()),
            }
            at = skip::plain_text_end(text, from).ok_or_else(stumble)?;
        }
        self.at = at + 1;
        Ok(())
    }

    /// Writes what the escape whose letter is at `at` stands for; where the text goes on.
    fn escape(&mut self, at: usize) -> Read<usize> {
        let byte = match self.text.get(at).ok_or_else(stumble)? {
            b'u' => return self.unicode(at + 1),
            b'"' => b'"',
            b'\\' => b'\\',
            b'/' => b'/',
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            _ => return Err(stumble()),
        };
        self.unescaped.push(byte);
        Ok(at + 1)
    }

    /// Writes the character of a `\uXXXX`, or of two that are a surrogate pair.
    fn unicode(&mut self, at: usize) -> Read<usize> {
        let first = self.hex(at)?;
        let (code, next) = match first {
            0xd800..=0xdbff => {
                if self.text.get(at + 4..at + 6) != Some(b"\\u") {
                    return Err(stumble());
                }
                let second = self.hex(at + 6)?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(stumble());
                }
                (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), at + 10)
            }
            _ => (first, at + 4),
        };
        let character = char::from_u32(code).ok_or_else(stumble)?;
        self.unescaped
            .extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(next)
    }

    fn hex(&self, at: usize) -> Read<u32> {
        let digits = self.text.get(at..at + 4).ok_or_else(stumble)?;
        digits.iter().try_fold(0, |sum, digit| {
            Ok(sum * 16 + char::from(*digit).to_digit(16).ok_or_else(stumble)?)
        })
    }

    /// Something else comes than was expected.
    #[cold]
    fn mismatch(&mut self, expected: &dyn de::Expected) -> Stumbled {
        let text = match self.text.get(self.at) {
            Some(b'"') => self.string(),
            _ => Ok(None),
        };
        let found = match (self.text.get(self.at), text) {
            (_, Ok(Some(text))) => de::Unexpected::Str(std::str::from_utf8(text).unwrap_or_default()),
            (Some(b'"'), _) => de::Unexpected::Str(""),
            (Some(b'{'), _) => de::Unexpected::Map,
            (Some(b'['), _) => de::Unexpected::Seq,
            (Some(b't' | b'f'), _) => de::Unexpected::Bool(true),
            (Some(b'n'), _) => de::Unexpected::Unit,
            (Some(b'-' | b'0'..=b'9'), _) => de::Unexpected::Signed(0),
            _ => return stumble(),
        };
        de::Error::invalid_type(found, expected)
    }

    fn visit_object<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        if self.peek()? != b'{' {
            return Err(self.mismatch(&visitor));
        }
        let mut items = Items::open(self, b'{', b'}')?;
        let value = visitor.visit_map(&mut items)?;
        items.ended.then_some(value).ok_or_else(stumble)
    }

    fn visit_list<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        if self.peek()? != b'[' {
            return Err(self.mismatch(&visitor));
        }
        let mut items = Items::open(self, b'[', b']')?;
        let value = visitor.visit_seq(&mut items)?;
        // A visitor that knows how many there must be doesn't ask for the end.
        if items.next()? { Err(stumble()) } else { Ok(value) }
    }

    fn visit_truth<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        if self.word(b"true").is_ok() {
            return visitor.visit_bool(true);
        }
        if self.word(b"false").is_ok() {
            return visitor.visit_bool(false);
        }
        Err(self.mismatch(&visitor))
    }

    fn visit_text<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        if self.text.get(self.at) != Some(&b'"') {
            return Err(self.mismatch(&visitor));
        }
        match self.string()? {
            Some(bytes) => visitor.visit_borrowed_str(std::str::from_utf8(bytes).map_err(|_| stumble())?),
            None => visitor.visit_str(std::str::from_utf8(&self.unescaped).map_err(|_| stumble())?),
        }
    }

    /// Whole numbers of up to 18 digits are read here; `serde_json` knows about all others.
    fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        if !matches!(self.text.get(self.at), Some(b'-' | b'0'..=b'9')) {
            return Err(self.mismatch(&visitor));
        }
        match self.number()? {
            Number::Natural(number) => visitor.visit_u64(number),
            Number::Negative(number) => visitor.visit_i64(number),
            Number::Float(number) => visitor.visit_f64(number),
        }
    }

    #[inline(never)]
    fn number(&mut self) -> Read<Number> {
        let start = self.at;
        while let Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
        }
        let token = &self.text[start..self.at];
        let (negative, digits) = match token {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let plain = (1..=18).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        if plain && (digits[0] != b'0' || (digits.len() == 1 && !negative)) {
            let number = digits
                .iter()
                .fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
            return Ok(if negative {
                Number::Negative(-(number as i64))
            } else {
                Number::Natural(number)
            });
        }
        let other: serde_json::Number = serde_json::from_slice(token).map_err(|_| stumble())?;
        let whole = other
            .as_u64()
            .map(Number::Natural)
            .or(other.as_i64().map(Number::Negative));
        whole.or(other.as_f64().map(Number::Float)).ok_or_else(stumble)
    }

    /// Passes a value of any kind without looking into it.
    #[inline(never)]
    fn pass(&mut self) -> Read<()> {
        match self.peek()? {
            b'"' => {
                self.at = skip::text_end(self.text, self.at + 1).ok_or_else(stumble)?;
                Ok(())
            }
            b'{' | b'[' => {
                self.at = skip::container_end(self.text, self.at).ok_or_else(stumble)?;
                Ok(())
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number().map(|_| ()),
        }
    }
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Stumbled;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek()? {
            b'"' => self.visit_text(visitor),
            b'{' => self.visit_object(visitor),
            b'[' => self.visit_list(visitor),
            b't' | b'f' => self.visit_truth(visitor),
            b'n' => self.word(b"null").and_then(|()| visitor.visit_unit()),
            _ => self.visit_number(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.peek()?;
        self.visit_truth(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.peek()?;
        self.visit_text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.peek()?;
        self.visit_number(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i32(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i32(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.peek()?;
        self.visit_list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.peek()?;
        self.visit_object(visitor)
    }

    /// `serde_json` also takes a list of the fields' values, which no API server writes.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.peek()? == b'n' {
            self.word(b"null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    /// A field's name is only compared, so its bytes do.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.peek()?;
        match self.string()? {
            Some(bytes) => visitor.visit_borrowed_bytes(bytes),
            None => visitor.visit_bytes(&self.unescaped),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.pass()?;
        visitor.visit_unit()
    }

    /// None of our views has one on the wire.
    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], _: V) -> Read<V::Value> {
        Err(stumble())
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

/// What lies between two braces or brackets.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
    ended: bool,
    close: u8,
}

impl<'a, 'de> Items<'a, 'de> {
    fn open(reader: &'a mut Reader<'de>, open: u8, close: u8) -> Read<Self> {
        reader.take(open)?;
        Ok(Items {
            reader,
            first: true,
            ended: false,
            close,
        })
    }

    /// Goes to the next item; false at the end.
    #[inline(never)]
    fn next(&mut self) -> Read<bool> {
        if self.ended {
            return Ok(false);
        }
        let byte = self.reader.peek()?;
        if byte == self.close {
            self.reader.at += 1;
            self.ended = true;
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.reader.take(b',')?;
            // `[1,]` is no JSON: the item's own reader stumbles over the bracket.
        }
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Stumbled;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if !self.next()? {
            return Ok(None);
        }
        if self.reader.peek()? != b'"' {
            return Err(stumble());
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Read<V::Value> {
        self.reader.take(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Stumbled;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if !self.next()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

#[cfg(test)]
mod tests;
