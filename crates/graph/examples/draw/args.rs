//! Reads the command line.

/// What is to be drawn, and how.
#[derive(Debug, Default)]
pub(crate) struct Args {
    /// The pipeline files.
    pub(crate) files: Vec<String>,
    /// Where the picture goes.
    pub(crate) out: String,
    /// Paths of groups that are drawn as one box.
    pub(crate) fold: Vec<String>,
    /// The path of the group whose inside is drawn.
    pub(crate) at: String,
    /// Whether edges go from left to right.
    pub(crate) left_right: bool,
    /// A file with the status of a run.
    pub(crate) status: Option<String>,
}

impl Args {
    /// Errors: the word that is not understood, or what is missing.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            at: "root".to_owned(),
            ..Self::default()
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "-o" => args.out = value()?,
                "--fold" => args.fold.push(value()?),
                "--at" => args.at = value()?,
                "--status" => args.status = Some(value()?),
                "--left-right" => args.left_right = true,
                flag if flag.starts_with('-') => return Err(format!("no such option: {flag}")),
                _ => args.files.push(word),
            }
        }
        if args.files.is_empty() || args.out.is_empty() {
            return Err(
                "usage: draw FILE… -o OUT [--fold PATH]… [--at PATH] [--left-right] [--status FILE]".to_owned(),
            );
        }
        Ok(args)
    }
}
