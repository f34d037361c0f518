//! Fills a tree from JSON, by the reader of `flowdeck-objects`.

use std::borrow::Cow;

use flowdeck_objects::json::{Read, Reader};

use super::sink::Sink;
use super::{Document, ItemKind, ReadError, Syntax, TOO_DEEP, TOO_MANY, malformed};

/// Reads one JSON value and nothing after it.
pub(super) fn parse(source: &str) -> Result<Document<'_>, ReadError> {
    let mut sink = Sink::new(source);
    let mut reader = Reader::new(source.as_bytes());
    let read = value(&mut reader, &mut sink).and_then(|()| reader.end());
    if read.is_ok() {
        return Ok(sink.finish());
    }
    // Where the reader did not stumble, one of our limits was met.
    let (at, message) = match reader.stumbled() {
        Some((at, wanted)) => (at, format!("expected {wanted}")),
        None if sink.is_too_much() => (reader.position(), TOO_MANY.to_owned()),
        None => (reader.position(), TOO_DEEP.to_owned()),
    };
    Err(malformed(Syntax::Json, source, at.min(source.len()), &message))
}

/// The reader's own limit of levels bounds the recursion.
fn value(reader: &mut Reader<'_>, sink: &mut Sink<'_>) -> Read {
    if sink.is_too_much() {
        return Err(flowdeck_objects::json::Stumbled);
    }
    match reader.peek()? {
        b'"' => {
            let at = reader.position();
            let text = reader.bytes()?;
            scalar(sink, at, text);
        }
        b'{' => {
            open(reader, sink, ItemKind::Map)?;
            let mut first = reader.open(b'{', "an object")?;
            while reader.more(b'}', &mut first)? {
                reader.peek()?;
                let at = reader.position();
                let key = reader.key()?;
                scalar(sink, at, key);
                value(reader, sink)?;
            }
            sink.close();
        }
        b'[' => {
            open(reader, sink, ItemKind::List)?;
            let mut first = reader.open(b'[', "a list")?;
            while reader.more(b']', &mut first)? {
                value(reader, sink)?;
            }
            sink.close();
        }
        _ => {
            let at = reader.position();
            let word = reader.raw()?;
            sink.slice(ItemKind::Plain, at, at, word.len());
        }
    }
    Ok(())
}

fn open(reader: &Reader<'_>, sink: &mut Sink<'_>, kind: ItemKind) -> Read {
    match sink.open(kind, reader.position()) {
        true => Ok(()),
        false => Err(flowdeck_objects::json::Stumbled),
    }
}

fn scalar(sink: &mut Sink<'_>, at: usize, text: Cow<'_, [u8]>) {
    match text {
        // The text begins after its quote.
        Cow::Borrowed(bytes) => sink.slice(ItemKind::Text, at, at + 1, bytes.len()),
        Cow::Owned(bytes) => {
            sink.scalar(ItemKind::Text, at, &String::from_utf8_lossy(&bytes));
        }
    }
}
