//! Mounts the app into the page.
#![expect(dead_code, reason = "the widgets are written before the pages that use them")]
#![expect(unreachable_pub, reason = "leptos writes `pub` for each component's props")]

mod app;
mod client;
mod live;
mod pages;
mod shell;
mod widgets;

use leptos::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    mount_to_body(app::App);
}
