//! Views a ResourceQuota: what a namespace may use, and uses.

use crate::meta::{Meta, ResourceList};
use crate::quantity::Quantity;

/// A quota of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceQuota {
    /// Metadata.
    pub metadata: Meta,
    /// What is set.
    pub spec: ResourceQuotaSpec,
    /// What is counted.
    pub status: ResourceQuotaStatus,
}

crate::fields!(ResourceQuota { b"metadata" => metadata, b"spec" => spec, b"status" => status });

impl ResourceQuota {
    /// Used and limit of a resource (`cpu`, `memory`, `nvidia.com/gpu`): of its requests, else of its limits.
    ///
    /// `None` when the quota doesn't limit it, or hasn't been counted yet.
    pub fn usage(&self, resource: &str) -> Option<(Quantity, Quantity)> {
        ["requests.", "", "limits."].into_iter().find_map(|prefix| {
            let name = [prefix, resource].concat();
            Some((self.status.used.quantity(&name)?, self.status.hard.quantity(&name)?))
        })
    }
}

/// What is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceQuotaSpec {
    /// Limits by name, like `requests.cpu`.
    pub hard: ResourceList,
}

crate::fields!(ResourceQuotaSpec { b"hard" => hard });

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceQuotaStatus {
    /// Limits in force.
    pub hard: ResourceList,
    /// Used of each.
    pub used: ResourceList,
}

crate::fields!(ResourceQuotaStatus { b"hard" => hard, b"used" => used });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_that_of_requests_first() {
        let quota: ResourceQuota = crate::json::from_str(
            r#"{"status":{"hard":{"limits.cpu":"64","requests.cpu":"32","memory":"128Gi"},
            "used":{"limits.cpu":"40","requests.cpu":"24500m","memory":"1Gi"}}}"#,
        )
        .unwrap();
        let (used, hard) = quota.usage("cpu").unwrap();
        assert_eq!(
            (used.count_text(), hard.count_text()),
            ("24.5".to_owned(), "32".to_owned())
        );
        assert_eq!(quota.usage("memory").unwrap().0.bytes_text(), "1 Gi");
        assert_eq!(quota.usage("nvidia.com/gpu"), None);
    }
}
