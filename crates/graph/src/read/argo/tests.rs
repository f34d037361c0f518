use crate::model::{Cache, FaultKind, Form, Items, Kind, Node, Phase, Pipeline, Source, Trigger};
use crate::read::{Hint, read};

fn workflow(spec: &str) -> Pipeline {
    let text = format!("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {{name: wf}}\nspec:\n{spec}");
    read(text.as_bytes(), Hint::Yaml).unwrap()
}

fn node<'p>(pipeline: &'p Pipeline, path: &str) -> Node<'p> {
    pipeline.find(path).unwrap_or_else(|| panic!("no node {path}"))
}

fn paths(pipeline: &Pipeline) -> Vec<String> {
    let mut paths: Vec<String> = pipeline.nodes().skip(1).map(Node::path).collect();
    paths.sort();
    paths
}

fn edges(pipeline: &Pipeline) -> Vec<String> {
    let mut edges: Vec<String> = pipeline.edges().map(|edge| format!("{edge:?}")).collect();
    edges.sort();
    edges
}

const LEAF: &str = "  - {name: leaf, container: {image: alpine}}\n";

#[test]
fn dependencies_and_depends_are_edges_of_order() {
    let diamond = workflow(&format!(
        "  entrypoint: main
  templates:
{LEAF}  - name: main
    dag:
      tasks:
      - {{name: a, template: leaf}}
      - {{name: b, template: leaf, dependencies: [a]}}
      - {{name: c, template: leaf, depends: a.Failed}}
      - {{name: d, template: leaf, depends: b && (c.Succeeded || c.Skipped)}}
"
    ));
    assert_eq!(diamond.form(), Form::ArgoSpec);
    assert_eq!(diamond.root().kind(), Kind::Dag);
    assert_eq!(
        edges(&diamond),
        [
            "root/a -> root/b",
            "root/a -> root/c",
            "root/b -> root/d",
            "root/c -> root/d"
        ]
    );
    let into_d = diamond.edges().find(|edge| edge.from().key() == "c").unwrap();
    assert_eq!(into_d.condition(), "Succeeded || Skipped");
    assert_eq!(node(&diamond, "root/d").trigger(), Trigger::Expression);
    assert_eq!(node(&diamond, "root/a").image(), "alpine");
    assert!(diamond.faults().is_empty(), "{:?}", diamond.faults());
}

