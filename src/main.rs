//! Mounts the app into the page, and draws the curtain if it ever panics.
#![expect(unreachable_pub, reason = "leptos writes `pub` for each component's props")]

mod app;
mod client;
mod live;
mod pages;
mod shell;
mod widgets;

use std::panic::PanicHookInfo;

use leptos::prelude::*;

fn main() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        draw_curtain(info);
    }));
    mount_to_body(app::App);
}

/// Shows the page of index.html that needs nothing of the app: after a panic nothing of it may run again.
fn draw_curtain(info: &PanicHookInfo<'_>) {
    let Some(page) = web_sys::window().and_then(|window| window.document()) else {
        return;
    };
    let by_id = |id: &str| page.get_element_by_id(id);
    if let Some(details) = by_id("crashed-details") {
        let address = page.location().and_then(|at| at.pathname().ok()).unwrap_or_default();
        details.set_text_content(Some(&format!(
            "{info}\nat {address}\nFlowdeck {}",
            env!("CARGO_PKG_VERSION")
        )));
    }
    if let Some(curtain) = by_id("crashed") {
        curtain.remove_attribute("hidden").ok();
    }
}
