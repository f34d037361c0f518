//! Cuts a stream of bytes into frames at newlines, wherever the pieces of the stream happen to end.
//!
//! Works on bytes, so a piece may end inside a character. Never parses JSON: a newline inside a JSON text is always
//! escaped, so each one is an end of frame.

/// The longest frame that is taken, in bytes; etcd's own limit on an object is 1.5 MiB.
pub const FRAME_LIMIT_BYTES: usize = 8 << 20;

/// A frame longer than [`FRAME_LIMIT_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Bytes that wait for the rest of their frame.
#[derive(Debug, Default)]
pub struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// Takes the first frame off `piece`, which is left at what follows it; `None` when the piece is used up.
    ///
    /// The frame is without its newline and may be blank. It borrows from the piece when it lies in it whole, so a
    /// frame is copied only where it spans two pieces.
    pub fn next<'a>(&mut self, piece: &mut &'a [u8]) -> Result<Option<Frame<'a>>, TooLong> {
        let end = memchr::memchr(b'\n', piece);
        let taken = end.unwrap_or(piece.len());
        if self.begun.len() + taken > FRAME_LIMIT_BYTES {
            return Err(TooLong);
        }
        let (head, rest) = piece.split_at(taken);
        match end {
            None => {
                self.begun.extend_from_slice(head);
                *piece = rest;
                Ok(None)
            }
            Some(_) => {
                *piece = &rest[1..];
                if self.begun.is_empty() {
                    return Ok(Some(Frame::Whole(head)));
                }
                self.begun.extend_from_slice(head);
                Ok(Some(Frame::Joined(std::mem::take(&mut self.begun))))
            }
        }
    }

    /// Forgets a frame that was begun: the stream has ended, and what follows is another.
    pub fn clear(&mut self) {
        self.begun.clear();
    }

    /// Whether a frame was begun and not ended.
    pub fn is_cut(&self) -> bool {
        !self.begun.is_empty()
    }
}

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// It lay whole in the piece.
    Whole(&'a [u8]),
    /// It was joined from several pieces.
    Joined(Vec<u8>),
}

impl Frame<'_> {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Frame::Whole(bytes) => bytes,
            Frame::Joined(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut frames = Frames::default();
        let mut out = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while let Some(frame) = frames.next(&mut rest).unwrap() {
                out.push(frame.bytes().to_vec());
            }
        }
        out
    }

    #[test]
    fn piece_that_ends_inside_a_character_is_joined() {
        let text = "{\"ä\":\"日本\"}\n".as_bytes();
        for at in 0..text.len() {
            assert_eq!(
                cut(&[&text[..at], &text[at..]]),
                [text[..text.len() - 1].to_vec()],
                "cut at {at}"
            );
        }
    }

    #[test]
    fn frame_over_the_limit_is_an_error() {
        let mut frames = Frames::default();
        let piece = vec![b'x'; FRAME_LIMIT_BYTES / 2];
        for _ in 0..2 {
            assert_eq!(frames.next(&mut piece.as_slice()), Ok(None));
        }
        assert_eq!(frames.next(&mut b"x\n".as_slice()), Err(TooLong));
        let mut frames = Frames::default();
        let mut whole = vec![b'x'; FRAME_LIMIT_BYTES];
        whole.push(b'\n');
        assert!(matches!(frames.next(&mut whole.as_slice()), Ok(Some(_))));
    }

    proptest! {
        #[test]
        fn frames_are_the_same_wherever_the_stream_is_cut(
            lines in prop::collection::vec("[^\\n]{0,20}", 0..20),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let stream: Vec<u8> = lines.iter().flat_map(|line| line.bytes().chain([b'\n'])).collect();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            at.extend([0, stream.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            let expect: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
            prop_assert_eq!(cut(&pieces), expect);
        }
    }
}
