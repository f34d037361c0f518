//! Lists the environment variables of a notebook; values that come from elsewhere are named, never shown.

use leptos::prelude::*;

use super::facts::{self, Variable};
use super::snapshot::Snapshot;
use crate::widgets::reactive::memo;

/// The section; absent when there are none.
pub(super) fn environment(seen: Snapshot) -> AnyView {
    let variables = memo(move || {
        seen.notebook
            .with(|n| n.as_ref().map(facts::environment).unwrap_or_default())
    });
    let line = |variable: Variable| {
        let value = if variable.from.is_empty() {
            view! { <code>{variable.value}</code> }.into_any()
        } else {
            view! { <span class="muted">{variable.from}</span> }.into_any()
        };
        view! {
            <tr>
                <th scope="row"><code>{variable.name}</code></th>
                <td class="plain-words">{value}</td>
            </tr>
        }
    };
    let view = move || {
        let variables = variables.get();
        (!variables.is_empty()).then(|| {
            view! {
                <section class="overview-part">
                    <h2>"Environment"</h2>
                    <div class="plain-scroll" role="region" aria-label="Environment" tabindex="0">
                        <table class="plain-table">
                            <thead>
                                <tr>
                                    <th scope="col">"Variable"</th>
                                    <th scope="col">"Value"</th>
                                </tr>
                            </thead>
                            <tbody>{variables.into_iter().map(line).collect_view()}</tbody>
                        </table>
                    </div>
                </section>
            }
        })
    };
    view.into_any()
}
