//! Answers from a `SelfSubjectRulesReview` what the user may do in a namespace.
//!
//! Only for what is offered on the screen: the cluster decides again at each request.
//! Source: Kubernetes `pkg/registry/rbac/validation` and `pkg/apis/rbac/v1/evaluation_helpers.go`.

/// The answer to a `SelfSubjectRulesReview`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesReview {
    status: ReviewStatus,
}

flowdeck_objects::fields!(RulesReview { b"status" => status });

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ReviewStatus {
    resource_rules: Option<Vec<Rule>>,
    incomplete: bool,
}

flowdeck_objects::fields!(ReviewStatus { b"resourceRules" => resource_rules, b"incomplete" => incomplete });

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rule {
    verbs: Option<Vec<String>>,
    api_groups: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    resource_names: Option<Vec<String>>,
}

flowdeck_objects::fields!(Rule {
    b"verbs" => verbs,
    b"apiGroups" => api_groups,
    b"resources" => resources,
    b"resourceNames" => resource_names,
});

/// What the rules say of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A rule allows it.
    Yes,
    /// No rule allows it, and these are all rules.
    No,
    /// No rule allows it, but the server knows of more than it listed: ask about this action alone.
    AskAlone,
}

impl RulesReview {
    /// Whether `verb` on `resource` (`notebooks`, or `pods/log`) of `group` is allowed, on whatever name.
    ///
    /// A rule for some names only does not count: what is asked is whether to offer the action at all.
    pub fn verdict(&self, verb: &str, group: &str, resource: &str) -> Verdict {
        let rules = self.status.resource_rules.as_deref().unwrap_or_default();
        if rules.iter().any(|rule| rule.allows(verb, group, resource)) {
            Verdict::Yes
        } else if self.status.incomplete {
            Verdict::AskAlone
        } else {
            Verdict::No
        }
    }
}

impl Rule {
    fn allows(&self, verb: &str, group: &str, resource: &str) -> bool {
        let has = |list: &Option<Vec<String>>, wanted: &str| {
            list.iter().flatten().any(|entry| entry == "*" || entry == wanted)
        };
        let part = resource.split_once('/').map(|(_, part)| part);
        let of_any_resource = |entry: &String| entry.strip_prefix("*/").is_some_and(|rest| Some(rest) == part);
        has(&self.verbs, verb)
            && has(&self.api_groups, group)
            && (has(&self.resources, resource) || self.resources.iter().flatten().any(of_any_resource))
            && self.resource_names.as_ref().is_none_or(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(rules: &str, incomplete: bool) -> RulesReview {
        let text = format!(
            r#"{{"kind":"SelfSubjectRulesReview","status":{{"resourceRules":{rules},"nonResourceRules":null,"incomplete":{incomplete}}}}}"#
        );
        flowdeck_objects::json::from_str(&text).unwrap()
    }

    #[track_caller]
    fn check(rules: &str, action: (&str, &str, &str), expect: Verdict) {
        assert_eq!(review(rules, false).verdict(action.0, action.1, action.2), expect);
    }

    #[test]
    fn exact_rule_allows_just_that() {
        let rules = r#"[{"verbs":["get","list"],"apiGroups":["kubeflow.org"],"resources":["notebooks"]}]"#;
        check(rules, ("list", "kubeflow.org", "notebooks"), Verdict::Yes);
        check(rules, ("patch", "kubeflow.org", "notebooks"), Verdict::No);
        check(rules, ("list", "", "notebooks"), Verdict::No);
        check(rules, ("list", "kubeflow.org", "notebooks/status"), Verdict::No);
    }

    #[test]
    fn stars_allow_everything_of_their_place() {
        check(
            r#"[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]"#,
            ("delete", "", "pods/log"),
            Verdict::Yes,
        );
        let logs = r#"[{"verbs":["get"],"apiGroups":[""],"resources":["*/log"]}]"#;
        check(logs, ("get", "", "pods/log"), Verdict::Yes);
        check(logs, ("get", "", "pods"), Verdict::No);
    }

    #[test]
    fn rule_for_some_names_is_no_general_right() {
        let rules = r#"[{"verbs":["delete"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]}]"#;
        check(rules, ("delete", "", "pods"), Verdict::No);
    }

    #[test]
    fn incomplete_list_asks_alone_for_what_it_does_not_allow() {
        let rules = r#"[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]"#;
        assert_eq!(review(rules, true).verdict("get", "", "pods"), Verdict::Yes);
        assert_eq!(review(rules, true).verdict("delete", "", "pods"), Verdict::AskAlone);
    }
}
