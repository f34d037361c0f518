use crate::model::{Cache, EdgeKind, FaultKind, Form, Items, Kind, Node, Phase, Pipeline, PortKind, Source, Trigger};
use crate::read::{Hint, read};

/// Two tasks, the second of which takes the first one's output.
const TWO: &str = "
components:
  comp-make:
    executorLabel: exec-make
    outputDefinitions:
      parameters:
        Output: {parameterType: NUMBER_INTEGER}
  comp-use:
    executorLabel: exec-use
    inputDefinitions:
      parameters:
        x: {parameterType: NUMBER_INTEGER}
        scale: {parameterType: NUMBER_DOUBLE, defaultValue: 1.5, isOptional: true}
deploymentSpec:
  executors:
    exec-make: {container: {image: python:3.11}}
    exec-use: {container: {image: python:3.12}}
pipelineInfo: {name: two, description: Makes and uses.}
root:
  dag:
    tasks:
      make:
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-make}
        taskInfo: {name: Make it}
        retryPolicy: {maxRetryCount: 3, backoffDuration: 5s}
      use:
        cachingOptions: {}
        componentRef: {name: comp-use}
        dependentTasks: [make]
        inputs:
          parameters:
            x: {taskOutputParameter: {outputParameterKey: Output, producerTask: make}}
        taskInfo: {name: use}
schemaVersion: 2.1.0
";

fn pipeline(text: &str) -> Pipeline {
    read(text.as_bytes(), Hint::None).unwrap()
}

fn node<'p>(pipeline: &'p Pipeline, path: &str) -> Node<'p> {
    pipeline.find(path).unwrap_or_else(|| panic!("no node {path}"))
}

fn edges(pipeline: &Pipeline) -> Vec<String> {
    let mut edges: Vec<String> = pipeline.edges().map(|edge| format!("{edge:?}")).collect();
    edges.sort();
    edges
}

/// A component with a DAG, a root with tasks, and one executor for all.
fn with(components: &str, tasks: &str) -> Pipeline {
    pipeline(&format!(
        "components:\n  leaf: {{executorLabel: exec}}\n{components}\ndeploymentSpec: {{executors: {{exec: {{container: \
         {{image: i}}}}}}}}\npipelineInfo: {{name: p}}\nroot: {{dag: {{tasks: {tasks}}}}}\n"
    ))
}

#[test]
fn tasks_have_what_the_spec_says() {
    let two = pipeline(TWO);
    assert_eq!(
        (two.form(), two.name(), two.description()),
        (Form::KfpIr, "two", "Makes and uses.")
    );
    assert_eq!(two.len(), 3);
    let make = node(&two, "root/make");
    assert_eq!(
        (make.name(), make.kind(), make.image()),
        ("Make it", Kind::Task, "python:3.11")
    );
    assert_eq!(make.cache(), Cache::On);
    let retry = make.retry().unwrap();
    assert_eq!((retry.limit, retry.backoff), ("3", "5s"));
    assert_eq!(node(&two, "root/use").cache(), Cache::Off);
    assert!(node(&two, "root/use").retry().is_none());
    assert!(two.faults().is_empty());
}

#[test]
fn data_edge_carries_its_output_and_order_beside_it_is_dropped() {
    assert_eq!(edges(&pipeline(TWO)), ["root/make -> root/use [Output -> x]"]);
}

#[test]
fn inputs_have_types_defaults_and_sources() {
    let two = pipeline(TWO);
    let inputs: Vec<_> = node(&two, "root/use").inputs().collect();
    assert_eq!(inputs.len(), 2);
    assert_eq!((inputs[0].name(), inputs[0].type_name()), ("x", "NUMBER_INTEGER"));
    assert_eq!(inputs[0].source(), Source::Task("make", "Output"));
    assert_eq!((inputs[1].name(), inputs[1].value()), ("scale", "1.5"));
    assert!(inputs[1].is_optional());
    let outputs: Vec<_> = node(&two, "root/make").outputs().collect();
    assert_eq!((outputs[0].name(), outputs[0].kind()), ("Output", PortKind::Parameter));
}

