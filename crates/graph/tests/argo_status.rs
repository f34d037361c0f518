//! Holds the reader of Argo's statuses to hand-written files: `tests/fixtures/pipelines/argo-status/`.

use flowdeck_graph::{FaultKind, Hint, Kind, Phase, Pipeline, Timestamp, read};

fn file(name: &str) -> Pipeline {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/pipelines/argo-status"
    );
    let bytes = std::fs::read(format!("{folder}/{name}.yaml")).expect("the file is there");
    read(&bytes, Hint::Yaml).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All nodes but the whole as `path Kind Phase`, and all edges, both sorted; no faults.
fn check(name: &str, nodes: &[&str], edges: &[&str]) -> Pipeline {
    let run = file(name);
    assert_eq!(shown(&run), nodes, "{name}");
    assert_eq!(edges_of(&run), edges, "{name}");
    assert!(run.faults().is_empty(), "{name}: {:?}", run.faults());
    run
}

fn shown(run: &Pipeline) -> Vec<String> {
    let line = |node: flowdeck_graph::Node<'_>| format!("{} {:?} {:?}", node.path(), node.kind(), node.phase());
    let mut nodes: Vec<String> = run.nodes().skip(1).map(line).collect();
    nodes.sort();
    nodes
}

fn edges_of(run: &Pipeline) -> Vec<String> {
    let mut edges: Vec<String> = run.edges().map(|edge| format!("{edge:?}")).collect();
    edges.sort();
    edges
}

#[test]
fn dag_has_edges_to_dependent_tasks() {
    let run = check(
        "dag",
        &[
            "root/a Task Succeeded",
            "root/b Task Succeeded",
            "root/c Task Succeeded",
            "root/d Task Succeeded",
        ],
        &[
            "root/a -> root/b",
            "root/a -> root/c",
            "root/b -> root/d",
            "root/c -> root/d",
        ],
    );
    let root = run.root();
    assert_eq!(
        (root.kind(), root.phase(), root.progress()),
        (Kind::Dag, Phase::Succeeded, "4/4")
    );
    let a = run.find("root/a").unwrap();
    assert_eq!(a.started(), Timestamp::parse("2026-11-24T10:00:00Z"));
    assert_eq!(a.finished(), Timestamp::parse("2026-11-24T10:00:10Z"));
    assert_eq!((a.cluster_id(), a.template()), ("wf-1", "echo"));
    let ports: Vec<_> = a
        .inputs()
        .chain(a.outputs())
        .map(|port| (port.name(), port.value()))
        .collect();
    assert_eq!(
        ports,
        [
            ("message", "A"),
            ("main-logs", "s3://logs/wf/wf-1/main.log"),
            ("result", "hello")
        ]
    );
}

#[test]
fn edge_out_of_a_nested_dag_is_between_siblings() {
    check(
        "nested-dag",
        &[
            "root/report Task Running",
            "root/train Dag Succeeded",
            "root/train/fit Task Succeeded",
            "root/train/score Task Succeeded",
        ],
        &["root/train -> root/report", "root/train/fit -> root/train/score"],
    );
}

#[test]
fn step_groups_become_order() {
    let run = check(
        "steps",
        &[
            "root/done Task Succeeded",
            "root/heads Task Succeeded",
            "root/tails Task Skipped",
            "root/toss Task Succeeded",
        ],
        &[
            "root/heads -> root/done",
            "root/tails -> root/done",
            "root/toss -> root/heads",
            "root/toss -> root/tails",
        ],
    );
    assert_eq!(run.root().kind(), Kind::Steps);
    assert!(run.find("root/tails").unwrap().message().contains("evaluated false"));
}

#[test]
fn loop_of_steps_has_a_node_of_its_own() {
    let run = check(
        "steps-loop",
        &[
            "root/list Task Succeeded",
            "root/print Loop Failed",
            "root/print.0 Iteration Succeeded",
            "root/print.1 Iteration Failed",
            "root/print.2 Iteration Succeeded",
        ],
        &["root/list -> root/print"],
    );
    assert_eq!(run.find("root/print.1").unwrap().name(), "print(1:f(b):c)");
    let counts = run.find("root/print").unwrap().counts();
    assert_eq!(
        (counts.of(Phase::Succeeded), counts.of(Phase::Failed), counts.total()),
        (2, 1, 3)
    );
}

#[test]
fn loop_of_a_dag_holds_its_rounds() {
    check(
        "dag-loop",
        &[
            "root/collect Task Succeeded",
            "root/sweep Loop Succeeded",
            "root/sweep.0 Iteration Succeeded",
            "root/sweep.0/test Task Succeeded",
            "root/sweep.0/train Task Succeeded",
            "root/sweep.1 Iteration Succeeded",
            "root/sweep.1/test Task Succeeded",
            "root/sweep.1/train Task Succeeded",
        ],
        &[
            "root/sweep -> root/collect",
            "root/sweep.0/train -> root/sweep.0/test",
            "root/sweep.1/train -> root/sweep.1/test",
        ],
    );
}

