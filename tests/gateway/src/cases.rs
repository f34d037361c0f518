//! The 48 numbered attacks on a gateway, and which of them a run of tests has shown.

use std::collections::BTreeMap;

/// What each number is about.
pub const TITLES: [&str; 48] = [
    "trusted header without a session",
    "trusted header beside a session",
    "two identity headers, or a list in one",
    "every other spelling of an identity",
    "groups of the client's own",
    "impersonation by the client",
    "identity in a WebSocket's sub-protocol",
    "hop-by-hop header that names the identity",
    "malformed identities",
    "bearer token beside a session",
    "forged, expired and unknown tokens of a provider",
    "dot segments, plain and escaped",
    "empty segments and escaped slashes",
    "signs that end a path",
    "other forms of target, other methods",
    "client that names the upstream",
    "proxies of pods, services and nodes",
    "paths that are not the API's",
    "headers that rewrite path or method",
    "probes' user agents",
    "paths that look public",
    "write without the signs of our page",
    "write from another site",
    "form of another origin",
    "WebSocket of another origin",
    "preflight of another origin",
    "reads that change something",
    "redirects to elsewhere",
    "framing",
    "cookies' guards",
    "session ids: fixation, sign-out, replay",
    "sign-in at a provider: state, code, verifier",
    "many requests without a session at once",
    "links and logs that would run something",
    "secrets on the screen and in the browser's memory",
    "ambiguous messages",
    "large and slow requests",
    "many streams, floods of HTTP/2 frames",
    "WebSocket's size, rate, silence and end",
    "secrets in logs",
    "forged log lines",
    "credentials that reach what is behind",
    "caches in front",
    "page without a session",
    "errors that tell of the inside",
    "authority that is down or slow",
    "way around the front",
    "rights taken away, users on one connection",
];

/// Numbers that have nothing to attack in a gateway behind Envoy, and why.
pub const NOT_BEHIND_ENVOY: &[(usize, &str)] = &[];

/// How the tests of one number went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
}

/// Numbers and how their tests went.
pub type Shown = BTreeMap<usize, Count>;

/// The numbers that a test is named for: `t12_to_t18_and_t22_…` or `case 34 …`.
#[must_use]
pub fn numbers(name: &str) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let words: Vec<&str> = match name.strip_prefix("case ") {
        Some(rest) => rest.split([' ', ',', ':']).collect(),
        None if name.starts_with('t') => name.split('_').collect(),
        None => return found,
    };
    let mut through = false;
    for word in words {
        let digits = word.strip_prefix('t').unwrap_or(word);
        match digits.parse() {
            Ok(number) if digits.len() == 2 => {
                if through && let Some(&last) = found.last() {
                    found.extend(last + 1..number);
                }
                through = false;
                found.push(number);
            }
            _ if word == "to" => through = true,
            _ if matches!(word, "and" | "") => {}
            _ => break,
        }
    }
    found
}

/// Adds the outcome of one test.
pub fn note(shown: &mut Shown, name: &str, passed: bool) {
    for number in numbers(name) {
        let count = shown.entry(number).or_default();
        if passed {
            count.passed += 1;
        } else {
            count.failed += 1;
        }
    }
}