#[test]
fn loop_condition_and_exit_handler_are_told_apart() {
    let all = with(
        "  sub: {dag: {tasks: {inner: {componentRef: {name: leaf}}}}}",
        "{for-loop-1: {componentRef: {name: sub}, iteratorPolicy: {parallelismLimit: 2}, parameterIterator: {itemInput: \
         item, items: {raw: '[1, 2]'}}},
          condition-2: {componentRef: {name: sub}, triggerPolicy: {condition: \"a == 'b'\"}},
          condition-branches-3: {componentRef: {name: sub}},
          exit-handler-1: {componentRef: {name: sub}},
          plain: {componentRef: {name: sub}},
          clean: {componentRef: {name: leaf}, dependentTasks: [exit-handler-1], triggerPolicy: {strategy: \
         ALL_UPSTREAM_TASKS_COMPLETED}}}",
    );
    let kinds = [
        "for-loop-1",
        "condition-2",
        "condition-branches-3",
        "exit-handler-1",
        "plain",
        "clean",
    ]
    .map(|key| node(&all, &format!("root/{key}")).kind());
    assert_eq!(
        kinds,
        [
            Kind::Loop,
            Kind::Condition,
            Kind::Branches,
            Kind::ExitHandler,
            Kind::Dag,
            Kind::ExitTask
        ]
    );
    let over = node(&all, "root/for-loop-1").iterator().unwrap();
    assert_eq!(
        (over.items, over.item, over.parallelism),
        (Items::Literal("[1, 2]"), "item", Some(2))
    );
    assert_eq!(node(&all, "root/condition-2").condition(), "a == 'b'");
    assert_eq!(node(&all, "root/clean").trigger(), Trigger::AllCompleted);
    assert_eq!(node(&all, "root/plain/inner").kind(), Kind::Task);
    assert_eq!(edges(&all), ["root/exit-handler-1 -> root/clean"]);
}

#[test]
fn two_outputs_are_two_edges() {
    let input = |output: &str| format!("{{taskOutputArtifact: {{outputArtifactKey: {output}, producerTask: a}}}}");
    let all = with(
        "",
        &format!(
            "{{a: {{componentRef: {{name: leaf}}}}, b: {{componentRef: {{name: leaf}}, inputs: {{artifacts: {{x: {}, y: \
             {}}}}}}}}}",
            input("model"),
            input("data")
        ),
    );
    assert_eq!(
        edges(&all),
        ["root/a -> root/b [data -> y]", "root/a -> root/b [model -> x]"]
    );
    assert!(all.edges().all(|edge| edge.kind() == EdgeKind::Data));
}

#[test]
fn component_inside_itself_is_a_fault_and_no_hang() {
    let all = with(
        "  sub: {dag: {tasks: {again: {componentRef: {name: sub}}}}}",
        "{a: {componentRef: {name: sub}}}",
    );
    assert_eq!(node(&all, "root/a/again").kind(), Kind::Recursion);
    assert_eq!(all.faults()[0].kind, FaultKind::Cycle);
    assert_eq!(all.faults()[0].place.unwrap().line, 3);
}

#[test]
fn names_of_nothing_are_faults_and_the_rest_stays() {
    let all = with(
        "",
        "{a: {componentRef: {name: gone}}, b: {componentRef: {name: leaf}, dependentTasks: [nobody, a]}}",
    );
    assert_eq!(node(&all, "root/a").kind(), Kind::Gap);
    assert_eq!(edges(&all), ["root/a -> root/b"]);
    let kinds: Vec<_> = all.faults().iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::Dangling, FaultKind::Dangling]);
}

