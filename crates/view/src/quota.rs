//! Sums up what a namespace may use and uses of CPU, memory and GPUs.

use flowdeck_objects::{Quantity, ResourceQuota};

/// One resource under quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaLine {
    /// Resource as a container names it: `cpu`, `memory`, `nvidia.com/gpu`.
    pub resource: String,
    /// Word to show: "CPU", "Memory", "GPU".
    pub label: String,
    /// What is used.
    pub used: Quantity,
    /// What may be used.
    pub hard: Quantity,
}

impl QuotaLine {
    /// What is left, never below zero.
    pub fn left(&self) -> Quantity {
        if self.used > self.hard {
            Quantity::ZERO
        } else {
            self.hard - self.used
        }
    }

    /// Part used, 0 to 1 and above; 1 when nothing may be used.
    pub fn share(&self) -> f64 {
        self.used
            .percent_of(self.hard)
            .map_or(1.0, |percent| f64::from(percent) / 100.0)
    }

    /// What is used, in words.
    pub fn used_text(&self) -> String {
        self.used.text_of(&self.resource)
    }

    /// What may be used, in words.
    pub fn hard_text(&self) -> String {
        self.hard.text_of(&self.resource)
    }
}

/// The lines of a namespace's quotas: CPU, memory, then GPUs by name. Of several quotas the one with least left counts.
pub fn quota_lines<'a>(quotas: impl Iterator<Item = &'a ResourceQuota>) -> Vec<QuotaLine> {
    let mut lines: Vec<QuotaLine> = Vec::new();
    for quota in quotas {
        for (name, hard) in quota.status.hard.iter() {
            let Some((resource, label)) = what_is(name) else {
                continue;
            };
            let Ok(hard) = Quantity::parse(hard) else { continue };
            let used = quota.status.used.quantity(name).unwrap_or(Quantity::ZERO);
            let line = QuotaLine {
                resource: resource.to_owned(),
                label: label.to_owned(),
                used,
                hard,
            };
            match lines.iter_mut().find(|known| known.resource == line.resource) {
                Some(known) if line.left() < known.left() => *known = line,
                Some(_) => {}
                None => {
                    let at = lines.partition_point(|known| rank(known) < rank(&line));
                    lines.insert(at, line);
                }
            }
        }
    }
    lines
}

/// CPU, memory, then the devices by name.
fn rank(line: &QuotaLine) -> (u8, &str) {
    let kind = match line.label.as_str() {
        "CPU" => 0,
        "Memory" => 1,
        _ => 2,
    };
    (kind, &line.resource)
}

/// The `most` lines with the largest share used, in the order that they had: what runs out first is shown first.
pub fn tightest(mut lines: Vec<QuotaLine>, most: usize) -> Vec<QuotaLine> {
    while lines.len() > most {
        let share = |line: &QuotaLine| line.used.percent_of(line.hard).unwrap_or(u16::MAX);
        // Of equals the later goes.
        let loosest = (0..lines.len()).rev().min_by_key(|at| share(&lines[*at]));
        let Some(loosest) = loosest else { break };
        lines.remove(loosest);
    }
    lines
}

/// Requests only: limits are counted in another way than what a notebook reserves.
fn what_is(name: &str) -> Option<(&str, &'static str)> {
    let resource = name.strip_prefix("requests.").unwrap_or(name);
    match resource {
        "cpu" => Some((resource, "CPU")),
        "memory" => Some((resource, "Memory")),
        gpu if gpu.ends_with("/gpu") => Some((gpu, "GPU")),
        gaudi if gaudi == "habana.ai/gaudi" => Some((gaudi, "Gaudi")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas(texts: &[&str]) -> Vec<QuotaLine> {
        let quotas: Vec<ResourceQuota> = texts
            .iter()
            .map(|text| flowdeck_objects::json::from_str(text).unwrap())
            .collect();
        quota_lines(quotas.iter())
    }

    #[test]
    fn quotas_give_lines_in_order() {
        let lines = quotas(&[
            r#"{"status":{"hard":{"requests.nvidia.com/gpu":"4","memory":"128Gi","requests.cpu":"32","pods":"20","limits.cpu":"1"},
                "used":{"requests.nvidia.com/gpu":"3","memory":"64Gi","requests.cpu":"24500m"}}}"#,
        ]);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| [&line.label, " ", &line.used_text(), " of ", &line.hard_text()].concat())
            .collect();
        assert_eq!(shown, ["CPU 24.5 of 32", "Memory 64 Gi of 128 Gi", "GPU 3 of 4"]);
        assert_eq!(lines[0].left().count_text(), "7.5");
        assert!((lines[2].share() - 0.75).abs() < 1e-9);
    }

    #[test]
    fn tightest_of_several_quotas_counts() {
        let lines = quotas(&[
            r#"{"status":{"hard":{"cpu":"100"},"used":{"cpu":"10"}}}"#,
            r#"{"status":{"hard":{"requests.cpu":"16"},"used":{"requests.cpu":"15"}}}"#,
        ]);
        assert_eq!((lines.len(), lines[0].hard_text().as_str()), (1, "16"));
    }

    #[test]
    fn tightest_lines_keep_their_order() {
        let lines = quotas(&[
            r#"{"status":{"hard":{"cpu":"10","memory":"10Gi","nvidia.com/gpu":"4"},"used":{"cpu":"8","memory":"1Gi","nvidia.com/gpu":"4"}}}"#,
        ]);
        let labels: Vec<_> = tightest(lines, 2).into_iter().map(|line| line.label).collect();
        assert_eq!(labels, ["CPU", "GPU"]);
    }

    #[test]
    fn over_quota_leaves_nothing() {
        let lines = quotas(&[r#"{"status":{"hard":{"cpu":"1"},"used":{"cpu":"2"}}}"#]);
        assert_eq!(lines[0].left(), Quantity::ZERO);
    }
}
