//! Puts amounts and names into the few words of a reason.

use std::borrow::Cow;

use crate::Quantity;

/// Joins pieces into one text.
pub(super) fn join(pieces: &[&str]) -> Cow<'static, str> {
    Cow::Owned(pieces.concat())
}

/// `3 restarts`, `1 restart`.
pub(super) fn restarts(count: i32) -> String {
    let mut out = count.to_string();
    out.push_str(if count == 1 { " restart" } else { " restarts" });
    out
}

/// An amount of a resource with its unit: `8 GPUs`, `0.5 CPU`, `64 Gi`, `3 pods`, `2 mig-1g.5gb`.
///
/// The memory unit says by itself that it is memory; `requests.` and `limits.` of a quota are left out.
pub(super) fn amount(resource: &str, quantity: Quantity) -> String {
    let mut out = quantity.text_of(resource);
    let plural = quantity > Quantity::whole(1);
    let name = bare(resource);
    let unit = match name {
        "memory" => return out,
        "storage" | "ephemeral-storage" => " of disk",
        "cpu" => {
            if plural {
                " CPUs"
            } else {
                " CPU"
            }
        }
        "pods" => {
            if plural {
                " pods"
            } else {
                " pod"
            }
        }
        _ if is_gpu(name) => {
            if plural {
                " GPUs"
            } else {
                " GPU"
            }
        }
        _ => {
            out.push(' ');
            out.push_str(name.rsplit('/').next().unwrap_or(name));
            return out;
        }
    };
    out.push_str(unit);
    out
}

/// The resource without `requests.` or `limits.`.
pub(super) fn bare(resource: &str) -> &str {
    resource
        .strip_prefix("requests.")
        .or_else(|| resource.strip_prefix("limits."))
        .unwrap_or(resource)
}

/// Whether a resource is called a GPU by people.
pub(super) fn is_gpu(resource: &str) -> bool {
    resource.ends_with("/gpu")
}

/// What stands between quotation marks after `before`: `secret "x" not found` → `x`.
pub(super) fn quoted_after<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    let start = message.find(before)? + before.len();
    let (name, _) = message[start..].strip_prefix('"')?.split_once('"')?;
    Some(name)
}

/// Whether one of the words occurs, whatever their case (words given in small letters).
pub(super) fn says_any(message: &str, words: &[&str]) -> bool {
    let bytes = message.as_bytes();
    words.iter().any(|word| {
        bytes
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    })
}
