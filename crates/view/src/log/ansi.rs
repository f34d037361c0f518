//! Reads terminal text one character at a time and says what of it may be shown.
//!
//! Select Graphic Rendition (colours, weight) becomes a `Style`; links (OSC 8), titles, cursor moves, and all other
//! control sequences vanish. Source: ECMA-48, 5th edition, §5.4 (CSI), §5.6 (control strings), §8.3.117 (SGR).

/// Longest control sequence that is waited for; a longer one is given up, so that a stray start swallows little.
const SEQUENCE_LIMIT: usize = 2048;

/// One of the sixteen colours of a terminal, 0 to 15 (8 and up are the bright ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8);

/// How a run of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Colour of the text.
    pub fore: Option<Colour>,
    /// Colour of the ground.
    pub back: Option<Colour>,
    /// Heavier weight.
    pub bold: bool,
    /// Fainter.
    pub dim: bool,
    /// Slanted.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
}

impl Style {
    /// CSS classes of the style; empty for plain text.
    ///
    /// Only the colour of the text and one of its other properties are kept: a ground is left to the theme, whose
    /// contrast it would break.
    pub fn class(&self) -> &'static str {
        let Some(Colour(colour)) = self.fore else {
            return match self {
                Self { bold: true, .. } => "ansi-bold",
                Self { underline: true, .. } => "ansi-underline",
                Self { italic: true, .. } => "ansi-italic",
                Self { dim: true, .. } => "ansi-dim",
                _ => "",
            };
        };
        let (plain, bold) = FORE[usize::from(colour & 7)];
        if self.bold { bold } else { plain }
    }

    /// Applies the parameters of one SGR sequence, such as `1;31`.
    fn select(&mut self, parameters: &[u8]) {
        let text = str::from_utf8(parameters).unwrap_or_default();
        // `38:5:1` is the same as `38;5;1` for what is read here.
        let mut numbers = text.split([';', ':']).map(|part| part.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 | 21 => self.underline = true,
                7 => core::mem::swap(&mut self.fore, &mut self.back),
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                30..=37 => self.fore = Some(Colour((number - 30) as u8)),
                38 => self.fore = extended(&mut numbers).or(self.fore),
                39 => self.fore = None,
                40..=47 => self.back = Some(Colour((number - 40) as u8)),
                48 => self.back = extended(&mut numbers).or(self.back),
                49 => self.back = None,
                90..=97 => self.fore = Some(Colour((number - 82) as u8)),
                100..=107 => self.back = Some(Colour((number - 92) as u8)),
                _ => {}
            }
        }
    }
}

/// Classes by colour, plain and bold; the bright colours are those of the theme too.
const FORE: [(&str, &str); 8] = [
    ("ansi-black", "ansi-black ansi-bold"),
    ("ansi-red", "ansi-red ansi-bold"),
    ("ansi-green", "ansi-green ansi-bold"),
    ("ansi-yellow", "ansi-yellow ansi-bold"),
    ("ansi-blue", "ansi-blue ansi-bold"),
    ("ansi-magenta", "ansi-magenta ansi-bold"),
    ("ansi-cyan", "ansi-cyan ansi-bold"),
    ("ansi-white", "ansi-white ansi-bold"),
];

/// Reads `5;n` or `2;r;g;b` and gives the nearest of the sixteen, whose contrast the theme answers for.
fn extended(numbers: &mut dyn Iterator<Item = u16>) -> Option<Colour> {
    match numbers.next()? {
        5 => {
            let number = numbers.next()?;
            Some(match number {
                0..=15 => Colour(number as u8),
                16..=231 => {
                    let cube = number - 16;
                    let level = |n: u16| if n == 0 { 0 } else { 55 + 40 * n };
                    nearest(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
                }
                _ => {
                    let grey = 8 + 10 * (number.min(255) - 232);
                    nearest(grey, grey, grey)
                }
            })
        }
        2 => {
            let (red, green, blue) = (numbers.next()?, numbers.next()?, numbers.next()?);
            Some(nearest(red, green, blue))
        }
        _ => None,
    }
}

fn nearest(red: u16, green: u16, blue: u16) -> Colour {
    let top = red.max(green).max(blue);
    let low = red.min(green).min(blue);
    if top < 64 {
        return Colour(0);
    }
    if top - low < 32 {
        return Colour(match top {
            0..=95 => 8,
            96..=200 => 7,
            _ => 15,
        });
    }
    let half = low + (top - low) / 2;
    let bit = |value: u16, bit: u8| if value > half { bit } else { 0 };
    Colour(bit(red, 1) | bit(green, 2) | bit(blue, 4) | if top > 200 { 8 } else { 0 })
}

/// A run of text in one style, as byte offsets into its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Look of the run.
    pub style: Style,
}

