//! Turns offsets into lines and columns.

use super::Place;

/// Lines and columns of a text; cheap where the offsets ascend.
#[derive(Debug)]
pub(crate) struct Places<'t> {
    text: &'t str,
    at: usize,
    place: Place,
}

impl<'t> Places<'t> {
    const START: Place = Place { line: 1, column: 1 };

    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            place: Self::START,
        }
    }

    /// The place of one offset; of one behind the end, the end.
    pub(crate) fn one(text: &str, at: usize) -> Place {
        Places::new(text).of(at)
    }

    /// The place of an offset.
    pub(crate) fn of(&mut self, at: usize) -> Place {
        let at = self.text.floor_char_boundary(at);
        if at < self.at {
            *self = Self::new(self.text);
        }
        let passed = self.text.get(self.at..at).unwrap_or_default();
        let lines = passed.bytes().filter(|&byte| byte == b'\n').count();
        let line = passed.rfind('\n').map_or(passed, |end| &passed[end + 1..]);
        let columns = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
        if lines == 0 {
            self.place.column = self.place.column.saturating_add(columns);
        } else {
            self.place.line = self.place.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.place.column = columns.saturating_add(1);
        }
        self.at = at;
        self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let place = |at| {
            let Place { line, column } = Places::one("aä\nbc", at);
            (line, column)
        };
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(3), (1, 3));
        assert_eq!(place(4), (2, 1));
        assert_eq!(place(99), (2, 3));
    }

    #[test]
    fn going_back_is_allowed() {
        let mut places = Places::new("a\nb\nc");
        assert_eq!(places.of(4).line, 3);
        assert_eq!(places.of(2).line, 2);
    }
}
