//! Lays out what a notebook is and has: facts in columns, volumes, environment, conditions.

use flowdeck_objects::Timestamp;
use leptos::prelude::*;

use super::super::stores::held;
use super::environment::environment;
use super::facts::{self, ConditionLine, Fact, Value, VolumeLine};
use super::snapshot::Snapshot;
use crate::live::{Live, use_live};
use crate::widgets::copy::CopyButton;
use crate::widgets::reactive::memo;
use crate::widgets::time::RelativeTime;

/// The panel.
pub(super) fn overview(seen: Snapshot) -> AnyView {
    let about = memo(move || seen.notebook.with(|n| n.as_ref().map(facts::about).unwrap_or_default()));
    let resources = memo(move || {
        seen.notebook
            .with(|n| n.as_ref().map(facts::resources).unwrap_or_default())
    });
    let outdated = memo(move || seen.phase.with(|phase| phase.as_ref().is_some_and(|p| p.outdated)));
    let place = memo(move || {
        seen.pod.with(|pod| {
            seen.set
                .with(|set| facts::place(pod.as_ref(), set.as_ref(), &seen.name.get(), outdated.get()))
        })
    });
    let claims = held(seen.namespace, &use_live(), Live::volumes);
    let volumes = memo(move || {
        let read = |notebook: &_| match claims.get() {
            Some(claims) => claims.with(|rows| facts::volumes(notebook, (!rows.is_empty()).then_some(rows))),
            None => facts::volumes(notebook, None),
        };
        seen.notebook
            .with(|notebook| notebook.as_ref().map(read).unwrap_or_default())
    });
    let conditions = memo(move || {
        seen.notebook.with(|notebook| {
            seen.pod.with(|pod| {
                notebook
                    .as_ref()
                    .map(|n| facts::conditions(n, pod.as_ref()))
                    .unwrap_or_default()
            })
        })
    });
    view! {
        <div class="overview">
            <div class="overview-facts">
                {fact_list("Notebook", about, seen.now)} {fact_list("Resources", resources, seen.now)}
                {fact_list("Where it runs", place, seen.now)}
            </div>
            <div class="overview-rest">
                {volume_list(volumes)} {environment(seen)} {condition_list(conditions, seen.now)}
            </div>
        </div>
    }
    .into_any()
}

fn fact_list(title: &'static str, facts: Memo<Vec<Fact>>, now: Signal<f64>) -> AnyView {
    let lines = move || {
        let line = |fact: Fact| view! { <dt>{fact.key}</dt> <dd>{value(fact.key, fact.value, now)}</dd> };
        facts.get().into_iter().map(line).collect_view()
    };
    view! {
        <section class="overview-part">
            <h2>{title}</h2>
            <dl class="facts">{lines}</dl>
        </section>
    }
    .into_any()
}

fn value(key: &'static str, value: Value, now: Signal<f64>) -> AnyView {
    match value {
        Value::Text(text) => text.into_any(),
        Value::Code(text) => view! {
            <code class="fact-code">{text.clone()}</code>
            <CopyButton text=text label=["Copy ", &key.to_ascii_lowercase()].concat() />
        }
        .into_any(),
        Value::Time(at) => relative(at, now),
    }
}

/// A point in time, kept fresh.
pub(super) fn relative(at: Option<Timestamp>, now: Signal<f64>) -> AnyView {
    let at = at.map(|at| at.ms() as f64);
    view! { <RelativeTime at_ms=Signal::stored(at) now_ms=now /> }.into_any()
}

fn volume_list(volumes: Memo<Vec<VolumeLine>>) -> AnyView {
    let line = |line: VolumeLine| {
        view! {
            <tr>
                <th scope="row"><code>{line.name}</code></th>
                <td>{line.group}</td>
                <td><code>{line.mounts}</code></td>
                <td>{line.more}</td>
            </tr>
        }
    };
    let view = move || {
        let volumes = volumes.get();
        if volumes.is_empty() {
            return view! { <p class="overview-none">"No volumes: what is saved goes with the pod."</p> }.into_any();
        }
        view! {
            <table class="plain-table">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Mounted at"</th>
                        <th scope="col">"Size and state"</th>
                    </tr>
                </thead>
                <tbody>{volumes.into_iter().map(line).collect_view()}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="overview-part">
            <h2>"Volumes"</h2>
            <div class="plain-scroll" role="region" aria-label="Volumes" tabindex="0">{view}</div>
        </section>
    }
    .into_any()
}

fn condition_list(conditions: Memo<Vec<ConditionLine>>, now: Signal<f64>) -> AnyView {
    let line = move |line: ConditionLine| {
        let why = if line.message.is_empty() || line.reason.is_empty() {
            [line.reason, line.message].concat()
        } else {
            [&*line.reason, ": ", &line.message].concat()
        };
        view! {
            <tr>
                <th scope="row">{line.kind}</th>
                <td>{line.status}</td>
                <td>{relative(line.since, now)}</td>
                <td class="plain-words">{why}</td>
            </tr>
        }
    };
    let view = move || {
        let conditions = conditions.get();
        if conditions.is_empty() {
            return view! { <p class="overview-none">"None: there is no pod."</p> }.into_any();
        }
        view! {
            <table class="plain-table">
                <thead>
                    <tr>
                        <th scope="col">"Condition"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Changed"</th>
                        <th scope="col">"Why"</th>
                    </tr>
                </thead>
                <tbody>{conditions.into_iter().map(line).collect_view()}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="overview-part">
            <h2>"Conditions"</h2>
            <div class="plain-scroll" role="region" aria-label="Conditions" tabindex="0">{view}</div>
        </section>
    }
    .into_any()
}
