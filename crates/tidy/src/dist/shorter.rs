//! Leaves out of text files what only people read: comments, indents, blank lines.
//!
//! Only what is certain without a parser; names stay as they are, so a stack in a bug report can be read.

/// A style sheet without comments and blanks that mean nothing; strings stay.
pub(super) fn css(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ => first.len_utf8(),
        };
        match first {
            '/' if length > 1 => {}
            '"' => out.push_str(&rest[..length]),
            _ if first.is_whitespace() => {
                if !out.is_empty() && !out.ends_with([' ', '{', '}', ';', ',', ':']) {
                    out.push(' ');
                }
            }
            '{' | '}' | ';' | ',' => {
                out.truncate(out.trim_end().len());
                if first == '}' && out.ends_with(';') {
                    out.pop();
                }
                out.push(first);
            }
            _ => out.push(first),
        }
        rest = &rest[length..];
    }
    out.truncate(out.trim_end().len());
    out
}

/// A script without whole-line comments, indents and blank lines. A template over several lines keeps all as it is.
pub(super) fn script(text: &str) -> String {
    if text.lines().any(|line| line.matches('`').count() % 2 == 1) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        let is_code = !in_comment && !line.is_empty() && !line.starts_with("//");
        in_comment &= !line.contains("*/");
        if is_code {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// A page without comments that fill a line, indents and blank lines.
pub(super) fn html(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !(line.is_empty() || line.starts_with("<!-- ") && line.ends_with("-->")))
        .fold(String::with_capacity(text.len()), |page, line| page + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn css_loses_blanks_that_mean_nothing() {
        let text = "/* a */\n.a :hover,\n.b > .c {\n  color: red;\n  width: calc(1px + 2px); /* b */\n}\n";
        assert_eq!(css(text), ".a :hover,.b > .c{color:red;width:calc(1px + 2px)}");
    }

    #[test]
    fn css_keeps_strings_and_queries() {
        let text = ".a::after { content: \" /* ; \"; }\n@media (min-width: 1px) and (hover: hover) { .b { top: 0; } }";
        assert_eq!(
            css(text),
            ".a::after{content:\" /* ; \"}@media (min-width:1px) and (hover:hover){.b{top:0}}"
        );
    }

    #[test]
    fn script_loses_its_comments() {
        let text =
            "/**\n * What\n */\nexport function a() {\n    // Why\n    return 'http://b'; // c\n}\n\n/** d */\nb();\n";
        assert_eq!(
            script(text),
            "export function a() {\nreturn 'http://b'; // c\n}\nb();\n"
        );
    }

    #[test]
    fn script_with_a_long_template_stays() {
        let text = "let a = `\n  // b\n`;\n";
        assert_eq!(script(text), text);
    }

    #[test]
    fn page_loses_its_comments() {
        assert_eq!(html("<a>\n\n  <!-- b -->\n  <c> d\n"), "<a>\n<c> d\n");
    }
}
