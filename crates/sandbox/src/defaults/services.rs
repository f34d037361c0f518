//! Fills in Services, and gives them an address.

use serde_json::{Value, json};

use crate::defaults::set;

/// A Service.
pub(super) fn service(value: &mut Value) {
    set(value, "/spec", "type", json!("ClusterIP"));
    set(value, "/spec", "sessionAffinity", json!("None"));
    if value["spec"]["type"] != "ExternalName" {
        set(value, "/spec", "internalTrafficPolicy", json!("Cluster"));
        set(value, "/spec", "ipFamilies", json!(["IPv4"]));
        set(value, "/spec", "ipFamilyPolicy", json!("SingleStack"));
        let uid = value["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        set(value, "/spec", "clusterIP", address(&uid).into());
        let address = value["spec"]["clusterIP"].clone();
        set(value, "/spec", "clusterIPs", json!([address]));
    }
    for port in value["spec"]["ports"].as_array_mut().into_iter().flatten() {
        let number = port["port"].clone();
        set(port, "", "protocol", json!("TCP"));
        set(port, "", "targetPort", number);
    }
    if value["status"].is_null() {
        value["status"] = json!({"loadBalancer": {}});
    }
}

/// An address of 10.96.0.0/16 made from the uid: nothing is listening there, so two that are equal do no harm.
fn address(uid: &str) -> String {
    let hash = uid.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let [.., a, b] = hash.to_be_bytes();
    format!("10.96.{a}.{}", b.max(2))
}
