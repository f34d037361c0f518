//! Lists what happened to the notebook, its StatefulSet and its pod: newest first, each thing once.

use leptos::prelude::*;

use super::overview::relative;
use super::snapshot::{EventLine, Snapshot};
use crate::widgets::icon::{Icon, icon};
use crate::widgets::states::EmptyState;

/// Most lines that are drawn; a notebook in a crash loop has a handful of kinds, so this is never reached in practice.
const MOST_LINES: usize = 200;

/// The panel.
pub(super) fn events(seen: Snapshot) -> AnyView {
    let line = move |event: EventLine| {
        let mark = event.warning.then(|| {
            view! {
                <span class="event-mark">
                    {icon(Icon::Warning)} <span class="hear">"Warning"</span>
                </span>
            }
        });
        let times = (event.times > 1).then(|| ["×", &event.times.to_string()].concat());
        view! {
            <tr class:is-warning=event.warning>
                <td class="event-when">{relative(event.last.or(event.first), seen.now)}</td>
                <th scope="row" class="event-reason">
                    {mark} {event.reason} " " <span class="event-times">{times}</span>
                </th>
                <td class="plain-words">{event.message}</td>
                <td class="event-object">{event.object}</td>
                <td class="event-by">{event.by}</td>
            </tr>
        }
    };
    let view = move || {
        let events = seen.events.get();
        if events.is_empty() {
            return view! {
                <EmptyState
                    title="No events"
                    text="The cluster keeps events for about an hour. What happens from now on shows here at once."
                />
            }
            .into_any();
        }
        view! {
            <div class="plain-scroll" role="region" aria-label="Events" tabindex="0">
                <table class="plain-table events">
                    <thead>
                        <tr>
                            <th scope="col">"Last seen"</th>
                            <th scope="col">"Reason"</th>
                            <th scope="col">"Message"</th>
                            <th scope="col">"Object"</th>
                            <th scope="col">"From"</th>
                        </tr>
                    </thead>
                    <tbody>{events.into_iter().take(MOST_LINES).map(line).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view.into_any()
}
