//! Finishes what Trunk built: no inline script, less text, and a gzip and a brotli copy beside every asset.
//!
//! Trunk writes its start script inline (trunk-rs/trunk#288), which a Content-Security-Policy without
//! `unsafe-inline` refuses. It becomes a file here, named by its content like all the others.

mod copies;
mod sheets;
mod shorter;

pub use copies::with_suffix;

use crate::inputs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Moves inline scripts out of `dist/index.html` and, for a release, shortens text and writes the compressed copies.
///
/// # Errors
/// What could not be read or written, and an inline style or a script that could not be moved.
pub fn finish(dist: &Path, is_release: bool) -> Result<(), String> {
    let index = dist.join("index.html");
    let html = std::fs::read_to_string(&index).map_err(|why| format!("{}: {why}", index.display()))?;
    let (mut html, scripts) = without_inline_scripts(&html)?;
    for (name, script) in &scripts {
        std::fs::write(dist.join(name), script).map_err(|why| format!("{name}: {why}"))?;
    }
    if is_release {
        html = shorter::html(&sheets::join(dist, &html)?);
    }
    std::fs::write(&index, html).map_err(|why| format!("{}: {why}", index.display()))?;
    if is_release {
        for file in inputs::files(&[dist.to_path_buf()]) {
            shorten_script(&file)
                .and_then(|()| copies::write(&file))
                .map_err(|why| format!("{}: {why}", file.display()))?;
        }
    }
    Ok(())
}

fn shorten_script(file: &Path) -> std::io::Result<()> {
    if !inputs::is_kind(file, "js") {
        return Ok(());
    }
    std::fs::write(file, shorter::script(&std::fs::read_to_string(file)?))
}

/// Replaces each inline script by a link to a file; gives the page and the files (name, content).
///
/// # Errors
/// That a script has no end, or that the page has an inline style, which the policy would refuse.
pub fn without_inline_scripts(html: &str) -> Result<(String, Vec<(String, String)>), String> {
    if html.contains("<style") || html.contains(" style=") {
        return Err("index.html has an inline style; the Content-Security-Policy refuses those".to_owned());
    }
    let mut page = String::with_capacity(html.len());
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let body_at = start
            + rest[start..]
                .find('>')
                .ok_or("a <script> tag in index.html has no end")?
            + 1;
        let end = body_at
            + rest[body_at..]
                .find("</script>")
                .ok_or("a script in index.html has no end")?;
        let (tag, body) = (&rest[start..body_at], &rest[body_at..end]);
        page.push_str(&rest[..start]);
        if body.trim().is_empty() {
            page.push_str(&rest[start..end]);
        } else {
            let name = format!("start-{:016x}.js", hash(body));
            let tag = tag.trim_end_matches('>');
            page.push_str(&format!("{tag} src=\"/{name}\">"));
            scripts.push((name, body.trim().to_owned()));
        }
        rest = &rest[end..];
    }
    page.push_str(rest);
    Ok((page, scripts))
}

/// The number by which a file is named after what it is made of.
pub(crate) fn hash(content: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_script_becomes_a_file() {
        let (page, scripts) = without_inline_scripts("<a><script type=\"module\">go()</script><b>").unwrap();
        assert_eq!(scripts.len(), 1);
        assert_eq!(scripts[0].1, "go()");
        assert_eq!(
            page,
            format!("<a><script type=\"module\" src=\"/{}\"></script><b>", scripts[0].0)
        );
    }

    #[test]
    fn linked_script_stays() {
        let html = "<script src=\"/theme.js\"></script>";
        assert_eq!(without_inline_scripts(html).unwrap(), (html.to_owned(), vec![]));
    }

    #[test]
    fn inline_style_is_refused() {
        assert!(without_inline_scripts("<p style=\"color: red\">").is_err());
        assert!(without_inline_scripts("<style>p{}</style>").is_err());
    }
}
