//! Makes memos, effects and tasks that are compiled once, not once for each closure: the page loads less Wasm.

use std::pin::Pin;

use leptos::prelude::*;
use leptos::reactive::{spawn_local_scoped, spawn_local_scoped_with_cancellation};

/// A value that is derived from signals and tells its readers only when it differs.
pub(crate) fn memo<T>(derive: impl Fn() -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    memo_of(Box::new(derive))
}

#[inline(never)]
fn memo_of<T>(derive: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    Memo::new(move |_| derive())
}

/// Does something at once and again whenever a signal that it read changes.
pub(crate) fn effect(act: impl Fn() + 'static) {
    effect_of(Box::new(act));
}

#[inline(never)]
fn effect_of(act: Box<dyn Fn()>) {
    Effect::new(move |_| act());
}

/// Runs a task until it ends or its owner is gone.
pub(crate) fn task(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local_scoped_with_cancellation(task);
}

/// Runs a task on behalf of its owner, but to its end.
pub(crate) fn task_to_its_end(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local_scoped(task);
}
