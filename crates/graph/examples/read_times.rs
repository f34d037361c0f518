//! Measures how long reading takes: a KFP IR of 1,000 tasks and an Argo status of 20,000 nodes.
//!
//! `cargo run --release -p flowdeck-graph --example read_times` prints a line of JSON a case (times in ms), of which
//! `bench/graph` makes its rows.
//! Inputs are made from a fixed seed, in the shape in which kfp 2.17 and Argo's controller write them.

use flowdeck_graph::{Hint, read};

const ROUNDS: usize = 9;

fn main() {
    measure("KFP IR", &ir(1000), Hint::Yaml);
    measure("Argo status", &argo_status(20_000), Hint::Json);
}

#[expect(clippy::print_stdout, reason = "a native program that measures")]
fn measure(name: &str, text: &str, hint: Hint) {
    let mut nodes = 0;
    let times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = cpu_ms();
            let pipeline = read(text.as_bytes(), hint).unwrap_or_else(|error| panic!("{name}: {error}"));
            let time = cpu_ms() - start;
            assert!(pipeline.faults().is_empty(), "{name} has faults");
            nodes = pipeline.len();
            time
        })
        .collect();
    println!(
        "{{\"name\":{name:?},\"bytes\":{},\"nodes\":{nodes},\"times\":{times:?}}}",
        text.len()
    );
}

/// The time that this thread has been on a processor, as Linux counts it, in ticks of a few milliseconds: what others do
/// meanwhile does not count.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e6
}

/// A generator of numbers that are the same at every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or_default()
    }
}

/// What kfp writes for `tasks` calls of `op(x: int) -> int`, 20 a layer, each with one edge of data and one of order.
fn ir(tasks: usize) -> String {
    let mut numbers = Numbers(42);
    let mut text = String::from("# PIPELINE DEFINITION\n# Name: synthetic\ncomponents:\n");
    for at in 0..tasks {
        let inputs = "    inputDefinitions:\n      parameters:\n        x:\n          parameterType: NUMBER_INTEGER\n";
        let outputs =
            "    outputDefinitions:\n      parameters:\n        Output:\n          parameterType: NUMBER_INTEGER\n";
        text += &format!("  comp-op-{at}:\n    executorLabel: exec-op-{at}\n{inputs}{outputs}");
    }
    text.push_str("deploymentSpec:\n  executors:\n");
    for at in 0..tasks {
        text += &format!("    exec-op-{at}:\n{CONTAINER}");
    }
    text.push_str("pipelineInfo:\n  name: synthetic\nroot:\n  dag:\n    tasks:\n");
    for at in 0..tasks {
        text += &format!(
            "      op-{at}:\n        cachingOptions:\n          enableCache: true\n        componentRef:\n          name: \
             comp-op-{at}\n"
        );
        let layer = at / 20;
        if layer == 0 {
            text.push_str(
                "        inputs:\n          parameters:\n            x:\n              runtimeValue:\n                \
                 constant: 1.0\n",
            );
        } else {
            let before = |numbers: &mut Numbers| (layer - 1) * 20 + numbers.below(20);
            let (data, order) = (before(&mut numbers), before(&mut numbers));
            text += &format!(
                "        dependentTasks:\n        - op-{data}\n        - op-{order}\n        inputs:\n          \
                 parameters:\n            x:\n              taskOutputParameter:\n                outputParameterKey: \
                 Output\n                producerTask: op-{data}\n"
            );
        }
        text += &format!("        taskInfo:\n          name: op-{at}\n");
    }
    text.push_str("schemaVersion: 2.1.0\nsdkVersion: kfp-2.17.0\n");
    text
}

const CONTAINER: &str = r#"      container:
        args:
        - --executor_input
        - '{{$}}'
        - --function_to_execute
        - op
        command:
        - sh
        - -c
        - "\nif ! [ -x \"$(command -v pip)\" ]; then\n    python3 -m ensurepip ||\
          \ python3 -m ensurepip --user || apt-get install python3-pip\nfi\n\nPIP_DISABLE_PIP_VERSION_CHECK=1\
          \ python3 -m pip install --quiet --no-warn-script-location 'kfp==2.17.0'\
          \ '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<\"3.9\"' && \"\
          $0\" \"$@\"\n"
        - sh
        - -ec
        - 'program_path=$(mktemp -d)


          printf "%s" "$0" > "$program_path/ephemeral_component.py"

          _KFP_RUNTIME=true python3 -m kfp.dsl.executor_main                         --component_module_path                         "$program_path/ephemeral_component.py"                         "$@"

          '
        - "\nimport kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import\
          \ *\n\ndef op(x: int) -> int:\n    return x + 1\n\n"
        image: python:3.11
"#;

/// What Argo's controller writes for a DAG of `nodes` pods, 20 a layer, each with two dependencies.
fn argo_status(nodes: usize) -> String {
    let mut numbers = Numbers(43);
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for at in 20..nodes {
        for _ in 0..2 {
            let before = (at / 20 - 1) * 20 + numbers.below(20);
            if !children[before].contains(&at) {
                children[before].push(at);
            }
        }
    }
    let id = |at: usize| format!("\"synthetic-{}\"", 1_000_000_000 + at);
    let ids = |list: &[usize]| list.iter().map(|&at| id(at)).collect::<Vec<_>>().join(",");
    let first: Vec<usize> = (0..nodes.min(20)).collect();
    let mut text = format!(
        r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{{"name":"synthetic","namespace":"team-a"}},"status":{{"phase":"Succeeded","nodes":{{"synthetic":{{"id":"synthetic","name":"synthetic","displayName":"synthetic","type":"DAG","templateName":"main","phase":"Succeeded","startedAt":"2026-11-24T10:00:00Z","finishedAt":"2026-11-24T11:00:00Z","children":[{}]}}"#,
        ids(&first)
    );
    for (at, after) in children.iter().enumerate() {
        text += &format!(
            r#",{id}:{{"id":{id},"name":"synthetic.task-{at}","displayName":"task-{at}","type":"Pod","templateName":"op","templateScope":"local/synthetic","phase":"Succeeded","boundaryID":"synthetic","startedAt":"2026-11-24T10:00:00Z","finishedAt":"2026-11-24T10:00:12Z","estimatedDuration":12,"progress":"1/1","resourcesDuration":{{"cpu":3,"memory":12}},"inputs":{{"parameters":[{{"name":"x","value":"{at}"}}]}},"outputs":{{"parameters":[{{"name":"Output","value":"{at}","valueFrom":{{"path":"/tmp/outputs/Output/data"}}}}],"artifacts":[{{"name":"main-logs","s3":{{"key":"artifacts/synthetic/task-{at}/main.log"}}}}],"exitCode":"0"}},"children":[{after}],"hostNodeName":"node-1"}}"#,
            id = id(at),
            after = ids(after),
        );
    }
    text.push_str("}}}");
    text
}
