//! Takes the bytes of a log as they come, cut anywhere, and keeps its newest lines.

use super::{
    ansi::{Act, Reader, Span, Style},
    stamp::{self, Stamp},
};
use std::collections::VecDeque;

/// Longest line in bytes of text; a longer one continues on the next.
const LINE_LIMIT: usize = 16 * 1024;

/// How much a buffer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most lines kept.
    pub lines: usize,
    /// Most bytes kept, spans and bookkeeping included.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lines: 50_000,
            bytes: 16 << 20,
        }
    }
}

/// One line, safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was written, as the server said it; empty when unknown.
    pub stamp: String,
    /// Its text without any control character but tabs.
    pub text: String,
    /// Styled runs of the text, in order; what lies between them is plain.
    pub spans: Vec<Span>,
}

impl Line {
    /// Pieces of the text with their CSS classes, covering all of it in order.
    pub fn pieces(&self) -> Vec<(&str, &'static str)> {
        let mut out = Vec::new();
        let mut at = 0;
        for span in &self.spans {
            let (start, end) = (span.start as usize, span.end as usize);
            if at < start {
                out.push((&self.text[at..start], ""));
            }
            out.push((&self.text[start..end], span.style.class()));
            at = end;
        }
        if at < self.text.len() {
            out.push((&self.text[at..], ""));
        }
        out
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.stamp.len() + self.text.len() + self.spans.len() * size_of::<Span>()
    }
}

/// Where in its line the reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// Collecting what may be the stamp.
    Stamp(String),
    Text,
}

/// Lines that are left out because they were there before a reconnect.
#[derive(Clone, Copy, Debug)]
struct Skip {
    stamp: Stamp,
    /// Lines with exactly this stamp that are still to be left out.
    same: usize,
}

/// The newest lines of a log within limits.
#[derive(Clone, Debug)]
pub struct LogBuffer {
    limits: Limits,
    stamped: bool,
    lines: VecDeque<Line>,
    first: u64,
    bytes: usize,
    /// Start of a character whose rest has not come yet.
    partial: Vec<u8>,
    reader: Reader,
    at: At,
    open: Line,
    /// A carriage return was read: the next character writes over the line.
    over: bool,
    last: Option<(Stamp, usize)>,
    skip: Option<Skip>,
}

impl LogBuffer {
    /// An empty buffer; `stamped` says that each line begins with its time.
    pub fn new(limits: Limits, stamped: bool) -> Self {
        Self {
            limits: Limits {
                lines: limits.lines.max(1),
                ..limits
            },
            stamped,
            lines: VecDeque::new(),
            first: 0,
            bytes: 0,
            partial: Vec::new(),
            reader: Reader::default(),
            at: Self::start(stamped),
            open: Line::default(),
            over: false,
            last: None,
            skip: None,
        }
    }

