//! Reads a formula: numbers, tags, four operations and powers, and a few functions.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = factor (("*" | "/") factor)*
//! factor  = "-" factor | atom ("^" factor)?
//! atom    = number | tag | function "(" sum ("," sum)* ")" | "(" sum ")"
//! tag     = letters, digits, "_", "." and "/" after a letter, or anything in backquotes
//! ```
//! A tag with a slash in it is one tag: write spaces or parentheses around `/` to divide.

/// What is wrong with a formula, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// In characters from the beginning.
    pub at: usize,
    /// In words.
    pub what: &'static str,
}

impl std::fmt::Display for ExpressionError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} at character {}", self.what, self.at + 1)
    }
}

impl std::error::Error for ExpressionError {}

/// One step of a machine with a stack.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Number(f64),
    /// Which of the formula's tags.
    Tag(usize),
    Negate,
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
}

/// How deep parentheses, signs and powers may go.
const DEEPEST: usize = 64;

/// Functions of one number.
const ONE: [(&str, fn(f64) -> f64); 6] = [
    ("abs", f64::abs),
    ("exp", f64::exp),
    ("ln", f64::ln),
    ("log10", f64::log10),
    ("sqrt", f64::sqrt),
    // Rust's own has no zero.
    ("sign", |one| if one == 0.0 { one } else { one.signum() }),
];
/// Functions of two numbers. Rust's own `min` and `max` would hide a NaN.
const TWO: [(&str, fn(f64, f64) -> f64); 3] = [
    (
        "min",
        |one, other| if one.is_nan() || one < other { one } else { other },
    ),
    (
        "max",
        |one, other| if one.is_nan() || one > other { one } else { other },
    ),
    ("pow", f64::powf),
];

/// A formula as steps, and the tags that it names.
#[derive(Clone, Debug, Default)]
pub(super) struct Formula {
    pub(super) steps: Vec<Step>,
    pub(super) tags: Vec<String>,
}

pub(super) fn parse(text: &str) -> Result<Formula, ExpressionError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        formula: Formula::default(),
    };
    let read = parser.sum().and_then(|()| match parser.peek() {
        None => Ok(()),
        Some(_) => Err(parser.error("an operator was expected")),
    });
    match read {
        Ok(()) => Ok(parser.formula),
        // The parser counts bytes, people count characters.
        Err(error) => Err(ExpressionError {
            at: text[..error.at].chars().count(),
            ..error
        }),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    formula: Formula,
}

impl<'a> Parser<'a> {
    fn error(&self, what: &'static str) -> ExpressionError {
        ExpressionError { at: self.at, what }
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn push(&mut self, step: Step) {
        self.formula.steps.push(step);
    }

    fn sum(&mut self) -> Result<(), ExpressionError> {
        self.product()?;
        loop {
            let work: fn(f64, f64) -> f64 = match self.peek() {
                Some('+') => |one, other| one + other,
                Some('-') => |one, other| one - other,
                _ => return Ok(()),
            };
            self.at += 1;
            self.product()?;
            self.push(Step::Two(work));
        }
    }

    fn product(&mut self) -> Result<(), ExpressionError> {
        self.factor()?;
        loop {
            let work: fn(f64, f64) -> f64 = match self.peek() {
                Some('*') => |one, other| one * other,
                Some('/') => |one, other| one / other,
                _ => return Ok(()),
            };
            self.at += 1;
            self.factor()?;
            self.push(Step::Two(work));
        }
    }

    fn factor(&mut self) -> Result<(), ExpressionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("too deep"));
        }
        if self.eat('-') {
            self.factor()?;
            self.push(Step::Negate);
        } else {
            self.atom()?;
            if self.eat('^') {
                self.factor()?;
                self.push(Step::Two(f64::powf));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn atom(&mut self) -> Result<(), ExpressionError> {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                self.sum()?;
                self.close()
            }
            Some('`') => {
                let begin = self.at + 1;
                let Some(length) = self.text[begin..].find('`') else {
                    return Err(self.error("a backquote is not closed"));
                };
                self.at = begin + length + 1;
                self.tag(&self.text[begin..begin + length]);
                Ok(())
            }
            Some(digit) if digit.is_ascii_digit() || digit == '.' => self.number(),
            Some(letter) if letter.is_alphabetic() || letter == '_' => self.word(),
            Some(_) => Err(self.error("a number or a tag was expected")),
            None => Err(self.error("it ends too early")),
        }
    }

    fn close(&mut self) -> Result<(), ExpressionError> {
        if self.eat(')') {
            Ok(())
        } else {
            Err(self.error("a parenthesis is not closed"))
        }
    }

    fn number(&mut self) -> Result<(), ExpressionError> {
        let rest = &self.text[self.at..];
        let mut before = ' ';
        let end = rest.find(|c: char| {
            let is_part = c.is_ascii_digit()
                || c == '.'
                || matches!(c, 'e' | 'E')
                || matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
            before = c;
            !is_part
        });
        let word = &rest[..end.unwrap_or(rest.len())];
        let Ok(number) = word.parse() else {
            return Err(self.error("not a number"));
        };
        self.at += word.len();
        self.push(Step::Number(number));
        Ok(())
    }

    fn word(&mut self) -> Result<(), ExpressionError> {
        let (begin, text) = (self.at, self.text);
        let rest = &text[begin..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '/')))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        if !self.eat('(') {
            self.tag(word);
            return Ok(());
        }
        self.sum()?;
        if let Some((_, work)) = ONE.iter().find(|(name, _)| *name == word) {
            self.push(Step::One(*work));
            return self.close();
        }
        let Some((_, work)) = TWO.iter().find(|(name, _)| *name == word) else {
            return Err(ExpressionError {
                at: begin,
                what: "there is no such function",
            });
        };
        if !self.eat(',') {
            return Err(self.error("a second argument was expected"));
        }
        self.sum()?;
        self.push(Step::Two(*work));
        self.close()
    }

    fn tag(&mut self, name: &str) {
        let tags = &mut self.formula.tags;
        let at = tags.iter().position(|tag| tag == name).unwrap_or_else(|| {
            tags.push(name.to_owned());
            tags.len() - 1
        });
        self.push(Step::Tag(at));
    }
}