#[test]
fn tasks_that_wait_for_each_other_are_a_fault() {
    let all = with(
        "",
        "{a: {componentRef: {name: leaf}, dependentTasks: [b]}, b: {componentRef: {name: leaf}, dependentTasks: [a]}}",
    );
    assert_eq!(all.edges().len(), 2);
    assert_eq!(all.faults()[0].message, "tasks wait for each other: a, b");
}

#[test]
fn group_outputs_say_where_they_come_from() {
    let all = with(
        "  sub: {dag: {tasks: {x: {componentRef: {name: leaf}}, y: {componentRef: {name: leaf}}}, outputs: {parameters: \
         {o: {valueFromOneof: {parameterSelectors: [{outputParameterKey: p, producerSubtask: x}, {outputParameterKey: q, \
         producerSubtask: y}]}}}}}, outputDefinitions: {parameters: {o: {parameterType: STRING}}}}",
        "{g: {componentRef: {name: sub}}}",
    );
    let outputs: Vec<_> = node(&all, "root/g")
        .outputs()
        .map(|port| (port.type_name(), port.source()))
        .collect();
    assert_eq!(
        outputs,
        [("STRING", Source::Task("x", "p")), ("STRING", Source::Task("y", "q"))]
    );
}

#[test]
fn wrapped_and_several_documents_are_the_same_pipeline() {
    let plain = edges(&pipeline(TWO));
    let several = format!("{TWO}---\nplatforms: {{kubernetes: {{}}}}\n");
    assert_eq!(edges(&pipeline(&several)), plain);
    let indented = TWO.replace('\n', "\n  ");
    assert_eq!(
        edges(&pipeline(&format!("pipeline_spec:{indented}\nplatform_spec: {{}}\n"))),
        plain
    );
}

#[test]
fn bomb_of_components_is_cut_off() {
    let mut components = String::new();
    for level in 0..30 {
        let task = format!("{{componentRef: {{name: c{}}}}}", level + 1);
        components += &format!("  c{level}: {{dag: {{tasks: {{a: {task}, b: {task}}}}}}}\n");
    }
    let all = with(&components, "{a: {componentRef: {name: c0}}}");
    assert!(all.faults().iter().any(|fault| fault.kind == FaultKind::TooMany));
}

#[test]
fn wrapper_in_the_wrapper_is_read() {
    // What the API keeps of a pipeline that has a platform spec too.
    let indented: String = TWO.lines().map(|line| format!("    {line}\n")).collect();
    for (outer, inner) in [
        ("pipeline_spec", "pipeline_spec"),
        ("pipelineSpec", "pipelineSpec"),
        ("pipelineSpec", "pipeline_spec"),
    ] {
        let text = format!("{outer}:\n  {inner}:\n{indented}  platform_spec: {{platforms: {{kubernetes: {{}}}}}}\n");
        let version = pipeline(&text);
        assert_eq!((version.form(), version.len()), (Form::KfpIr, 3), "{text}");
        let run = pipeline(&format!(
            "run_id: r\nstate: RUNNING\n{text}run_details: {{task_details: []}}\n"
        ));
        assert_eq!(
            (run.form(), run.len(), run.root().phase()),
            (Form::KfpIr, 3, Phase::Running)
        );
    }
}

#[test]
fn components_nested_too_deep_say_so() {
    let chain: String = (0..150)
        .map(|at| {
            format!(
                "  c{at}: {{dag: {{tasks: {{t: {{componentRef: {{name: c{}}}}}}}}}}}\n",
                at + 1
            )
        })
        .collect();
    let deep = with(
        &format!("{chain}  c150: {{executorLabel: exec}}"),
        "{t: {componentRef: {name: c0}}}",
    );
    assert!(deep.len() < 110, "{}", deep.len());
    let faults: Vec<_> = deep
        .faults()
        .iter()
        .map(|fault| (fault.kind, fault.message.contains("too deep")))
        .collect();
    assert_eq!(faults, [(FaultKind::TooMany, true)]);
}
