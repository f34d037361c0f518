//! Decides at which byte of an answer a fault strikes, and what is left of it. No I/O: bytes in, bytes and an end out.

use crate::canned::PAGE;
use crate::kind::Kind;

/// What ends a body in chunks.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// How what passes goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// As it should.
    On,
    /// The fault has struck.
    Strike,
}

/// An answer on its way through the proxy.
#[derive(Debug)]
pub struct Wreck {
    kind: Option<Kind>,
    /// After so many bytes (of the head, or of the body) the fault may strike.
    after: usize,
    head: Head,
    body: usize,
    chunks: Option<Chunks>,
}

#[derive(Debug)]
enum Head {
    Reading(Vec<u8>),
    Over,
}

impl Wreck {
    /// An answer that this fault strikes.
    pub fn new(kind: Option<Kind>, after: usize) -> Wreck {
        Wreck {
            kind,
            after,
            head: Head::Reading(Vec::new()),
            body: 0,
            chunks: None,
        }
    }

    /// Nothing strikes any more. What was begun anew as chunks goes on so.
    pub fn spare(&mut self) {
        self.kind = None;
    }

    /// Takes what the server sent; what the client gets of it is added to `out`.
    pub fn pass(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Then {
        if let Head::Reading(head) = &mut self.head {
            let before = head.len();
            head.extend_from_slice(bytes);
            let end = head.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            if self.kind == Some(Kind::CutHead) && end.unwrap_or(head.len()) > self.after {
                out.extend_from_slice(&head[before.min(self.after)..self.after]);
                return Then::Strike;
            }
            let Some(end) = end else {
                out.extend_from_slice(bytes);
                return Then::On;
            };
            let chunked = head[..end]
                .to_ascii_lowercase()
                .windows(26)
                .any(|line| line == b"transfer-encoding: chunked");
            let (of_head, of_body) = bytes.split_at(end - before);
            out.extend_from_slice(of_head);
            self.head = Head::Over;
            if chunked && matches!(self.kind, Some(Kind::EndedEarly | Kind::PageInStream)) {
                self.chunks = Some(Chunks::default());
            }
            bytes = of_body;
        }
        match &mut self.chunks {
            Some(chunks) => {
                let (data, ended) = chunks.data(bytes);
                let then = self.body(&data, out);
                if ended && then == Then::On {
                    out.extend_from_slice(LAST_CHUNK);
                }
                then
            }
            None => self.body(bytes, out),
        }
    }

    fn body(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Then {
        let from = self.after.saturating_sub(self.body).min(bytes.len());
        self.body += bytes.len();
        let at = if self.body <= self.after {
            None
        } else {
            self.strikes_at(bytes, from)
        };
        let passed = at.map_or(bytes, |at| &bytes[..at]);
        if self.chunks.is_none() {
            out.extend_from_slice(passed);
        } else if !passed.is_empty() {
            out.extend_from_slice(format!("{:x}\r\n", passed.len()).as_bytes());
            out.extend_from_slice(passed);
            out.extend_from_slice(b"\r\n");
        }
        if at.is_none() {
            return Then::On;
        }
        if self.kind == Some(Kind::PageInStream) {
            out.extend_from_slice(format!("{:x}\r\n{PAGE}\r\n", PAGE.len()).as_bytes());
        }
        if self.chunks.is_some() {
            out.extend_from_slice(LAST_CHUNK);
        }
        Then::Strike
    }

    /// The byte before which the fault strikes, at `from` or later.
    fn strikes_at(&self, bytes: &[u8], from: usize) -> Option<usize> {
        match self.kind? {
            Kind::CutBody | Kind::Stalled | Kind::HalfClosedDown => Some(from),
            Kind::EndedEarly | Kind::PageInStream if self.chunks.is_some() => Some(from),
            Kind::CutCharacter => (from..bytes.len()).find(|at| bytes[*at] >= 0xc2).map(|at| at + 1),
            Kind::CutNewline => (from.max(1)..bytes.len()).find(|at| &bytes[at - 1..=*at] == b"}\n"),
            _ => None,
        }
    }
}

/// Takes the sizes out of a body in chunks.
#[derive(Debug, Default)]
struct Chunks {
    size: Vec<u8>,
    left: usize,
}

impl Chunks {
    /// The data in these bytes, and whether the last chunk has come.
    fn data(&mut self, mut bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut data = Vec::new();
        while !bytes.is_empty() {
            if self.left > 0 {
                let take = self.left.min(bytes.len());
                data.extend_from_slice(&bytes[..take]);
                self.left -= take;
                bytes = &bytes[take..];
                continue;
            }
            let (byte, rest) = (bytes[0], &bytes[1..]);
            bytes = rest;
            match byte {
                b'\n' if self.size.is_empty() => {}
                b'\n' => {
                    let text = String::from_utf8_lossy(&self.size).into_owned();
                    self.size.clear();
                    self.left = usize::from_str_radix(text.trim(), 16).unwrap_or(0);
                    if self.left == 0 {
                        return (data, true);
                    }
                }
                b'\r' => {}
                digit => self.size.push(digit),
            }
        }
        (data, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// What comes out when the answer comes in pieces of that many bytes.
    fn run(kind: Kind, after: usize, answer: &[u8], piece: usize) -> (String, Then) {
        let mut wreck = Wreck::new(Some(kind), after);
        let mut out = Vec::new();
        for bytes in answer.chunks(piece) {
            if wreck.pass(bytes, &mut out) == Then::Strike {
                return (String::from_utf8_lossy(&out).into_owned(), Then::Strike);
            }
        }
        (String::from_utf8_lossy(&out).into_owned(), Then::On)
    }

    #[test]
    fn head_is_cut_at_its_byte_however_it_comes() {
        for piece in [1, 7, 1000] {
            assert_eq!(
                run(Kind::CutHead, 11, HEAD, piece),
                ("HTTP/1.1 20".into(), Then::Strike)
            );
        }
    }

    #[test]
    fn body_is_cut_in_a_character_and_before_a_newline() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":\"\u{e4}\"}\n";
        let (out, then) = run(Kind::CutNewline, 0, answer.as_bytes(), 1000);
        assert_eq!((out.as_str(), then), (answer.trim_end_matches('\n'), Then::Strike));
        for piece in [1, 1000] {
            let (out, then) = run(Kind::CutCharacter, 3, answer.as_bytes(), piece);
            assert!(out.ends_with("\"\u{fffd}") && then == Then::Strike, "{out}");
        }
    }

    #[test]
    fn stream_ends_politely_in_the_middle_of_a_chunk() {
        let answer = [HEAD, b"5\r\nhello\r\n6\r\n world\r\n"].concat();
        let (out, then) = run(Kind::EndedEarly, 7, &answer, 1000);
        assert_eq!(then, Then::Strike);
        assert!(out.ends_with("\r\n\r\n7\r\nhello w\r\n0\r\n\r\n"), "{out}");
        let (out, _) = run(Kind::PageInStream, 2, &answer, 3);
        assert!(out.ends_with("</html>\n\r\n0\r\n\r\n"), "{out}");
    }

    #[test]
    fn without_its_fault_an_answer_passes_as_it_is() {
        let answer = [HEAD, b"5\r\nhello\r\n0\r\n\r\n"].concat();
        let expect = String::from_utf8(answer.clone()).unwrap();
        assert_eq!(run(Kind::CutBody, 500, &answer, 3), (expect.clone(), Then::On));
        assert_eq!(run(Kind::Delayed, 0, &answer, 3), (expect, Then::On));
    }
}