    /// Adds bytes as they come from the network.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.partial.is_empty() {
            self.decode(bytes);
        } else {
            let mut all = std::mem::take(&mut self.partial);
            all.extend_from_slice(bytes);
            self.decode(&all);
        }
    }

    /// Ends the log: a last line without a line break is shown too.
    pub fn finish(&mut self) {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.act(char::REPLACEMENT_CHARACTER);
        }
        if let At::Stamp(text) = std::mem::replace(&mut self.at, At::Text)
            && !text.is_empty()
        {
            self.end_of_stamp(&text);
        }
        if !self.open.text.is_empty() {
            self.end_of_line();
        }
        self.at = Self::start(self.stamped);
    }

    /// Prepares for a stream that begins again at `resume_from`: lines already here are left out.
    pub fn resume(&mut self) {
        // What was cut off comes again whole.
        self.partial.clear();
        self.reader = Reader::default();
        self.open = Line::default();
        self.over = false;
        self.at = Self::start(self.stamped);
        self.skip = self.last.map(|(stamp, same)| Skip { stamp, same });
    }

    /// Time of the last line as the server wrote it, for `sinceTime`; `None` before the first stamped line.
    pub fn resume_from(&self) -> Option<&str> {
        self.lines
            .iter()
            .rev()
            .map(|line| line.stamp.as_str())
            .find(|stamp| !stamp.is_empty())
    }

    /// Forgets all lines.
    pub fn clear(&mut self) {
        *self = Self::new(self.limits, self.stamped);
    }

    /// Number of lines held.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line yet.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Number of the first line held: how many were dropped before it.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Number of the line after the last: grows by one a line.
    pub fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// Line by its place among those held.
    pub fn get(&self, index: usize) -> Option<&Line> {
        self.lines.get(index)
    }

    /// Line by its number since the start.
    pub fn line(&self, number: u64) -> Option<&Line> {
        number
            .checked_sub(self.first)
            .and_then(|index| self.lines.get(usize::try_from(index).ok()?))
    }

    /// Lines in order.
    pub fn iter(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// All lines as plain text.
    pub fn text(&self, stamps: bool) -> String {
        let mut out = String::with_capacity(self.lines.iter().map(|line| line.text.len() + 36).sum());
        for line in &self.lines {
            if stamps && !line.stamp.is_empty() {
                out.push_str(&line.stamp);
                out.push(' ');
            }
            out.push_str(&line.text);
            out.push('\n');
        }
        out
    }

    fn start(stamped: bool) -> At {
        if stamped { At::Stamp(String::new()) } else { At::Text }
    }

    fn decode(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match str::from_utf8(bytes) {
                Ok(text) => {
                    text.chars().for_each(|character| self.act(character));
                    return;
                }
                Err(error) => {
                    let (good, bad) = bytes.split_at(error.valid_up_to());
                    str::from_utf8(good)
                        .unwrap_or_default()
                        .chars()
                        .for_each(|character| self.act(character));
                    let Some(length) = error.error_len() else {
                        self.partial = bad.to_vec();
                        return;
                    };
                    self.act(char::REPLACEMENT_CHARACTER);
                    bytes = &bad[length..];
                }
            }
        }
    }

    fn act(&mut self, character: char) {
        if let At::Stamp(text) = &mut self.at {
            if character != ' ' && character != '\n' && text.len() < stamp::LONGEST && character.is_ascii_graphic() {
                text.push(character);
                return;
            }
            let text = std::mem::take(text);
            self.at = At::Text;
            let is_stamp = self.end_of_stamp(&text);
            if is_stamp && character == ' ' {
                return;
            }
        }
        self.show(character);
    }

    /// Takes the collected text as the line's time, or shows it when it is none.
    fn end_of_stamp(&mut self, text: &str) -> bool {
        let is_stamp = stamp::read(text).is_some();
        if is_stamp {
            text.clone_into(&mut self.open.stamp);
        } else {
            text.chars().for_each(|character| self.show(character));
        }
        is_stamp
    }

    fn show(&mut self, character: char) {
        match self.reader.read(character) {
            Act::Nothing => {}
            Act::NewLine => self.end_of_line(),
            Act::Return => self.over = true,
            Act::Back => {
                if let Some(last) = self.open.text.pop() {
                    self.shrink(last.len_utf8());
                }
            }
            Act::Show(character) => {
                if std::mem::take(&mut self.over) {
                    self.open.text.clear();
                    self.open.spans.clear();
                }
                if self.open.text.len() + character.len_utf8() > LINE_LIMIT {
                    let stamp = self.open.stamp.clone();
                    self.end_of_line();
                    self.at = At::Text;
                    self.open.stamp = stamp;
                }
                self.add(character);
            }
        }
    }

    fn add(&mut self, character: char) {
        let start = self.open.text.len() as u32;
        self.open.text.push(character);
        let end = self.open.text.len() as u32;
        let style = self.reader.style;
        if style == Style::default() {
            return;
        }
        match self.open.spans.last_mut() {
            Some(span) if span.end == start && span.style == style => span.end = end,
            _ => self.open.spans.push(Span { start, end, style }),
        }
    }

    fn shrink(&mut self, by: usize) {
        let end = self.open.text.len() as u32;
        if let Some(span) = self.open.spans.last_mut()
            && span.end > end
        {
            span.end -= by as u32;
            if span.start >= span.end {
                self.open.spans.pop();
            }
        }
    }

    fn end_of_line(&mut self) {
        self.over = false;
        self.at = Self::start(self.stamped);
        let mut line = std::mem::take(&mut self.open);
        if self.is_known(&line) {
            return;
        }
        line.text.shrink_to_fit();
        line.spans.shrink_to_fit();
        self.bytes += line.bytes();
        self.lines.push_back(line);
        while self.lines.len() > self.limits.lines || (self.bytes > self.limits.bytes && self.lines.len() > 1) {
            if let Some(line) = self.lines.pop_front() {
                self.bytes -= line.bytes();
                self.first += 1;
            }
        }
    }

    /// Whether the line was here before a reconnect; also notes its time for the next one.
    fn is_known(&mut self, line: &Line) -> bool {
        let Some(stamp) = stamp::read(&line.stamp) else {
            return false;
        };
        if let Some(skip) = &mut self.skip {
            if stamp < skip.stamp {
                return true;
            }
            if stamp == skip.stamp && skip.same > 0 {
                skip.same -= 1;
                return true;
            }
            self.skip = None;
        }
        self.last = match self.last {
            Some((last, same)) if last == stamp => Some((stamp, same + 1)),
            _ => Some((stamp, 1)),
        };
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(chunks: &[&[u8]]) -> LogBuffer {
        let mut buffer = LogBuffer::new(Limits::default(), false);
        chunks.iter().for_each(|chunk| buffer.push(chunk));
        buffer.finish();
        buffer
    }

    fn texts(buffer: &LogBuffer) -> Vec<&str> {
        buffer.iter().map(|line| line.text.as_str()).collect()
    }

    fn check(input: &str, expect: &[&str]) {
        assert_eq!(texts(&plain(&[input.as_bytes()])), expect, "{input:?}");
    }

    #[test]
    fn progress_bar_gives_its_last_state() {
        check("10%\r20%\r30%\nnext\n", &["30%", "next"]);
        check("dos\r\nlines\r\n", &["dos", "lines"]);
        check("ab\u{8}c\n", &["ac"]);
    }

    #[test]
    fn control_sequences_vanish() {
        check(
            "\u{1b}]8;;http://evil\u{7}link\u{1b}]8;;\u{7} \u{1b}[2J\u{1b}[1;1Hx\n",
            &["link x"],
        );
        check("\u{1b}]0;title\u{1b}\\a\u{1b}(Bb\u{1b}Pq#\u{1b}\\c\n", &["abc"]);
        check("a\u{0}\u{1}\u{7f}b\u{202e}c\n", &["abc"]);
        check("\u{1b}]never ends\nnext\n", &["", "next"]);
    }

    #[test]
    fn colours_give_spans() {
        let buffer = plain(&[b"a \x1b[1;31mred\x1b[0m b\n"]);
        let line = buffer.get(0).unwrap();
        assert_eq!(line.pieces(), [("a ", ""), ("red", "ansi-red ansi-bold"), (" b", "")]);
    }

    #[test]
    fn stamps_are_split_off() {
        let mut buffer = LogBuffer::new(Limits::default(), true);
        buffer.push(b"2026-11-24T13:34:00.000000001Z hello there\nno stamp here\n2026-11-24T13:34:01Z \n");
        assert_eq!(buffer.get(0).unwrap().stamp, "2026-11-24T13:34:00.000000001Z");
        assert_eq!(texts(&buffer), ["hello there", "no stamp here", ""]);
        assert_eq!(buffer.resume_from(), Some("2026-11-24T13:34:01Z"));
    }

    #[test]
    fn reconnect_gives_each_line_once() {
        let all: Vec<String> = [(0, "a"), (1, "b"), (1, "c"), (1, "d"), (2, "e")]
            .iter()
            .map(|(second, text)| format!("2026-11-24T13:34:0{second}Z {text}\n"))
            .collect();
        for cut in 0..all.len() {
            let mut buffer = LogBuffer::new(Limits::default(), true);
            buffer.push(all[..cut].concat().as_bytes());
            buffer.push(&all[cut].as_bytes()[..10]);
            buffer.resume();
            // sinceTime has a resolution of a second: the server sends the whole second again.
            let again = if cut == 0 {
                0
            } else {
                all.iter().position(|l| l[..20] == all[cut - 1][..20]).unwrap()
            };
            buffer.push(all[again..].concat().as_bytes());
            assert_eq!(texts(&buffer), ["a", "b", "c", "d", "e"], "cut at {cut}");
        }
    }

    #[test]
    fn endless_log_keeps_the_newest_lines() {
        let mut buffer = LogBuffer::new(
            Limits {
                lines: 100,
                bytes: 10_000,
            },
            false,
        );
        for number in 0..1_000 {
            buffer.push(format!("{number}\n").as_bytes());
        }
        assert!(buffer.len() <= 100 && buffer.bytes() <= 10_000);
        assert_eq!(buffer.end(), 1_000);
        assert_eq!(buffer.line(999).unwrap().text, "999");
        assert_eq!(buffer.line(0), None);
    }

    #[test]
    fn endless_line_is_broken_and_bounded() {
        let mut buffer = LogBuffer::new(
            Limits {
                lines: 100,
                bytes: 100_000,
            },
            false,
        );
        for _ in 0..1_000 {
            buffer.push(&[b'x'; 1_000]);
        }
        assert!(buffer.bytes() <= 100_000);
        assert!(buffer.iter().all(|line| line.text.len() <= LINE_LIMIT));
    }

    fn any_log() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            "[a-zéß日🙂 \\t]{0,12}".prop_map(String::into_bytes),
            Just(b"\x1b[31m".to_vec()),
            Just(b"\x1b[0m".to_vec()),
            Just(b"\x1b[38;5;200m".to_vec()),
            Just(b"\x1b]8;;x\x07".to_vec()),
            Just(b"\x1b".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\n".to_vec()),
            Just(b"2026-11-24T13:34:00Z ".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..6),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn cuts_anywhere_give_the_same_lines(log in any_log(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8), stamped: bool) {
            let mut whole = LogBuffer::new(Limits::default(), stamped);
            whole.push(&log);
            whole.finish();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(log.len() + 1)).collect();
            at.sort_unstable();
            let mut parts = LogBuffer::new(Limits::default(), stamped);
            let mut from = 0;
            for to in at.into_iter().chain([log.len()]) {
                parts.push(&log[from..to]);
                from = to;
            }
            parts.finish();
            prop_assert_eq!(whole.lines, parts.lines);
        }

        #[test]
        fn any_bytes_give_harmless_text_and_whole_pieces(log in any_log()) {
            let buffer = plain(&[&log]);
            for line in buffer.iter() {
                prop_assert!(line.text.chars().all(|c| c == '\t' || !c.is_control()), "{:?}", line.text);
                let pieces: String = line.pieces().iter().map(|(text, _)| *text).collect();
                prop_assert_eq!(&pieces, &line.text);
            }
        }
    }
}