/// What a character asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Show(char),
    NewLine,
    /// Back to the start of the line: what comes next writes over it.
    Return,
    /// Back by one character.
    Back,
    Nothing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    /// After an intermediate byte, such as in `ESC ( B`.
    Charset,
    Csi,
    /// Inside OSC, DCS, PM, APC or SOS, up to BEL or ST.
    Text,
    /// ESC inside such a string.
    TextEscape,
}

/// Reader of terminal text that remembers where in a sequence it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    state: State,
    parameters: Vec<u8>,
    length: usize,
    /// Style of the text that comes.
    pub(super) style: Style,
}

impl Reader {
    pub(super) fn read(&mut self, character: char) -> Act {
        // A line break ends every sequence: logs are lines, and no program splits a sequence over two.
        if character == '\n' {
            self.state = State::Ground;
            return Act::NewLine;
        }
        match self.state {
            State::Ground => self.ground(character),
            State::Escape => {
                self.escape(character);
                Act::Nothing
            }
            State::Charset => {
                if !(' '..='/').contains(&character) {
                    self.state = State::Ground;
                }
                Act::Nothing
            }
            State::Csi => {
                self.csi(character);
                Act::Nothing
            }
            State::Text | State::TextEscape => {
                self.text(character);
                Act::Nothing
            }
        }
    }

    fn ground(&mut self, character: char) -> Act {
        match character {
            '\u{1b}' => self.enter(State::Escape),
            '\u{9b}' => self.enter(State::Csi),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => self.enter(State::Text),
            '\r' => Act::Return,
            '\u{8}' => Act::Back,
            '\t' => Act::Show('\t'),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Act::Nothing,
            // Line and paragraph separators would break the row; direction marks would reorder it.
            '\u{2028}' | '\u{2029}' => Act::Show(' '),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => Act::Nothing,
            _ => Act::Show(character),
        }
    }

    fn enter(&mut self, state: State) -> Act {
        self.state = state;
        self.parameters.clear();
        self.length = 0;
        Act::Nothing
    }

    fn escape(&mut self, character: char) {
        self.state = match character {
            '[' => State::Csi,
            ']' | 'P' | 'X' | '^' | '_' => State::Text,
            '\u{1b}' => State::Escape,
            ' '..='/' => State::Charset,
            _ => State::Ground,
        };
    }

    fn csi(&mut self, character: char) {
        match character {
            '\u{1b}' => {
                self.enter(State::Escape);
            }
            '@'..='~' => {
                // A private marker (`<`, `=`, `>`, `?`) makes it something else than SGR.
                if character == 'm'
                    && !self
                        .parameters
                        .iter()
                        .any(|byte| matches!(byte, b'<'..=b'?' | b' '..=b'/'))
                {
                    self.style.select(&self.parameters);
                }
                self.state = State::Ground;
            }
            ' '..='?' if self.length < SEQUENCE_LIMIT => {
                self.length += 1;
                self.parameters.push(character as u8);
            }
            _ => self.state = State::Ground,
        }
    }

    fn text(&mut self, character: char) {
        self.length += 1;
        self.state = match (self.state, character) {
            (State::TextEscape, '\\') | (_, '\u{7}' | '\u{9c}') => State::Ground,
            _ if self.length > SEQUENCE_LIMIT => State::Ground,
            (State::TextEscape, '[') => State::Csi,
            (_, '\u{1b}') => State::TextEscape,
            _ => State::Text,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(parameters: &str) -> &'static str {
        let mut style = Style::default();
        style.select(parameters.as_bytes());
        style.class()
    }

    #[test]
    fn graphic_rendition_gives_classes() {
        assert_eq!(style(""), "");
        assert_eq!(style("1;31"), "ansi-red ansi-bold");
        assert_eq!(style("38;5;196"), "ansi-red");
        assert_eq!(style("38:2:0:200:0"), "ansi-green");
        assert_eq!(style("97;44;4"), "ansi-white");
        assert_eq!(style("1;3;0"), "");
        assert_eq!(style("38;5"), "");
        assert_eq!(style("999999999;31"), "ansi-red");
    }

    #[test]
    fn private_sequences_change_nothing() {
        let mut reader = Reader::default();
        for character in "\u{1b}[?31m\u{1b}[>4;1m\u{1b}[2K".chars() {
            assert_eq!(reader.read(character), Act::Nothing);
        }
        assert_eq!(reader.style, Style::default());
    }
}
