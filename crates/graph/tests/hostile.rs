//! Reads texts that are made to take long or to nest without end. Where reading takes longer than in proportion to the
//! text, a case here takes minutes.

use flowdeck_graph::{Hint, Pipeline, ReadError, read};

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

#[test]
fn many_ports_of_one_task_are_all_read() {
    const MANY: usize = 40_000;
    let defined = list(MANY, |at| format!(r#""p{at}":{{"parameterType":"STRING"}}"#));
    let given = list(MANY, |at| {
        format!(r#""p{at}":{{"runtimeValue":{{"constant":"{at}"}}}}"#)
    });
    let outputs = list(MANY, |at| {
        format!(r#""p{at}":{{"valueFromParameter":{{"producerSubtask":"x","outputParameterKey":"o"}}}}"#)
    });
    let task = format!(r#""t":{{"componentRef":{{"name":"c"}},"inputs":{{"parameters":{{{given}}}}}}}"#);
    let components = format!(
        r#""c":{{"dag":{{"tasks":{{"x":{{"componentRef":{{"name":"d"}}}}}},"outputs":{{"parameters":{{{outputs}}}}}}},
        "inputDefinitions":{{"parameters":{{{defined}}}}},"outputDefinitions":{{"parameters":{{{defined}}}}}}},
        "d":{{"executorLabel":"e"}}"#
    );
    let of_kfp = pipeline(&ir(&task, &components));
    let node = of_kfp.find("root/t").unwrap();
    assert_eq!((node.inputs().count(), node.outputs().count()), (MANY, MANY));
    assert_eq!(node.inputs().last().map(|port| port.value()), Some("39999"));
    assert!(
        node.outputs()
            .all(|port| port.source() == flowdeck_graph::Source::Task("x", "o"))
    );

    let names = list(MANY, |at| format!(r#"{{"name":"p{at}"}}"#));
    let values = list(MANY, |at| format!(r#"{{"name":"p{at}","value":"{at}"}}"#));
    let main = format!(
        r#"{{"name":"main","dag":{{"tasks":[{{"name":"t","template":"leaf","arguments":{{"parameters":[{values}]}}}}]}}}}"#
    );
    let leaf = format!(r#"{{"name":"leaf","inputs":{{"parameters":[{names}]}},"container":{{}}}}"#);
    let of_argo = pipeline(&workflow(&[&main, &leaf]));
    let ran = format!(
        r#"{{"metadata":{{"name":"w"}},"status":{{"nodes":{{"w":{{"id":"w","name":"w","type":"DAG"}},
        "x":{{"id":"x","name":"w.t","displayName":"t","type":"Pod","boundaryID":"w","inputs":{{"parameters":[{values}]}}}}}}}}}}"#
    );
    for pipeline in [of_argo.attach(&pipeline(&ran)), of_argo] {
        let node = pipeline.find("root/t").unwrap();
        assert_eq!(node.inputs().count(), MANY);
        assert_eq!(node.inputs().last().map(|port| port.value()), Some("39999"));
    }
}

#[test]
fn long_text_behind_many_aliases_is_a_bomb() {
    let long = "x".repeat(1_000_000);
    let aliases = "- *long\n".repeat(100_000);
    let text = format!("a: &long {long}\nb:\n{aliases}");
    match read(text.as_bytes(), Hint::Yaml) {
        Err(ReadError::Malformed { place, .. }) => assert_eq!(place.column, 3),
        other => panic!("{other:?}"),
    }
}

#[test]
fn levels_behind_aliases_count() {
    let mut text = String::from("a0: &a0 1\n");
    for at in 1..400 {
        let (open, close) = ("[".repeat(40), "]".repeat(40));
        text += &format!("a{at}: &a{at} {open}*a{}{close}\n", at - 1);
    }
    match read(text.as_bytes(), Hint::Yaml) {
        // The third list has a hundred levels and more.
        Err(ReadError::Malformed { place, .. }) => assert_eq!((place.line, place.column), (4, 49)),
        other => panic!("{other:?}"),
    }
}

/// The deepest level of a pipeline.
fn depth(pipeline: &Pipeline) -> usize {
    let depth = |node: flowdeck_graph::Node<'_>| std::iter::successors(node.parent(), |node| node.parent()).count();
    pipeline.nodes().map(depth).max().unwrap_or_default()
}

#[test]
fn runs_nested_without_end_stay_shallow() {
    const MANY: usize = 30_000;
    let task =
        |at: usize, more: String| format!(r#"{{"task_id":"i{at}","display_name":"n{at}","state":"RUNNING",{more}}}"#);
    let inside = list(MANY, |at| {
        task(at, format!(r#""parent_task_id":"i{}""#, at.wrapping_sub(1)))
    });
    let nested = pipeline(&format!(
        r#"{{"run_id":"r","state":"RUNNING","task_details":[{inside}]}}"#
    ));
    assert_eq!(nested.len(), MANY + 1);
    assert!(depth(&nested) <= 110);

    let after = list(MANY, |at| {
        task(at, format!(r#""child_tasks":[{{"task_id":"i{}"}}]"#, (at + 1) % MANY))
    });
    let driver = r#"{"task_id":"d","display_name":"root-driver","child_tasks":[{"task_id":"i0"}]}"#;
    let run = format!(r#"{{"run_id":"r","state":"RUNNING","task_details":[{driver},{after}]}}"#);
    let spec = pipeline(&ir(
        r#""a":{"componentRef":{"name":"c"}}"#,
        r#""c":{"executorLabel":"e"}"#,
    ));
    let attached = spec.attach(&pipeline(&run));
    assert_eq!(attached.len(), MANY + 2);
    assert!(depth(&attached) <= 110);
}
