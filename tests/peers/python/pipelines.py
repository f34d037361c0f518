"""Compiles pipelines with the KFP SDK into the folder given, and prints what it made of them, as JSON.

`SHOWS` says by hand what a reader must find: each node's path and kind, and each edge inside its group.
"""

import json
import pathlib
import sys

from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Output, OutputPath


def container(*args):
    return dsl.ContainerSpec(image="registry.example/step:1", command=["step"], args=list(args))


@dsl.container_component
def say(text: str, said: OutputPath(str)):
    return container(text, said)


@dsl.container_component
def count(text: str, number: OutputPath(int)):
    return container(text, number)


@dsl.container_component
def ingest(table: Output[Dataset]):
    return container(table.path)


@dsl.container_component
def clean(table: Input[Dataset], cleaned: Output[Dataset]):
    return container(table.path, cleaned.path)


@dsl.pipeline
def chain(text: str = "a"):
    """Data by an artifact, data by a parameter, and order alone."""
    cleaned = clean(table=ingest().output)
    said = say(text=text).after(cleaned)
    count(text=said.output)


@dsl.pipeline
def loops():
    """A loop over given items with a loop over an output's items inside."""

    @dsl.component(base_image="registry.example/step:1")
    def names(of: str) -> list:
        return [of]

    with dsl.ParallelFor(items=["a", "b", "c"], parallelism=2) as item:
        made = names(of=item)
        with dsl.ParallelFor(items=made.output) as name:
            say(text=name)


@dsl.pipeline
def branches(text: str):
    """One of three, and one that stands alone."""
    number = count(text=text).output
    with dsl.If(number == 1):
        say(text="one")
    with dsl.Elif(number == 2):
        say(text="two")
    with dsl.Else():
        say(text="many")
    with dsl.If(number > 9, name="large"):
        say(text="large")


@dsl.pipeline
def guarded():
    """What is done at the end whatever happened."""
    last = say(text="ended")
    with dsl.ExitHandler(last):
        first = say(text="begins")
        say(text=first.output)


@dsl.pipeline
def inner(text: str) -> str:
    first = say(text=text)
    return say(text=first.output).output


@dsl.pipeline
def nested():
    """A pipeline as a task of another, twice."""
    once = inner(text="a")
    twice = inner(text=once.output)
    count(text=twice.output)


SHOWS = {
    chain: {
        "nodes": {"root/ingest": "Task", "root/clean": "Task", "root/say": "Task", "root/count": "Task"},
        "edges": ["root: ingest -> clean Data table", "root: clean -> say Order", "root: say -> count Data said"],
    },
    loops: {
        "nodes": {
            "root/for-loop-2": "Loop",
            "root/for-loop-2/names": "Task",
            "root/for-loop-2/for-loop-3": "Loop",
            "root/for-loop-2/for-loop-3/say": "Task",
        },
        "edges": ["root/for-loop-2: names -> for-loop-3 Data Output"],
    },
    branches: {
        "nodes": {
            "root/count": "Task",
            "root/condition-branches-1": "Branches",
            "root/condition-branches-1/condition-2": "Condition",
            "root/condition-branches-1/condition-2/say": "Task",
            "root/condition-branches-1/condition-3": "Condition",
            "root/condition-branches-1/condition-3/say-2": "Task",
            "root/condition-branches-1/condition-4": "Condition",
            "root/condition-branches-1/condition-4/say-3": "Task",
            "root/condition-5": "Condition",
            "root/condition-5/say-4": "Task",
        },
        "edges": ["root: count -> condition-branches-1 Data number", "root: count -> condition-5 Data number"],
    },
    guarded: {
        "nodes": {
            "root/exit-handler-1": "ExitHandler",
            "root/exit-handler-1/say-2": "Task",
            "root/exit-handler-1/say-3": "Task",
            "root/say": "ExitTask",
        },
        "edges": ["root/exit-handler-1: say-2 -> say-3 Data said", "root: exit-handler-1 -> say Order"],
    },
    nested: {
        "nodes": {
            "root/inner": "Dag",
            "root/inner/say": "Task",
            "root/inner/say-2": "Task",
            "root/inner-2": "Dag",
            "root/inner-2/say": "Task",
            "root/inner-2/say-2": "Task",
            "root/count": "Task",
        },
        "edges": [
            "root/inner: say -> say-2 Data said",
            "root/inner-2: say -> say-2 Data said",
            "root: inner -> inner-2 Data Output",
            "root: inner-2 -> count Data Output",
        ],
    },
}


def main():
    folder = pathlib.Path(sys.argv[1])
    for pipeline in SHOWS:
        compiler.Compiler().compile(pipeline, str(folder / f"{pipeline.name}.yaml"))
    print(json.dumps({pipeline.name: shows for pipeline, shows in SHOWS.items()}))


main()