/// Reads what the Rust tests' runner prints.
pub fn read_cargo(output: &str, shown: &mut Shown) {
    for line in output.lines() {
        let Some((path, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ")) else {
            continue;
        };
        let name = path.rsplit("::").next().unwrap_or(path);
        match outcome.split(',').next().unwrap_or_default() {
            "ok" => note(shown, name, true),
            "FAILED" => note(shown, name, false),
            _ => {}
        }
    }
}

/// Reads Playwright's JSON report, and returns what each try that went wrong says.
pub fn read_playwright(report: &serde_json::Value, shown: &mut Shown) -> Vec<String> {
    let mut wrong = Vec::new();
    for suite in list(report, "suites") {
        wrong.extend(read_playwright(suite, shown));
        for spec in list(suite, "specs") {
            let title = spec["title"].as_str().unwrap_or_default();
            note(shown, title, spec["ok"] == true);
            let tries = list(spec, "tests").iter().flat_map(|test| list(test, "results"));
            let errors = tries.flat_map(|one| list(one, "errors"));
            let said = errors.map(|error| error["message"].as_str().unwrap_or("it does not say why"));
            wrong.extend(said.map(|why| format!("{title}: {why}")));
        }
    }
    wrong
}

/// An array's values; none where there is no array.
fn list<'a>(value: &'a serde_json::Value, name: &str) -> &'a [serde_json::Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// One cell of the table, and whether it is good.
fn cell(count: Option<&Count>, excuse: Option<&str>) -> (String, bool) {
    match (count.copied().unwrap_or_default(), excuse) {
        (Count { failed: 1.., .. }, _) => ("FAIL".to_owned(), false),
        (Count { passed: 1.., .. }, None) => ("pass".to_owned(), true),
        (Count { passed: 1.., .. }, Some(_)) => ("pass, but said not to apply".to_owned(), false),
        (_, Some(why)) => (format!("n.a.: {why}"), true),
        (_, None) => ("MISSING".to_owned(), false),
    }
}

/// The table with both columns, and whether every number is shown.
#[must_use]
pub fn table(alone: &Shown, behind_envoy: &Shown) -> (String, bool) {
    let mut text = format!("{:>2}  {:<51} {:<8} {}\n", "#", "attack", "gateway", "Envoy + gateway");
    let mut all = true;
    for (at, title) in TITLES.iter().enumerate() {
        let number = at + 1;
        let excuse = NOT_BEHIND_ENVOY
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, why)| *why);
        let (left, good_left) = cell(alone.get(&number), None);
        let (right, good_right) = cell(behind_envoy.get(&number), excuse);
        all &= good_left && good_right;
        text.push_str(&format!("{number:>2}  {title:<51} {left:<8} {right}\n"));
    }
    (text, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_numbers() {
        assert_eq!(numbers("t01_trusted"), [1]);
        assert_eq!(numbers("t02_to_06_identity"), [2, 3, 4, 5, 6]);
        assert_eq!(numbers("t02_t03_t05_identity_of_2"), [2, 3, 5]);
        assert_eq!(numbers("t12_to_t14_and_t22_check"), [12, 13, 14, 22]);
        assert_eq!(numbers("t37_large_99_to"), [37]);
        assert_eq!(numbers("case 34: links"), [34]);
        assert_eq!(numbers("case 34, 35: links"), [34, 35]);
        assert!(numbers("two_users").is_empty() && numbers("any case 34").is_empty());
    }

    #[test]
    fn runs_are_read() {
        let mut shown = Shown::new();
        let output =
            "test a::t01_x ... ok\ntest a::t02_to_03_y ... FAILED\ntest a::t04_z ... ignored, why\ntest other ... ok\n";
        read_cargo(output, &mut shown);
        // A second try that passed: what the first says is told nevertheless.
        let tries = serde_json::json!([{"results": [{"errors": [{"message": "late"}]}, {"errors": []}]}]);
        let report = serde_json::json!({"suites": [{"suites": [{"specs": [{"title": "case 34: x", "ok": true, "tests": tries}]}], "specs": []}]});
        assert_eq!(read_playwright(&report, &mut shown), ["case 34: x: late"]);
        let numbers: Vec<_> = shown.iter().map(|(n, c)| (*n, c.passed, c.failed)).collect();
        assert_eq!(numbers, [(1, 1, 0), (2, 0, 1), (3, 0, 1), (34, 1, 0)]);
    }

    #[test]
    fn missing_number_and_failure_are_not_good() {
        let good: Shown = (1..=48).map(|n| (n, Count { passed: 1, failed: 0 })).collect();
        let mut behind = good.clone();
        for (number, _) in NOT_BEHIND_ENVOY {
            behind.remove(number);
        }
        assert!(table(&good, &behind).1);
        let mut less = good.clone();
        less.remove(&7);
        assert!(!table(&less, &behind).1);
        less.insert(7, Count { passed: 3, failed: 1 });
        assert!(!table(&less, &behind).1);
    }
}
