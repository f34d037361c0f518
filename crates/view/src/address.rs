//! Reads the address of a page: its path against the patterns of routes, its query as values.
//!
//! Segments of a path are compared and decoded one by one, so that an escaped `/` stays part of a name.

use crate::query::{Get, decode, encode, pairs};

/// Where the page is: path and query, without origin and fragment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    path: String,
    search: String,
}

impl Address {
    /// Reads `/path?key=value#fragment`; the fragment is left out.
    pub fn parse(url: &str) -> Self {
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        let (path, search) = url.split_once('?').unwrap_or((url, ""));
        Self {
            path: path.to_owned(),
            search: search.to_owned(),
        }
    }

    /// The path, as it is escaped in the URL.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Reads the query into the struct of a page.
    pub fn query<T>(&self, read: impl Fn(Get<'_>) -> T) -> T {
        let pairs = pairs(&self.search);
        read(&|key| pairs.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone()))
    }

    /// This address with `key=value` at the head of its query.
    pub fn with(&self, key: &str, value: &str) -> String {
        let mut url = [&self.path, "?", key, "="].concat();
        encode(value, &mut url);
        if !self.search.is_empty() {
            url.push('&');
            url.push_str(&self.search);
        }
        url
    }

    /// Whether this is a page of `pattern`: `/notebooks/:name` is any path of two segments that begins so.
    pub fn fits(&self, pattern: &str) -> bool {
        segments(pattern).count() == segments(&self.path).count()
            && segments(pattern)
                .zip(segments(&self.path))
                .all(|(wanted, had)| wanted.starts_with(':') || wanted == had)
    }

    /// The decoded segment that stands where `pattern` has `:name`.
    pub fn param(&self, pattern: &str, name: &str) -> Option<String> {
        segments(pattern)
            .zip(segments(&self.path))
            .find(|(wanted, _)| wanted.strip_prefix(':') == Some(name))
            .map(|(_, had)| decode(had))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::NotebookQuery;
    use proptest::prelude::*;

    const ONE: &str = "/notebooks/:name";

    fn name(url: &str) -> Option<String> {
        let at = Address::parse(url);
        at.fits(ONE).then(|| at.param(ONE, "name")).flatten()
    }

    #[test]
    fn path_fits_only_as_a_whole() {
        let fits = |pattern, url| Address::parse(url).fits(pattern);
        assert!(fits("/", "/"));
        assert!(fits("/notebooks", "/notebooks/?ns=a#top"));
        assert!(!fits("/notebooks", "/notebooks/a"));
        assert!(!fits("/notebooks", "/notebook"));
        assert!(!fits(ONE, "/notebooks"));
        assert!(!fits("/", "/notebooks"));
    }

    #[test]
    fn escaped_slash_belongs_to_the_name() {
        assert_eq!(name("/notebooks/a%2Fb?ns=x").as_deref(), Some("a/b"));
        assert_eq!(name("/notebooks/a/b"), None);
    }

    #[test]
    fn plus_is_a_space_in_a_query_only() {
        assert_eq!(name("/notebooks/a+b").as_deref(), Some("a+b"));
        let at = Address::parse("/notebooks?q=a+b");
        assert_eq!(at.query(|get| get("q")).as_deref(), Some("a b"));
    }

    #[test]
    fn namespace_is_put_before_the_rest() {
        let with = |url| Address::parse(url).with("ns", "a b");
        assert_eq!(with("/notebooks"), "/notebooks?ns=a%20b");
        assert_eq!(with("/notebooks?q=x&sort=age#f"), "/notebooks?ns=a%20b&q=x&sort=age");
    }

    proptest! {
        #[test]
        fn name_comes_back_out_of_its_url(text in "\\PC+") {
            prop_assert_eq!(name(&NotebookQuery::default().url(&text)), Some(text));
        }

        #[test]
        fn any_text_is_read(text in "\\PC*") {
            let at = Address::parse(&text);
            at.fits(ONE);
            at.param(ONE, "name");
            at.query(|get| get("ns"));
        }
    }
}
