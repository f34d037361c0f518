//! Reads JSON into typed views without a line of code that is compiled once a type, and writes JSON texts.
//!
//! What no field asks for is skipped in strides of 64 bytes: an object's larger half (`managedFields`, volumes,
//! tolerations) is never shown. Garbage *inside* something skipped is therefore not seen, as long as its braces and
//! quotes match; [`check`] sees it. Why it exists: derived readers were half of the page's Wasm, and looked at each byte
//! (performance.md §4; `make bench ONLY=parse`).

mod skip;
mod values;
mod write;

use std::borrow::Cow;
use std::cell::Cell;

use crate::list::Unreadable;

pub use write::quote;

/// Levels that may be nested, as `serde_json` has it, so that no input exhausts the stack.
const DEPTH_LIMIT: u32 = 127;

/// The text is not JSON, or not what the type asks for; the [`Reader`] remembers what and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stumbled;

/// What reading gives.
pub type Read<T = ()> = Result<T, Stumbled>;

/// Something that is read from JSON, over its default.
pub trait Value {
    /// Reads the next value of the text; `null` leaves what is there.
    fn read(&mut self, reader: &mut Reader<'_>) -> Read;

    /// The same where it may be missing.
    fn read_some(slot: &mut Option<Self>, reader: &mut Reader<'_>) -> Read
    where
        Self: Sized + Default,
    {
        if reader.null()? {
            *slot = None;
            return Ok(());
        }
        slot.insert(Self::default()).read(reader)
    }
}

/// An object with known keys; written with [`fields!`](crate::fields).
pub trait Fields {
    /// Where the value of a key goes; `None`: nobody asks for it.
    fn field(&mut self, key: &[u8]) -> Option<&mut dyn Value>;
}

/// A list that grows by one default at a time.
pub trait Slots {
    /// Takes all out.
    fn clear(&mut self);
    /// Adds a default at the end, to read into.
    fn grow(&mut self) -> &mut dyn Value;
    /// Takes the last one out.
    fn drop_last(&mut self);
}

/// Says which keys of a JSON object go to which fields of a struct: `fields!(Meta { b"uid" => uid });`.
#[macro_export]
macro_rules! fields {
    ($kind:ty { $($key:literal => $field:ident),* $(,)? }) => {
        impl $crate::json::Fields for $kind {
            fn field(&mut self, key: &[u8]) -> Option<&mut dyn $crate::json::Value> {
                Some(match key {
                    $($key => &mut self.$field,)*
                    _ => return None,
                })
            }
        }

        impl $crate::json::Value for $kind {
            fn read(&mut self, reader: &mut $crate::json::Reader<'_>) -> $crate::json::Read {
                reader.object(self)
            }
        }
    };
}

/// Reads the whole text as one value. Errors say what was expected and at which byte.
pub fn from_slice<T: Value + Default>(text: &[u8]) -> Result<T, Unreadable> {
    let mut value = T::default();
    read_into(text, &mut value)?;
    Ok(value)
}

/// The same from a text.
pub fn from_str<T: Value + Default>(text: &str) -> Result<T, Unreadable> {
    from_slice(text.as_bytes())
}

/// Looks at every byte: whether the text is one JSON value, nested at most 127 levels.
pub fn check(text: &[u8]) -> Result<(), Unreadable> {
    let mut reader = Reader::new(text);
    let read = reader.check_value().and_then(|()| reader.end());
    reader.said(read)
}

pub(crate) fn read_into(text: &[u8], value: &mut dyn Value) -> Result<(), Unreadable> {
    let mut reader = Reader::new(text);
    let read = value.read(&mut reader).and_then(|()| reader.end());
    reader.said(read)
}

/// Goes through a text value by value.
#[derive(Debug)]
pub struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: u32,
    /// Where a text with escapes is written out.
    unescaped: Vec<u8>,
    /// What was expected where, the first time something was not there.
    wrong: Cell<Option<(usize, &'static str)>>,
}

impl<'t> Reader<'t> {
    /// At the beginning of a text.
    pub fn new(text: &'t [u8]) -> Reader<'t> {
        Reader {
            text,
            at: 0,
            depth: 0,
            unescaped: Vec::new(),
            wrong: Cell::new(None),
        }
    }

    #[cold]
    pub(crate) fn stumble(&self, wanted: &'static str) -> Stumbled {
        if self.wrong.get().is_none() {
            self.wrong.set(Some((self.at, wanted)));
        }
        Stumbled
    }

    /// The byte that is read next.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Where it stumbled and what it expected there; nothing before it did.
    pub fn stumbled(&self) -> Option<(usize, &'static str)> {
        self.wrong.get()
    }

    /// Gives a stumble its words.
    pub fn said<T>(&self, read: Read<T>) -> Result<T, Unreadable> {
        read.map_err(|Stumbled| Unreadable { message: self.words() })
    }

    /// What is wrong, and forgets it.
    pub(crate) fn words(&self) -> String {
        let (at, wanted) = self.wrong.take().unwrap_or((self.at, "JSON"));
        let found = match self.text.get(at) {
            None => "the end",
            Some(b'"') => "a string",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b't' | b'f') => "a truth value",
            Some(b'n') => "null",
            Some(b'0'..=b'9' | b'-') => "a number",
            Some(_) => "something else",
        };
        ["expected ", wanted, ", found ", found, " at byte ", &at.to_string()].concat()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that means something, without taking it.
    pub fn peek(&mut self) -> Read<u8> {
        self.blanks();
        match self.text.get(self.at) {
            Some(byte) => Ok(*byte),
            None => Err(self.stumble("more")),
        }
    }

    /// Errors unless only blanks are left.
    pub fn end(&mut self) -> Read {
        self.blanks();
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(self.stumble("the end"))
    }

    fn word(&mut self, word: &'static str) -> Read {
        if self.text[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.stumble(word))
    }

    /// Takes a `null` if there is one.
    pub fn null(&mut self) -> Read<bool> {
        if self.peek()? == b'n' {
            return self.word("null").map(|()| true);
        }
        Ok(false)
    }

    /// Takes `true` or `false`.
    pub fn truth(&mut self) -> Read<bool> {
        match self.peek()? {
            b't' => self.word("true").map(|()| true),
            b'f' => self.word("false").map(|()| false),
            _ => Err(self.stumble("true or false")),
        }
    }

    /// Reads an object's fields where they belong and skips the others. `null` is an object without fields.
    pub fn object(&mut self, fields: &mut dyn Fields) -> Read {
        if self.null()? {
            return Ok(());
        }
        let mut first = self.open(b'{', "an object")?;
        while self.more(b'}', &mut first)? {
            let key = self.key()?;
            match fields.field(&key) {
                Some(value) => value.read(self)?,
                None => self.skip()?,
            }
        }
        Ok(())
    }

    /// Reads a list. `null` is an empty one.
    pub(crate) fn list(&mut self, slots: &mut dyn Slots) -> Read {
        slots.clear();
        if self.null()? {
            return Ok(());
        }
        let mut first = self.open(b'[', "a list")?;
        while self.more(b']', &mut first)? {
            slots.grow().read(self)?;
        }
        Ok(())
    }

    /// Takes a brace or bracket; gives what [`Reader::more`] wants to be told.
    pub fn open(&mut self, open: u8, wanted: &'static str) -> Read<bool> {
        if self.peek()? != open {
            return Err(self.stumble(wanted));
        }
        if self.depth == DEPTH_LIMIT {
            return Err(self.stumble("fewer levels"));
        }
        self.depth += 1;
        self.at += 1;
        Ok(true)
    }

    /// Goes to the next item of what was opened; false just after its end.
    pub fn more(&mut self, close: u8, first: &mut bool) -> Read<bool> {
        let byte = self.peek()?;
        if byte == close {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if std::mem::take(first) {
            return Ok(true);
        }
        if byte != b',' {
            return Err(self.stumble("a comma or the end"));
        }
        self.at += 1;
        // `[1,]` is no JSON: the item's own reader stumbles over the bracket.
        Ok(true)
    }

    /// Takes a key and its colon.
    pub fn key(&mut self) -> Read<Cow<'t, [u8]>> {
        let key = match self.string("a key")? {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(std::mem::take(&mut self.unescaped)),
        };
        if self.peek()? != b':' {
            return Err(self.stumble("a colon"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Takes a text, borrowed from the input unless it has escapes; whether it is UTF-8 is not looked at.
    pub fn bytes(&mut self) -> Read<Cow<'t, [u8]>> {
        Ok(match self.string("a string")? {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(std::mem::take(&mut self.unescaped)),
        })
    }

    /// Takes a text; borrowed until the next one.
    pub fn text(&mut self) -> Read<&str> {
        let bytes = match self.string("a string")? {
            Some(bytes) => bytes,
            None => &self.unescaped,
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => Err(self.stumble("UTF-8")),
        }
    }

    /// Takes a text from its opening quote on: borrowed from the input, or `None` if it had escapes and lies unescaped.
    fn string(&mut self, wanted: &'static str) -> Read<Option<&'t [u8]>> {
        if self.peek()? != b'"' {
            return Err(self.stumble(wanted));
        }
        let text = self.text;
        let start = self.at + 1;
        match skip::plain_text_end(text, start) {
            Some(end) if text[end] == b'"' => {
                self.at = end + 1;
                Ok(Some(&text[start..end]))
            }
            Some(end) => match self.unescape(start, end) {
                Some(after) => {
                    self.at = after;
                    Ok(None)
                }
                None => Err(self.stumble("a well-formed string")),
            },
            None => Err(self.stumble("a string that ends")),
        }
    }

    /// Writes out the text that begins at `start` and has its first escape at `escape`; where it ends.
    fn unescape(&mut self, start: usize, escape: usize) -> Option<usize> {
        let text = self.text;
        self.unescaped.clear();
        let (mut from, mut at) = (start, escape);
        loop {
            self.unescaped.extend_from_slice(&text[from..at]);
            match text[at] {
                b'"' => return Some(at + 1),
                b'\\' => from = self.escape(at + 1)?,
                _ => return None,
            }
            at = skip::plain_text_end(text, from)?;
        }
    }

    /// Writes what the escape whose letter is at `at` stands for; where the text goes on.
    fn escape(&mut self, at: usize) -> Option<usize> {
        let byte = match self.text.get(at)? {
            b'u' => return self.unicode(at + 1),
            b'"' => b'"',
            b'\\' => b'\\',
            b'/' => b'/',
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            _ => return None,
        };
        self.unescaped.push(byte);
        Some(at + 1)
    }

    /// Writes the character of a `\uXXXX`, or of two that are a surrogate pair.
    fn unicode(&mut self, at: usize) -> Option<usize> {
        let first = self.hex(at)?;
        let (code, next) = match first {
            0xd800..=0xdbff => {
                if self.text.get(at + 4..at + 6) != Some(b"\\u") {
                    return None;
                }
                let second = self.hex(at + 6)?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return None;
                }
                (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), at + 10)
            }
            _ => (first, at + 4),
        };
        let character = char::from_u32(code)?;
        self.unescaped
            .extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Some(next)
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4)?;
        digits
            .iter()
            .try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
    }

    /// Takes a number as written.
    pub fn number(&mut self) -> Read<&'t [u8]> {
        self.blanks();
        let text = self.text;
        let rest = &text[self.at..];
        match number_length(rest) {
            Some(length) => {
                self.at += length;
                Ok(&rest[..length])
            }
            None => Err(self.stumble("a value")),
        }
    }

    /// Takes a whole number between two bounds, both included.
    pub fn integer(&mut self, min: i64, max: i64) -> Read<i64> {
        self.blanks();
        let start = self.at;
        let token = self.number()?;
        // Summed below zero, where there is room for one more.
        let negative = token.strip_prefix(b"-");
        let sum = negative.unwrap_or(token).iter().try_fold(0_i64, |sum, digit| {
            let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
            sum.checked_mul(10)?.checked_sub(digit)
        });
        let number = if negative.is_some() {
            sum
        } else {
            sum.and_then(i64::checked_neg)
        };
        match number {
            Some(number) if (min..=max).contains(&number) => Ok(number),
            _ => {
                self.at = start;
                Err(self.stumble("a whole number that fits"))
            }
        }
    }

    /// Passes a value of any kind without looking into it.
    pub fn skip(&mut self) -> Read {
        let end = match self.peek()? {
            b'"' => skip::text_end(self.text, self.at + 1),
            b'{' | b'[' => skip::container_end(self.text, self.at),
            b't' => return self.word("true"),
            b'f' => return self.word("false"),
            b'n' => return self.word("null"),
            _ => return self.number().map(|_| ()),
        };
        match end {
            Some(end) => {
                self.at = end;
                Ok(())
            }
            None => Err(self.stumble("a value that ends")),
        }
    }

    /// Passes a value and gives it as it stands, without the blanks around it.
    pub fn raw(&mut self) -> Read<&'t [u8]> {
        self.blanks();
        let text = self.text;
        let start = self.at;
        self.skip()?;
        Ok(&text[start..self.at])
    }

    /// Reads a value again that somebody stumbled over, as it stands: what is wrong with it, and its text.
    pub(crate) fn give_up_on(&mut self, place: Place) -> Read<(String, &'t [u8])> {
        let words = self.words();
        (self.at, self.depth) = (place.at, place.depth);
        Ok((words, self.raw()?))
    }

    /// The text since a place.
    pub(crate) fn since(&self, place: Place) -> &'t [u8] {
        &self.text[place.at..self.at]
    }

    /// Where the reader is.
    pub(crate) fn place(&self) -> Place {
        Place {
            at: self.at,
            depth: self.depth,
        }
    }

    fn check_value(&mut self) -> Read {
        match self.peek()? {
            b'"' => self.text().map(|_| ()),
            b'{' => {
                let mut first = self.open(b'{', "an object")?;
                while self.more(b'}', &mut first)? {
                    if std::str::from_utf8(&self.key()?).is_err() {
                        return Err(self.stumble("UTF-8"));
                    }
                    self.check_value()?;
                }
                Ok(())
            }
            b'[' => {
                let mut first = self.open(b'[', "a list")?;
                while self.more(b']', &mut first)? {
                    self.check_value()?;
                }
                Ok(())
            }
            _ => self.skip(),
        }
    }
}

/// A place in a text to come back to.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    at: usize,
    depth: u32,
}

/// How long the number at the beginning is; `None` if there is none.
fn number_length(text: &[u8]) -> Option<usize> {
    let is = |at: usize, bytes: &[u8]| text.get(at).is_some_and(|byte| bytes.contains(byte));
    let digits = |from: usize| from + text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let some_digits = |from: usize| Some(digits(from.min(text.len()))).filter(|end| *end > from);
    let start = usize::from(is(0, b"-"));
    let mut at = if is(start, b"0") {
        start + 1
    } else {
        some_digits(start)?
    };
    if is(at, b".") {
        at = some_digits(at + 1)?;
    }
    if is(at, b"eE") {
        at += 1;
        at = some_digits(at + usize::from(is(at, b"+-")))?;
    }
    Some(at)
}

#[cfg(test)]
mod tests;