#[test]
fn attempts_are_in_their_task() {
    let run = check(
        "retries",
        &[
            "root/fetch Task Succeeded",
            "root/fetch/attempt.0 Attempt Failed",
            "root/fetch/attempt.1 Attempt Error",
            "root/fetch/attempt.2 Attempt Succeeded",
            "root/use Task Running",
        ],
        &["root/fetch -> root/use"],
    );
    assert_eq!(run.find("root/fetch/attempt.1").unwrap().message(), "pod deleted");
}

#[test]
fn hooks_come_after_what_they_hook() {
    check(
        "hooks",
        &[
            "root/hooks.running Hook Succeeded",
            "root/train Task Succeeded",
            "root/train.hooks.running Hook Succeeded",
            "root/train.onExit ExitTask Succeeded",
        ],
        &[
            "root/train -> root/train.hooks.running",
            "root/train -> root/train.onExit",
        ],
    );
}

#[test]
fn exit_handler_comes_after_all_else() {
    let run = check(
        "exit-handler",
        &[
            "root/a Task Succeeded",
            "root/b Task Failed",
            "root/onExit ExitTask Succeeded",
        ],
        &["root/a -> root/b", "root/b -> root/onExit"],
    );
    assert_eq!(run.root().message(), "child 'wf-2' failed");
}

#[test]
fn running_suspend_node_is_suspended() {
    check(
        "suspended",
        &["root/approve Suspend Suspended", "root/build Task Succeeded"],
        &["root/build -> root/approve"],
    );
    assert_eq!(file("suspended").root().phase(), Phase::Running);
    assert_eq!(file("suspended-whole").root().phase(), Phase::Suspended);
}

#[test]
fn omitted_is_not_skipped() {
    check(
        "omitted",
        &[
            "root/a Task Succeeded",
            "root/b Task Omitted",
            "root/c Task Skipped",
            "root/d Task Omitted",
        ],
        &["root/a -> root/b", "root/a -> root/c", "root/b -> root/d"],
    );
}

#[test]
fn daemon_is_said_as_such() {
    let run = check(
        "daemoned",
        &["root/client Task Running", "root/redis Task Running"],
        &["root/redis -> root/client"],
    );
    assert!(run.find("root/redis").unwrap().is_daemoned());
    assert!(!run.find("root/client").unwrap().is_daemoned());
}

#[test]
fn failed_fast_shows_who_failed_and_who_was_ended() {
    let run = check(
        "failed-fast",
        &["root/a Task Succeeded", "root/b Task Failed", "root/c Task Failed"],
        &["root/a -> root/b", "root/a -> root/c"],
    );
    assert_eq!(run.find("root/b").unwrap().message(), "OOMKilled (exit code 137)");
    assert_eq!(run.root().phase(), Phase::Failed);
}

#[test]
fn memoized_is_cached() {
    check(
        "memoized",
        &["root/a Task Succeeded", "root/b Task Cached"],
        &["root/a -> root/b"],
    );
}

#[test]
fn containers_are_in_their_pod() {
    check(
        "container-set",
        &[
            "root/main ContainerSet Succeeded",
            "root/main/main Container Succeeded",
            "root/main/prepare Container Succeeded",
        ],
        &["root/main/prepare -> root/main/main"],
    );
}

#[test]
fn single_pod_is_in_the_whole() {
    check("single-pod", &["root/hello Task Succeeded"], &[]);
}

#[test]
fn odd_nodes_never_lose_the_rest() {
    let run = file("odd");
    assert_eq!(
        shown(&run),
        [
            "root/a Unknown Unknown",
            "root/b Task Running",
            "root/c Dag Running",
            "root/c/d Dag Running",
        ]
    );
    assert_eq!(edges_of(&run), ["root/a -> root/b"]);
    let mut kinds: Vec<String> = run.faults().iter().map(|fault| format!("{:?}", fault.kind)).collect();
    kinds.sort();
    assert_eq!(kinds, ["Cycle", "Dangling", "Dangling", "Shape", "Unknown"]);
    assert!(
        run.faults()
            .iter()
            .all(|fault| fault.place.is_some_and(|place| place.line >= 6))
    );
}

#[test]
fn compressed_status_is_unpacked() {
    let run = file("compressed");
    assert_eq!(shown(&run), ["root/a Task Succeeded", "root/b Task Failed"]);
    assert_eq!(edges_of(&run), ["root/a -> root/b"]);
    // What is wrong inside has no place in this text.
    assert_eq!(run.faults().len(), 1);
    assert_eq!(
        (run.faults()[0].kind, run.faults()[0].place),
        (FaultKind::Dangling, None)
    );
}

#[test]
fn what_is_not_here_is_said() {
    for (name, word) in [("compressed-zstd", "zstd"), ("offloaded", "argo-server")] {
        let run = file(name);
        assert!(run.is_empty());
        assert_eq!(run.root().phase(), Phase::Running);
        assert_eq!(run.faults()[0].kind, FaultKind::Missing);
        assert!(run.faults()[0].message.contains(word), "{name}");
    }
}

#[test]
fn run_without_nodes_is_pending() {
    let run = check("no-nodes", &[], &[]);
    assert_eq!(run.root().phase(), Phase::Pending);
}
