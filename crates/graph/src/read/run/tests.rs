use crate::model::{FaultKind, Form, Kind, Node, Phase, Pipeline};
use crate::read::{Hint, read};

fn shown(pipeline: &Pipeline) -> Vec<String> {
    let line = |node: Node<'_>| format!("{} {:?} {:?}", node.path(), node.kind(), node.phase());
    let mut nodes: Vec<String> = pipeline.nodes().skip(1).map(line).collect();
    nodes.sort();
    nodes
}

fn edges(pipeline: &Pipeline) -> Vec<String> {
    let mut edges: Vec<String> = pipeline.edges().map(|edge| format!("{edge:?}")).collect();
    edges.sort();
    edges
}

/// make, then a loop that trains, then use; a task for the end; and one that is taken from the cache.
const SPEC: &str = "
components:
  leaf: {executorLabel: exec}
  body: {dag: {tasks: {train: {componentRef: {name: leaf}}, score: {componentRef: {name: leaf}, dependentTasks: [train]}}}}
deploymentSpec: {executors: {exec: {container: {image: i}}}}
pipelineInfo: {name: p}
root:
  dag:
    tasks:
      make: {componentRef: {name: leaf}}
      for-loop-1: {componentRef: {name: body}, dependentTasks: [make], parameterIterator: {items: {raw: '[1,2]'}, itemInput: i}}
      use: {componentRef: {name: leaf}, dependentTasks: [for-loop-1]}
";

/// What Argo's nodes look like in the API: one after the other, in no group.
const DETAILS: &str = r#"
- {task_id: n0, display_name: run-x, state: RUNNING, child_tasks: [{pod_name: n1}]}
- {task_id: n1, display_name: root-driver, state: SUCCEEDED, child_tasks: [{pod_name: n2}]}
- {task_id: n2, display_name: root, state: RUNNING, child_tasks: [{pod_name: n3}]}
- {task_id: n3, display_name: make-driver, state: SUCCEEDED, start_time: "2026-11-24T10:00:00Z", child_tasks: [{pod_name: n4}]}
- {task_id: n4, display_name: make, state: SUCCEEDED, start_time: "2026-11-24T10:00:05Z", end_time: "2026-11-24T10:00:06Z", child_tasks: [{pod_name: n5}]}
- {task_id: n5, display_name: executor, state: SKIPPED, child_tasks: [{pod_name: n6}]}
- {task_id: n6, display_name: for-loop-1, state: RUNNING, child_tasks: [{pod_name: n7}]}
- {task_id: n7, display_name: iteration-driver, state: SUCCEEDED, child_tasks: [{pod_name: n8}]}
- {task_id: n8, display_name: iteration-iterations, state: RUNNING, child_tasks: [{pod_name: n9}, {pod_name: n20}]}
- {task_id: n9, display_name: 'iteration-iterations(0:0)', state: SUCCEEDED, child_tasks: [{pod_name: n10}]}
- {task_id: n10, display_name: iteration-item-driver, state: SUCCEEDED, child_tasks: [{pod_name: n11}]}
- {task_id: n11, display_name: iteration-item, state: SUCCEEDED, child_tasks: [{pod_name: n12}]}
- {task_id: n12, display_name: train-driver, state: SUCCEEDED, child_tasks: [{pod_name: n13}]}
- {task_id: n13, display_name: train, state: SUCCEEDED, child_tasks: [{pod_name: n14}]}
- {task_id: n14, display_name: executor, state: SUCCEEDED, child_tasks: [{pod_name: n15}, {pod_name: n16}]}
- {task_id: n15, display_name: 'executor(0)', state: FAILED}
- {task_id: n16, display_name: 'executor(1)', state: SUCCEEDED, child_tasks: [{pod_name: n17}]}
- {task_id: n17, display_name: score-driver, state: SUCCEEDED, child_tasks: [{pod_name: n18}]}
- {task_id: n18, display_name: score, state: SUCCEEDED, child_tasks: [{pod_name: n19}]}
- {task_id: n19, display_name: executor, state: SUCCEEDED, child_tasks: [{pod_name: n30}]}
- {task_id: n20, display_name: 'iteration-iterations(1:1)', state: RUNNING, child_tasks: [{pod_name: n21}]}
- {task_id: n21, display_name: iteration-item-driver, state: SUCCEEDED, child_tasks: [{pod_name: n22}]}
- {task_id: n22, display_name: iteration-item, state: RUNNING, child_tasks: [{pod_name: n23}]}
- {task_id: n23, display_name: train-driver, state: FAILED, error: {message: no such image}}
- {task_id: n30, display_name: use-driver, state: RUNNING, end_time: "1970-01-01T00:00:00Z"}
"#;

