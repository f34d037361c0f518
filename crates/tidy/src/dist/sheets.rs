//! One style sheet where the page links to several in a row: together they compress to half.

use super::{hash, shorter};
use std::path::Path;

/// Joins each run of style sheets into one file in `dist` and links to that; the order of rules stays.
pub(super) fn join(dist: &Path, html: &str) -> Result<String, String> {
    let mut page = String::with_capacity(html.len());
    for part in parts(html) {
        match part {
            Part::Page(text) => page.push_str(text),
            Part::Sheets(names) => {
                let mut css = String::new();
                for name in names {
                    let file = dist.join(name);
                    css.push_str(&std::fs::read_to_string(&file).map_err(|why| format!("{name}: {why}"))?);
                    std::fs::remove_file(&file).map_err(|why| format!("{name}: {why}"))?;
                }
                let css = shorter::css(&css);
                let name = format!("style-{:016x}.css", hash(&css));
                std::fs::write(dist.join(&name), css).map_err(|why| format!("{name}: {why}"))?;
                page.push_str(&format!("<link rel=\"stylesheet\" href=\"/{name}\" />"));
            }
        }
    }
    Ok(page)
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Page(&'a str),
    Sheets(Vec<&'a str>),
}

/// The page cut at its links to style sheets; what follows each other with only blanks between is one part.
fn parts(html: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = html;
    while let Some((before, name, after)) = next_sheet(rest) {
        match parts.last_mut() {
            Some(Part::Sheets(names)) if before.trim().is_empty() => names.push(name),
            _ => parts.extend([Part::Page(before), Part::Sheets(vec![name])]),
        }
        rest = after;
    }
    parts.push(Part::Page(rest));
    parts
}

/// What stands before the next link to a style sheet, the file's name, and what stands after the link.
fn next_sheet(html: &str) -> Option<(&str, &str, &str)> {
    html.match_indices("<link").find_map(|(at, _)| {
        let (link, after) = html[at..].split_once('>')?;
        let name = link.split_once("href=\"/")?.1.split('"').next()?;
        link.contains("rel=\"stylesheet\"")
            .then_some((&html[..at], name, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_in_a_row_are_one_part() {
        let html = "<link rel=\"icon\" href=\"/i\"/><link rel=\"stylesheet\" href=\"/a.css\"/>\n <link rel=\"stylesheet\" href=\"/b.css\"/><p><link rel=\"stylesheet\" href=\"/c.css\"/>!";
        let wanted = [
            Part::Page("<link rel=\"icon\" href=\"/i\"/>"),
            Part::Sheets(vec!["a.css", "b.css"]),
            Part::Page("<p>"),
            Part::Sheets(vec!["c.css"]),
            Part::Page("!"),
        ];
        assert_eq!(parts(html), wanted);
    }
}