#[test]
fn steps_wait_for_the_whole_group_before_them() {
    let steps = workflow(&format!(
        "  entrypoint: main
  templates:
{LEAF}  - name: main
    steps:
    - - {{name: a, template: leaf}}
      - {{name: b, template: leaf}}
    - - {{name: c, template: leaf, when: \"{{{{steps.a.outputs.result}}}} == yes\"}}
    - - {{name: d, template: leaf, arguments: {{parameters: [{{name: x, value: \"{{{{steps.b.outputs.parameters.y}}}}\"}}]}}}}
"
    ));
    assert_eq!(
        edges(&steps),
        [
            "root/a -> root/c [result -> when]",
            "root/b -> root/c",
            "root/b -> root/d [y -> x]",
            "root/c -> root/d",
        ]
    );
    assert_eq!(node(&steps, "root/c").condition(), "{{steps.a.outputs.result}} == yes");
    let x = node(&steps, "root/d").inputs().next().unwrap();
    assert_eq!(x.source(), Source::Task("b", "y"));
}

#[test]
fn wide_step_groups_meet_in_a_join() {
    let group = |name: &str| {
        let steps: Vec<String> = (0..8)
            .map(|at| format!("{{name: {name}{at}, template: leaf}}"))
            .collect();
        format!("    - [{}]\n", steps.join(", "))
    };
    let wide = workflow(&format!(
        "  entrypoint: main\n  templates:\n{LEAF}  - name: main\n    steps:\n{}{}",
        group("a"),
        group("b")
    ));
    assert_eq!(wide.edges().len(), 16);
    assert_eq!(node(&wide, "root/[1]").kind(), Kind::Join);
}

#[test]
fn loops_hold_the_body_of_what_they_call() {
    let loops = workflow(&format!(
        "  entrypoint: main
  templates:
{LEAF}  - {{name: body, dag: {{tasks: [{{name: x, template: leaf}}, {{name: y, template: leaf, depends: x}}]}}}}
  - name: main
    dag:
      tasks:
      - {{name: items, template: body, withItems: [1, two]}}
      - {{name: param, template: leaf, withParam: \"{{{{tasks.items.outputs.parameters.list}}}}\"}}
      - {{name: sequence, template: leaf, withSequence: {{count: 3}}}}
      - {{name: literal, template: leaf, withParam: '[1, 2]'}}
"
    ));
    let over = |key: &str| node(&loops, &format!("root/{key}")).iterator().unwrap().items;
    assert_eq!(over("items"), Items::Literal("[1,\"two\"]"));
    assert_eq!(over("param"), Items::Input("{{tasks.items.outputs.parameters.list}}"));
    assert_eq!(over("sequence"), Items::Sequence("{\"count\":3}"));
    assert_eq!(over("literal"), Items::Literal("[1, 2]"));
    assert_eq!(node(&loops, "root/items").kind(), Kind::Loop);
    assert_eq!(
        edges(&loops),
        [
            "root/items -> root/param [list -> withParam]",
            "root/items/x -> root/items/y"
        ]
    );
}

#[test]
fn kinds_of_templates_are_told_by_their_key() {
    let kinds = workflow(
        "  entrypoint: main
  templates:
  - {name: script, script: {image: python, source: x}}
  - {name: resource, resource: {action: create}}
  - {name: suspend, suspend: {}}
  - {name: http, http: {url: x}}
  - {name: plugin, plugin: {slack: {}}}
  - {name: data, data: {source: {}}}
  - {name: set, containerSet: {containers: [{name: a, image: i}, {name: b, image: j, dependencies: [a]}]}}
  - name: main
    dag:
      tasks:
      - {name: script, template: script}
      - {name: resource, template: resource}
      - {name: suspend, template: suspend}
      - {name: http, template: http}
      - {name: plugin, template: plugin}
      - {name: data, template: data}
      - {name: set, template: set}
      - {name: inline, inline: {container: {image: busybox}}}
      - {name: elsewhere, templateRef: {name: other, template: thing}}
      - {name: missing, template: nobody}
",
    );
    let kind = |key: &str| node(&kinds, &format!("root/{key}")).kind();
    assert_eq!(kind("script"), Kind::Script);
    assert_eq!(kind("resource"), Kind::Resource);
    assert_eq!(kind("suspend"), Kind::Suspend);
    assert_eq!(kind("http"), Kind::Http);
    assert_eq!(kind("plugin"), Kind::Plugin);
    assert_eq!(kind("data"), Kind::Data);
    assert_eq!(kind("set"), Kind::ContainerSet);
    assert_eq!(kind("set/a"), Kind::Container);
    assert_eq!(edges(&kinds), ["root/set/a -> root/set/b"]);
    assert_eq!(
        (kind("inline"), node(&kinds, "root/inline").image()),
        (Kind::Task, "busybox")
    );
    let elsewhere = node(&kinds, "root/elsewhere");
    assert_eq!((elsewhere.kind(), elsewhere.template()), (Kind::Gap, "other/thing"));
    assert_eq!(kind("missing"), Kind::Gap);
    let faults: Vec<_> = kinds
        .faults()
        .iter()
        .map(|fault| (fault.kind, fault.message.as_str()))
        .collect();
    assert_eq!(faults, [(FaultKind::Dangling, "the template \"nobody\" is not there")]);
}

#[test]
fn what_runs_at_the_end_and_hooks_come_after() {
    let hooked = workflow(&format!(
        "  entrypoint: main
  onExit: leaf
  hooks: {{running: {{template: leaf, expression: workflow.status == 'Running'}}}}
  templates:
{LEAF}  - name: main
    dag:
      tasks:
      - {{name: a, template: leaf, hooks: {{exit: {{template: leaf}}, failed: {{template: leaf, expression: x}}}}}}
      - {{name: b, template: leaf, dependencies: [a]}}
"
    ));
    assert_eq!(
        edges(&hooked),
        [
            "root/a -> root/a.hooks.failed",
            "root/a -> root/a.onExit",
            "root/a -> root/b",
            "root/b -> root/onExit",
        ]
    );
    assert_eq!(node(&hooked, "root/onExit").kind(), Kind::ExitTask);
    assert_eq!(node(&hooked, "root/a.hooks.failed").kind(), Kind::Hook);
    assert_eq!(node(&hooked, "root/a.hooks.failed").condition(), "x");
    assert_eq!(
        node(&hooked, "root/hooks.running").condition(),
        "workflow.status == 'Running'"
    );
}

#[test]
fn template_that_calls_itself_is_not_followed() {
    let recursive = workflow(&format!(
        "  entrypoint: flip
  templates:
{LEAF}  - name: flip
    steps:
    - [{{name: toss, template: leaf}}]
    - [{{name: again, template: flip, when: \"{{{{steps.toss.outputs.result}}}} == tails\"}}]
"
    ));
    assert_eq!(paths(&recursive), ["root/again", "root/toss"]);
    assert_eq!(node(&recursive, "root/again").kind(), Kind::Recursion);
    assert!(recursive.faults().is_empty());
}

#[test]
fn policies_are_read() {
    let policies = workflow(
        "  entrypoint: main
  templateDefaults: {retryStrategy: {limit: 2}}
  templates:
  - {name: a, container: {image: i}, retryStrategy: {limit: \"5\", retryPolicy: Always, backoff: {duration: 10s}}}
  - {name: b, container: {image: i}, memoize: {key: x}, daemon: true}
  - {name: main, parallelism: 4, dag: {tasks: [{name: a, template: a}, {name: b, template: b}]}}
",
    );
    let retry = node(&policies, "root/a").retry().unwrap();
    assert_eq!((retry.limit, retry.policy, retry.backoff), ("5", "Always", "10s"));
    assert_eq!(node(&policies, "root/b").retry().unwrap().limit, "2");
    assert_eq!(node(&policies, "root/b").cache(), Cache::On);
    assert!(node(&policies, "root/b").is_daemoned());
}

#[test]
fn single_container_is_inside_the_whole() {
    let single = workflow("  entrypoint: hello\n  templates:\n  - {name: hello, container: {image: cowsay}}\n");
    assert_eq!(paths(&single), ["root/hello"]);
    assert_eq!(node(&single, "root/hello").image(), "cowsay");
}

#[test]
fn wrappers_hold_a_spec_too() {
    let check = |text: &str, expected: &[&str]| {
        let pipeline = read(text.as_bytes(), Hint::Yaml).unwrap();
        assert_eq!(paths(&pipeline), expected, "{text}");
    };
    let templates = "[{name: a, container: {}}, {name: main, steps: [[{name: s, template: a}]]}]";
    check(
        &format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nspec: {{schedule: '@daily', workflowSpec: {{entrypoint: \
             main, templates: {templates}}}}}"
        ),
        &["root/s"],
    );
    // Without an entrypoint: what nobody calls.
    check(
        &format!("apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nspec: {{templates: {templates}}}"),
        &["root/main", "root/main/s"],
    );
}

#[test]
fn workflow_of_a_template_that_is_not_here_says_so() {
    let referring = workflow("  workflowTemplateRef: {name: elsewhere}\n");
    assert_eq!(paths(&referring), ["root/elsewhere"]);
    assert_eq!(node(&referring, "root/elsewhere").kind(), Kind::Gap);
    assert_eq!(referring.faults()[0].kind, FaultKind::Missing);
    assert!(referring.faults()[0].message.contains("elsewhere"));
}

#[test]
fn kfp_v1_is_told_by_its_annotations() {
    let text = r#"apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: flip-
  annotations:
    pipelines.kubeflow.org/kfp_sdk_version: 1.8.22
    pipelines.kubeflow.org/pipeline_spec: '{"name": "Flip", "description": "Tosses."}'
spec:
  entrypoint: flip
  templates:
  - name: condition-1
    dag: {tasks: [{name: print, template: print}]}
  - name: print
    container: {image: i}
    metadata:
      annotations: {pipelines.kubeflow.org/task_display_name: Print it}
      labels: {pipelines.kubeflow.org/enable_caching: "true"}
  - name: toss
    container: {image: i}
    metadata: {annotations: {pipelines.kubeflow.org/max_cache_staleness: P0D}}
  - name: flip
    dag:
      tasks:
      - {name: toss, template: toss}
      - {name: condition-1, template: condition-1, dependencies: [toss], when: '"{{tasks.toss.outputs.parameters.toss-output}}" == "heads"'}
"#;
    let flip = read(text.as_bytes(), Hint::Yaml).unwrap();
    assert_eq!(
        (flip.form(), flip.name(), flip.description()),
        (Form::KfpV1, "Flip", "Tosses.")
    );
    assert_eq!(node(&flip, "root/condition-1").kind(), Kind::Condition);
    let print = node(&flip, "root/condition-1/print");
    assert_eq!((print.name(), print.cache()), ("Print it", Cache::On));
    assert_eq!(node(&flip, "root/toss").cache(), Cache::Off);
    assert_eq!(edges(&flip), ["root/toss -> root/condition-1 [toss-output -> when]"]);
}

#[test]
fn tasks_that_have_not_run_are_there_during_a_run() {
    let text = r#"
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
  templates:
  - {name: leaf, container: {image: i}}
  - {name: body, dag: {tasks: [{name: x, template: leaf}, {name: y, template: leaf, depends: x}]}}
  - name: main
    dag:
      tasks:
      - {name: a, template: body, withItems: [p, q]}
      - {name: b, template: leaf, depends: a}
status:
  phase: Running
  nodes:
    wf: {id: wf, name: wf, displayName: wf, type: DAG, phase: Running, children: [wf-a]}
    wf-a: {id: wf-a, name: wf.a, displayName: a, type: TaskGroup, phase: Running, boundaryID: wf, children: [wf-a0, wf-a1]}
    wf-a0: {id: wf-a0, name: 'wf.a(0:p)', displayName: 'a(0:p)', type: DAG, phase: Running, boundaryID: wf, children: [wf-a0x]}
    wf-a0x: {id: wf-a0x, name: 'wf.a(0:p).x', displayName: x, type: Pod, phase: Succeeded, boundaryID: wf-a0}
    wf-a1: {id: wf-a1, name: 'wf.a(1:q)', displayName: 'a(1:q)', type: DAG, phase: Pending, boundaryID: wf}
"#;
    let run = read(text.as_bytes(), Hint::Yaml).unwrap();
    assert_eq!(run.form(), Form::ArgoSpec);
    assert_eq!(
        paths(&run),
        [
            "root/a",
            "root/a.0",
            "root/a.0/x",
            "root/a.0/y",
            "root/a.1",
            "root/a.1/x",
            "root/a.1/y",
            "root/b"
        ]
    );
    assert_eq!(node(&run, "root/a.0/x").phase(), Phase::Succeeded);
    assert_eq!(node(&run, "root/a.0/x").cluster_id(), "wf-a0x");
    assert_eq!(node(&run, "root/a.0/y").phase(), Phase::Unknown);
    assert_eq!(node(&run, "root/b").phase(), Phase::Unknown);
    assert_eq!(
        edges(&run),
        [
            "root/a -> root/b",
            "root/a.0/x -> root/a.0/y",
            "root/a.1/x -> root/a.1/y"
        ]
    );
    assert_eq!(node(&run, "root/a").kind(), Kind::Loop);
    assert_eq!(run.find_id("wf-a1").unwrap().path(), "root/a.1");
}

#[test]
fn task_that_names_nothing_calls_nothing() {
    let nameless = workflow(
        "  templates:\n  - {dag: {tasks: [{name: a}, {name: b}]}}\n  - {name: main, dag: {tasks: [{name: c}]}}\n",
    );
    assert!(nameless.len() < 5, "{:?}", paths(&nameless));
    assert_eq!(node(&nameless, "root/main/c").kind(), Kind::Gap);
}

#[test]
fn key_without_a_value_says_nothing_beside_one_with() {
    let kinds = workflow(
        "  entrypoint: main
  templates:
  - {name: main, container: null, script: ~, dag: {tasks: [{name: a, template: wait}]}}
  - {name: wait, suspend: }
",
    );
    assert_eq!(
        (kinds.root().kind(), node(&kinds, "root/a").kind()),
        (Kind::Dag, Kind::Suspend)
    );
}

#[test]
fn ports_of_kfp_1_have_the_types_of_their_component() {
    let text = include_str!("../../../fuzz/corpus/read/v1-component.yaml");
    let typed = read(text.as_bytes(), Hint::Yaml).unwrap();
    assert_eq!((typed.form(), typed.faults().len()), (Form::KfpV1, 0));
    let whole: Vec<_> = typed
        .root()
        .inputs()
        .map(|port| (port.name(), port.type_name()))
        .collect();
    assert_eq!(whole, [("x", "Integer")]);
    let a = node(&typed, "root/a");
    let ports = a.inputs().chain(a.outputs());
    let types: Vec<_> = ports.map(|port| (port.name(), port.type_name())).collect();
    // By the argument that is handed over, by the file, by the template's name before the output's.
    assert_eq!(
        types,
        [("x", "Integer"), ("t", "{\"JsonObject\":{}}"), ("a-M-o", "Model")]
    );
    assert_eq!(a.name(), "A");
}