fn run(details: &str, spec: &str) -> Pipeline {
    let details = details.replace('\n', "\n  ");
    let spec = match spec {
        "" => String::new(),
        spec => format!("pipeline_spec:{}", spec.replace('\n', "\n  ")),
    };
    let text = format!(
        "run_id: r1\ndisplay_name: my run\nstate: RUNNING\ncreated_at: \"2026-11-24T10:00:00Z\"\nfinished_at: \
         \"1970-01-01T00:00:00Z\"\nrun_details:\n task_details:\n  {details}\n{spec}\n"
    );
    read(text.as_bytes(), Hint::Yaml).unwrap()
}

const EXPECTED: &[&str] = &[
    "root/for-loop-1 Loop Running",
    "root/for-loop-1.0 Iteration Succeeded",
    "root/for-loop-1.0/score Task Succeeded",
    "root/for-loop-1.0/train Task Succeeded",
    "root/for-loop-1.0/train/attempt.0 Attempt Failed",
    "root/for-loop-1.0/train/attempt.1 Attempt Succeeded",
    "root/for-loop-1.1 Iteration Running",
    "root/for-loop-1.1/score Task Unknown",
    "root/for-loop-1.1/train Task Failed",
    "root/make Task Cached",
    "root/use Task Running",
];

#[test]
fn drivers_and_executors_become_the_pipelines_tasks() {
    let run = run(DETAILS, SPEC);
    assert_eq!(run.form(), Form::KfpIr);
    assert_eq!(shown(&run), EXPECTED);
    assert_eq!(
        edges(&run),
        [
            "root/for-loop-1 -> root/use",
            "root/for-loop-1.0/train -> root/for-loop-1.0/score",
            "root/for-loop-1.1/train -> root/for-loop-1.1/score",
            "root/make -> root/for-loop-1",
        ]
    );
    let node = |path| run.find(path).unwrap();
    assert_eq!(node("root/for-loop-1.1/train").message(), "no such image");
    assert_eq!(node("root/for-loop-1.0/score").cluster_id(), "n19");
    assert_eq!(node("root/use").finished(), None);
    assert_eq!(run.root().finished(), None);
    assert_eq!(run.root().phase(), Phase::Running);
    assert!(run.faults().is_empty(), "{:?}", run.faults());
}

#[test]
fn run_is_attached_to_a_pipeline_from_elsewhere() {
    let spec = read(SPEC.as_bytes(), Hint::Yaml).unwrap();
    assert_eq!(shown(&spec.attach(&run(DETAILS, ""))), EXPECTED);
}

