//! Takes the colours out of the app's own tokens, so that the pictures look like the page.

use std::fmt::Write as _;

const TOKENS: &str = include_str!("../../../../style/tokens.css");

/// The tokens that the pictures use.
const USED: &[&str] = &[
    "--bg",
    "--surface",
    "--line",
    "--line-strong",
    "--control-line",
    "--text",
    "--muted",
    "--faint",
    "--accent-text",
    "--accent-weak",
    "--ok",
    "--busy",
    "--busy-weak",
    "--warn",
    "--warn-weak",
    "--bad",
    "--bad-weak",
    "--off",
    "--inside",
];

const RULES: &str = include_str!("draw.css");

/// The style sheet: light, and dark where the reader's system is.
pub(crate) fn style() -> String {
    let mut out = String::from("<style>\n");
    let font = TOKENS
        .split("@font-face")
        .find(|face| face.contains("\"Inter fallback\""));
    let font = font
        .and_then(|face| Some(&face[..=face.find('}')?]))
        .unwrap_or_default();
    let (light, dark) = TOKENS.split_once("[data-theme=\"dark\"]").unwrap_or((TOKENS, ""));
    let light = light.split_once(":root").map_or("", |(_, root)| root);
    let written = write!(
        out,
        "@font-face{font}\nsvg {{{}}}\n@media (prefers-color-scheme: dark) {{ svg {{{}}} }}\n{RULES}</style>",
        variables(light),
        variables(dark)
    );
    written.unwrap_or_default();
    out
}

fn variables(block: &str) -> String {
    let value = |name: &&str| {
        let line = block
            .lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))?;
        Some(format!(" {name}:{line}"))
    };
    USED.iter().filter_map(value).collect()
}
