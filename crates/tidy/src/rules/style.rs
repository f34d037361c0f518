//! Keeps colours, sizes and fonts in `style/tokens.css`, and inline styles and raw HTML out of views.

use super::Source;

/// Literals in CSS outside `tokens.css`: colours, pixel sizes and font families.
pub fn literals(sheets: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for sheet in sheets.iter().filter(|sheet| !sheet.path.ends_with("tokens.css")) {
        let text = without_comments(&sheet.text);
        for (number, line) in text.lines().enumerate() {
            // A media query cannot read a custom property.
            if line.trim_start().starts_with("@media") || line.trim_start().starts_with("@container") {
                continue;
            }
            if let Some(what) = literal(line) {
                broken.push(format!(
                    "{}:{}: {what} belongs in style/tokens.css: {}",
                    sheet.path,
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    broken
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        let end = rest[start..].find("*/").map_or(rest.len(), |end| start + end + 2);
        out.push_str(&rest[..start]);
        out.extend(rest[start..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn literal(line: &str) -> Option<&'static str> {
    let value = line.split_once(':').map_or(line, |(_, value)| value);
    if ["rgb(", "rgba(", "hsl(", "oklch(", "lab("]
        .iter()
        .any(|colour| value.contains(colour))
        || has_hex(value)
    {
        return Some("a colour");
    }
    if has_pixels(value) {
        return Some("a size");
    }
    (line.trim_start().starts_with("font-family:") && !value.contains("var(") && !value.contains("inherit"))
        .then_some("a font")
}

fn has_hex(value: &str) -> bool {
    value.match_indices('#').any(|(at, _)| {
        let digits = value[at + 1..].chars().take_while(char::is_ascii_hexdigit).count();
        (3..=8).contains(&digits) && !value.contains('{')
    })
}

fn has_pixels(value: &str) -> bool {
    value.match_indices("px").any(|(at, _)| {
        let number: String = value[..at]
            .chars()
            .rev()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        !number.is_empty() && number != "0"
    })
}

/// Views that set a style attribute (the Content-Security-Policy refuses it) or write raw HTML.
pub fn raw_markup(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains(" style=") || code.contains("inner_html") || code.contains("insert_adjacent_html") {
                broken.push(format!(
                    "{}:{}: use `style:name=` and text nodes",
                    source.path,
                    number + 1
                ));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> usize {
        literals(&[Source {
            path: "style/a.css".to_owned(),
            text: line.to_owned(),
        }])
        .len()
    }

    #[test]
    fn literals_are_found() {
        assert_eq!(check("color: #fff;"), 1);
        assert_eq!(check("color: oklch(50% 0.1 20);"), 1);
        assert_eq!(check("margin: 3px;"), 1);
        assert_eq!(check("font-family: Inter;"), 1);
    }

    #[test]
    fn tokens_and_media_queries_pass() {
        assert_eq!(check("color: var(--text); margin: 0; width: 100%;"), 0);
        assert_eq!(check("@media (max-width: 720px) {"), 0);
        assert_eq!(check("/* 3px of #fff */"), 0);
        assert_eq!(check("#crashed { display: none }"), 0);
    }
}