#[test]
fn argo_workflow_of_a_run_is_attached_too() {
    let spec = read(SPEC.as_bytes(), Hint::Yaml).unwrap();
    let workflow = r#"
metadata: {name: run-x}
status:
  phase: Running
  nodes:
    run-x: {id: run-x, name: run-x, displayName: run-x, type: DAG, phase: Running, children: [n1]}
    n1: {id: n1, name: run-x.root-driver, displayName: root-driver, type: Pod, phase: Succeeded, boundaryID: run-x, children: [n2]}
    n2: {id: n2, name: run-x.root, displayName: root, type: DAG, phase: Running, boundaryID: run-x, children: [n3]}
    n3: {id: n3, name: run-x.root.make-driver, displayName: make-driver, type: Pod, phase: Succeeded, boundaryID: n2, children: [n4]}
    n4: {id: n4, name: run-x.root.make, displayName: make, type: DAG, phase: Succeeded, boundaryID: n2, children: [n5]}
    n5: {id: n5, name: run-x.root.make.executor, displayName: executor, type: Pod, phase: Succeeded, boundaryID: n4, children: [n6]}
    n6: {id: n6, name: run-x.root.for-loop-1, displayName: for-loop-1, type: DAG, phase: Running, boundaryID: n2, children: [n7]}
    n7: {id: n7, name: run-x.root.for-loop-1.iteration-driver, displayName: iteration-driver, type: Pod, phase: Succeeded, boundaryID: n6, children: [n8]}
    n8: {id: n8, name: run-x.root.for-loop-1.iteration-iterations, displayName: iteration-iterations, type: TaskGroup, phase: Running, boundaryID: n6, children: [n9]}
    n9: {id: n9, name: 'run-x.root.for-loop-1.iteration-iterations(0:0)', displayName: 'iteration-iterations(0:0)', type: DAG, phase: Running, boundaryID: n6, children: [n10]}
    n10: {id: n10, name: 'run-x.root.for-loop-1.iteration-iterations(0:0).iteration-item-driver', displayName: iteration-item-driver, type: Pod, phase: Succeeded, boundaryID: n9, children: [n11]}
    n11: {id: n11, name: 'run-x.root.for-loop-1.iteration-iterations(0:0).iteration-item', displayName: iteration-item, type: DAG, phase: Running, boundaryID: n9, children: [n12]}
    n12: {id: n12, name: 'run-x.root.for-loop-1.iteration-iterations(0:0).iteration-item.train-driver', displayName: train-driver, type: Pod, phase: Running, boundaryID: n11}
"#;
    let status = read(workflow.as_bytes(), Hint::Yaml).unwrap();
    assert_eq!(
        shown(&spec.attach(&status)),
        [
            "root/for-loop-1 Loop Running",
            "root/for-loop-1.0 Iteration Running",
            "root/for-loop-1.0/score Task Unknown",
            "root/for-loop-1.0/train Task Running",
            "root/make Task Succeeded",
            "root/use Task Unknown",
        ]
    );
}

#[test]
fn run_alone_shows_what_the_api_says() {
    let run = run(DETAILS, "");
    assert_eq!((run.form(), run.name()), (Form::KfpRun, "my run"));
    assert_eq!(run.len(), 25);
    assert_eq!(run.edges().len(), 23);
    assert!(run.find("root/root-driver").is_some());
}

#[test]
fn tasks_with_parents_are_in_them() {
    let tasks = "
- {task_id: t0, type: ROOT, state: RUNNING}
- {task_id: t1, name: make, type: RUNTIME, state: CACHED, parent_task_id: t0, outputs: {model: {artifact_ids: [7]}}}
- {task_id: t2, name: for-loop-1, type: LOOP, state: RUNNING, parent_task_id: t0, type_attributes: {iteration_count: 2}}
- {task_id: t3, name: train, type: RUNTIME, state: FAILED, parent_task_id: t2, type_attributes: {iteration_index: 0}}
- {task_id: t4, name: for-loop-1, type: DAG, state: RUNNING, parent_task_id: t2, type_attributes: {iteration_index: 1}}
- {task_id: t5, name: train, type: RUNTIME, state: RUNNING, parent_task_id: t4}
- {task_id: t6, name: lost, type: RUNTIME, state: RUNNING, parent_task_id: gone}
";
    let run = run(tasks, "");
    assert_eq!(
        shown(&run),
        [
            "root/for-loop-1 Loop Running",
            "root/for-loop-1.0 Iteration Failed",
            "root/for-loop-1.0/train Task Failed",
            "root/for-loop-1.1 Iteration Running",
            "root/for-loop-1.1/train Task Running",
            "root/lost Task Running",
            "root/make Task Cached",
        ]
    );
    assert_eq!(run.faults()[0].kind, FaultKind::Dangling);
    let output = run.find("root/make").unwrap().outputs().next().unwrap();
    assert_eq!((output.name(), output.value()), ("model", "7"));
    assert_eq!(run.find("root/make").unwrap().kind(), Kind::Task);
}

#[test]
fn workflow_inside_a_v1_run_is_read() {
    let text = r#"{"run": {"id": "x"}, "pipeline_runtime": {"workflow_manifest": "{\"metadata\": {\"name\": \"wf\"}, \"status\": {\"nodes\": {\"wf\": {\"id\": \"wf\", \"name\": \"wf\", \"type\": \"Pod\", \"templateName\": \"hello\", \"phase\": \"Failed\"}}}}"}}"#;
    let run = read(text.as_bytes(), Hint::Json).unwrap();
    assert_eq!(shown(&run), ["root/hello Task Failed"]);
}
