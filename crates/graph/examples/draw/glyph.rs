//! Draws phases and kinds: the shapes of the app's status badges, and one outline for each kind of node.

use flowdeck_graph::{Kind, Phase};

/// The drawings, once in the picture. The phases are those of `src/widgets/status.rs`, 14 × 14; the kinds are 16 × 16.
pub(crate) const SPRITE: &str = r##"<defs>
<pattern id="ground" width="20" height="20" patternUnits="userSpaceOnUse"><circle class="dot" cx="10" cy="10" r="0.9"/></pattern>
<symbol id="ok" viewBox="0 0 14 14"><circle cx="7" cy="7" r="6" fill="currentColor"/><path class="inside" d="M4.2 7.3 6.2 9.2 9.8 5"/></symbol>
<symbol id="busy" viewBox="0 0 14 14"><circle class="thin faded" cx="7" cy="7" r="5"/><path class="thin" d="M7 2a5 5 0 0 1 5 5"/></symbol>
<symbol id="pending" viewBox="0 0 14 14"><circle class="thin dashes" cx="7" cy="7" r="5"/></symbol>
<symbol id="off" viewBox="0 0 14 14"><rect class="thin" x="2.8" y="2.8" width="8.4" height="8.4" rx="1.6"/></symbol>
<symbol id="bad" viewBox="0 0 14 14"><path fill="currentColor" d="M7 1.2 13.4 12.4H.6z"/><path class="inside" d="M7 5.2v3.2M7 10.3h.01"/></symbol>
<symbol id="waiting" viewBox="0 0 14 14"><path fill="currentColor" d="M7 .9 13.1 7 7 13.1.9 7z"/></symbol>
<symbol id="task" viewBox="0 0 16 16"><path class="thin" d="M8 2l5.2 3v6L8 14l-5.2-3V5zM2.8 5 8 8l5.2-3M8 8v6"/></symbol>
<symbol id="group" viewBox="0 0 16 16"><path class="thin" d="M6 2.5h4v3H6zM2.5 10.5h4v3h-4zM9.5 10.5h4v3h-4zM8 5.5V8M4.5 10.5V8h7v2.5"/></symbol>
<symbol id="loop" viewBox="0 0 16 16"><path class="thin" d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3"/></symbol>
<symbol id="branch" viewBox="0 0 16 16"><path class="thin" d="M8 13.5V9L4 5.5v-3M8 9l4-3.5v-3M2.5 4 4 2.5 5.5 4M10.5 4 12 2.5 13.5 4"/></symbol>
<symbol id="exit" viewBox="0 0 16 16"><path class="thin" d="M8.5 3h-5v10h5M7 8h6.5M11 5.5 13.5 8 11 10.5"/></symbol>
<symbol id="import" viewBox="0 0 16 16"><path class="thin" d="M8 2.5v7M5 7l3 3 3-3M3 13.5h10"/></symbol>
<symbol id="script" viewBox="0 0 16 16"><path class="thin" d="M3.5 4.5 7 8l-3.5 3.5M8.5 12h4"/></symbol>
<symbol id="resource" viewBox="0 0 16 16"><path class="thin" d="M3 4c0-2 10-2 10 0v8c0 2-10 2-10 0zM3 4c0 2 10 2 10 0M3 8c0 2 10 2 10 0"/></symbol>
<symbol id="wait" viewBox="0 0 16 16"><path class="thin" d="M5.5 3.5v9M10.5 3.5v9"/></symbol>
<symbol id="web" viewBox="0 0 16 16"><circle class="thin" cx="8" cy="8" r="5.5"/><path class="thin" d="M2.5 8h11M8 2.5c3 3 3 8 0 11M8 2.5c-3 3-3 8 0 11"/></symbol>
<symbol id="plugin" viewBox="0 0 16 16"><path class="thin" d="M5.5 2v3.5M10.5 2v3.5M4 5.5h8V8a4 4 0 0 1-8 0zM8 12v2.5"/></symbol>
<symbol id="hook" viewBox="0 0 16 16"><path class="thin" d="M9 1.5 4 9h4l-1 5.5L12 7H8z"/></symbol>
<symbol id="gap" viewBox="0 0 16 16"><path class="thin" d="M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5"/></symbol>
<symbol id="unknown" viewBox="0 0 16 16"><path class="thin" d="M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 10M8 12.5h.01"/></symbol>
</defs>"##;

/// The drawing of a kind, and the word for it that stands in the second line where nothing else does.
pub(crate) fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Task => ("task", ""),
        Kind::Container => ("task", "container"),
        Kind::Attempt => ("loop", "attempt"),
        Kind::CustomJob => ("task", "custom job"),
        Kind::Dag => ("group", "pipeline"),
        Kind::Steps => ("group", "steps"),
        Kind::ContainerSet => ("group", "containers of one pod"),
        Kind::Loop => ("loop", "loop"),
        Kind::Iteration => ("loop", "round"),
        Kind::Condition => ("branch", "condition"),
        Kind::Branches => ("branch", "at most one of these"),
        Kind::ExitHandler => ("exit", "exit handler"),
        Kind::ExitTask => ("exit", "on exit, in any case"),
        Kind::Importer => ("import", "importer"),
        Kind::Resolver => ("import", "resolver"),
        Kind::Script => ("script", "script"),
        Kind::Resource => ("resource", "Kubernetes object"),
        Kind::Suspend => ("wait", "waits for somebody"),
        Kind::Http => ("web", "HTTP request"),
        Kind::Plugin => ("plugin", "plugin"),
        Kind::Data => ("import", "data"),
        Kind::Hook => ("hook", "hook"),
        Kind::Join => ("task", ""),
        Kind::Gap => ("gap", "not in this file"),
        Kind::Recursion => ("loop", "calls itself"),
        Kind::Unknown => ("unknown", "of an unknown kind"),
    }
}

/// The drawing of a phase and its tone, and the word for it; nothing where nothing is known.
pub(crate) fn phase(phase: Phase) -> Option<(&'static str, &'static str)> {
    Some(match phase {
        Phase::Unknown => return None,
        Phase::Pending => ("pending", "waits for its turn"),
        Phase::Running => ("busy", "running"),
        Phase::Suspended => ("waiting", "waits for somebody"),
        Phase::Succeeded => ("ok", "done"),
        Phase::Cached => ("ok", "cached"),
        Phase::Skipped => ("off", "skipped"),
        Phase::Omitted => ("off", "left out"),
        Phase::Failed => ("bad", "failed"),
        Phase::Error => ("bad", "error"),
        Phase::Canceling => ("busy", "being stopped"),
        Phase::Canceled => ("off", "stopped"),
    })
}
