//! Reads JSON one level at a time, so that keys keep their order and numbers their text.

use flowdeck_objects::json::{Read, Reader};

/// One JSON value whose parts are still text.
pub(super) enum Node<'a> {
    Map(Vec<(String, &'a str)>),
    List(Vec<&'a str>),
    Text(String),
    /// A number, `true`, `false` or `null`, as written.
    Literal(&'a str),
}

/// Reads a value that has been checked; what isn't one after all is shown as it is.
pub(super) fn read(raw: &str) -> Node<'_> {
    read_checked(raw).unwrap_or(Node::Literal(raw))
}

fn read_checked(raw: &str) -> Read<Node<'_>> {
    let mut reader = Reader::new(raw.as_bytes());
    Ok(match reader.peek()? {
        b'{' => {
            let mut pairs = Vec::new();
            let mut first = reader.open(b'{', "an object")?;
            while reader.more(b'}', &mut first)? {
                let key = String::from_utf8_lossy(&reader.key()?).into_owned();
                pairs.push((key, text(reader.raw()?)));
            }
            Node::Map(pairs)
        }
        b'[' => {
            let mut items = Vec::new();
            let mut first = reader.open(b'[', "a list")?;
            while reader.more(b']', &mut first)? {
                items.push(text(reader.raw()?));
            }
            Node::List(items)
        }
        b'"' => Node::Text(reader.text()?.to_owned()),
        _ => Node::Literal(raw.trim()),
    })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
