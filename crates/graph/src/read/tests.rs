//! Reads small texts that would grow beyond all measure if every call in them were followed: a limit stops each.

use super::{Hint, read};
use crate::model::{FaultKind, Pipeline};

fn pipeline(text: &str) -> Pipeline {
    read(text.as_bytes(), Hint::None).unwrap_or_else(|error| panic!("{error}"))
}

/// Lists `count` texts that tell their number.
fn list(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().join(",")
}

/// A Workflow of these templates; the first one is `main`.
fn workflow(templates: &[&str]) -> String {
    let templates = templates.join(",");
    format!(
        r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{{"entrypoint":"main","templates":[{templates}]}}}}"#
    )
}

/// An IR with these tasks and components.
fn ir(tasks: &str, components: &str) -> String {
    format!(
        r#"{{"pipelineInfo":{{"name":"p"}},"root":{{"dag":{{"tasks":{{{tasks}}}}}}},"components":{{{components}}},
        "deploymentSpec":{{"executors":{{"e":{{"container":{{"image":"i"}}}}}}}}}}"#
    )
}

/// A template that calls another one so many times.
fn calls(name: &str, count: usize, called: &str) -> String {
    let tasks = list(count, |at| format!(r#"{{"name":"t{at}","template":"{called}"}}"#));
    format!(r#"{{"name":"{name}","dag":{{"tasks":[{tasks}]}}}}"#)
}

fn is_cut_off(pipeline: &Pipeline) -> bool {
    pipeline.faults().iter().any(|fault| fault.kind == FaultKind::TooMany)
}

#[test]
fn tasks_of_many_ports_called_often_are_cut_off() {
    let ports = list(300, |at| format!(r#""p{at}":{{"parameterType":"STRING"}}"#));
    let tasks = list(2000, |at| format!(r#""t{at}":{{"componentRef":{{"name":"c"}}}}"#));
    let component = format!(r#""c":{{"executorLabel":"e","inputDefinitions":{{"parameters":{{{ports}}}}}}}"#);
    let pipeline = pipeline(&ir(&tasks, &component));
    assert!(is_cut_off(&pipeline), "{} nodes", pipeline.len());
    assert!(pipeline.len() > 50);
}

#[test]
fn outputs_of_a_dag_called_often_are_cut_off() {
    let outputs = list(300, |at| {
        format!(r#""o{at}":{{"valueFromParameter":{{"producerSubtask":"x","outputParameterKey":"o"}}}}"#)
    });
    let tasks = list(2000, |at| format!(r#""t{at}":{{"componentRef":{{"name":"c"}}}}"#));
    let inner = r#"{"x":{"componentRef":{"name":"d"}}}"#;
    let components = format!(
        r#""c":{{"dag":{{"tasks":{inner},"outputs":{{"parameters":{{{outputs}}}}}}}}},"d":{{"executorLabel":"e"}}"#
    );
    assert!(is_cut_off(&pipeline(&ir(&tasks, &components))));
}

#[test]
fn edges_of_a_template_called_often_are_cut_off() {
    let before = |at| list(at, |other| format!(r#""t{other}""#));
    let tasks = list(100, |at| {
        format!(
            r#"{{"name":"t{at}","template":"leaf","dependencies":[{}]}}"#,
            before(at)
        )
    });
    let dense = format!(r#"{{"name":"dense","dag":{{"tasks":[{tasks}]}}}}"#);
    let leaf = r#"{"name":"leaf","container":{}}"#;
    let pipeline = pipeline(&workflow(&[&calls("main", 100, "dense"), &dense, leaf]));
    assert!(is_cut_off(&pipeline), "{} edges", pipeline.edges().len());
}

#[test]
fn long_names_called_often_are_cut_off() {
    let long = "x".repeat(100_000);
    let leaf = r#"{"name":"leaf","container":{}}"#;
    for task in [
        format!(r#"{{"name":"{long}","template":"leaf"}}"#),
        format!(r#"{{"name":"a","template":"leaf","dependencies":["{long}"]}}"#),
        format!(r#"{{"name":"a","template":"{long}"}}"#),
        format!(r#"{{"name":"a","template":"leaf","arguments":{{"parameters":[{{"name":"b","value":"{long}"}}]}}}}"#),
        format!(
            r#"{{"name":"{long}","template":"leaf","hooks":{{"a":{{"template":"leaf"}},"b":{{"template":"leaf"}}}}}}"#
        ),
    ] {
        let inner = format!(r#"{{"name":"inner","dag":{{"tasks":[{task}]}}}}"#);
        let pipeline = pipeline(&workflow(&[&calls("main", 2000, "inner"), &inner, leaf]));
        assert!(is_cut_off(&pipeline), "{}", &task[..40]);
        assert!(pipeline.faults().iter().all(|fault| fault.message.len() < 1100));
    }
}

#[test]
fn templates_of_much_that_is_passed_over_called_often_are_cut_off() {
    let leaf = r#"{"name":"leaf","container":{}}"#;
    let nothing = list(4000, |_| "[]".to_owned());
    let keys = list(4000, |at| format!(r#""k{at}":0"#));
    let outputs = list(4000, |_| "{}".to_owned());
    for inner in [
        format!(r#"{{"name":"inner","steps":[{nothing}]}}"#),
        format!(r#"{{"name":"inner",{keys},"steps":[[{{"name":"a","template":"leaf"}}]]}}"#),
        format!(r#"{{"name":"inner","dag":{{"tasks":[]}},"outputs":{{"parameters":[{outputs}]}}}}"#),
    ] {
        let pipeline = pipeline(&workflow(&[&calls("main", 2000, "inner"), &inner, leaf]));
        assert!(is_cut_off(&pipeline), "{}", &inner[..40]);
    }
}
