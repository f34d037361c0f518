// Shows a live list of notebooks as Headlamp does: react-query holds the list, every watch event copies it, memo rows.
//
// Source of the way: kubernetes-sigs/headlamp 6d2b42c, lib/k8s/api/v2 (performance.md §3); written anew here. Kinder to
// the peer than the original: plain table instead of material-react-table, no redux, no class per item, events of one
// piece of the stream in one task.
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { memo, useEffect, useMemo } from "react";
import { createRoot } from "react-dom/client";

const wanted = new URLSearchParams(location.search);
const namespace = wanted.get("ns");
const rows = Number(wanted.get("rows"));
const path = `/k8s/apis/kubeflow.org/v1/namespaces/${namespace}/notebooks`;
const key = ["notebooks", namespace];
const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity, refetchOnWindowFocus: false } } });

async function list() {
  const all = { items: [], metadata: {} };
  let next = "";
  do {
    const page = await (await fetch(`${path}?limit=500${next}`)).json();
    all.items.push(...page.items);
    all.metadata = page.metadata;
    next = page.metadata.continue ? `&continue=${encodeURIComponent(page.metadata.continue)}` : "";
  } while (next !== "");
  return all;
}

/** The list after an event: a copy, because react-query compares by identity. */
function updated(list, { type, object }) {
  const items = [...list.items];
  const at = items.findIndex((item) => item.metadata.uid === object.metadata.uid);
  if (type === "DELETED") {
    if (at !== -1) items.splice(at, 1);
  } else if (at === -1) items.push(object);
  else items[at] = object;
  return { items, metadata: { ...list.metadata, resourceVersion: object.metadata.resourceVersion } };
}

async function watch(from, signal) {
  const response = await fetch(`${path}?watch=1&allowWatchBookmarks=true&resourceVersion=${from}`, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.type === "BOOKMARK") continue;
      client.setQueryData(key, (list) => updated(list, event));
    }
  }
}

function status(item) {
  const { metadata, status = {} } = item;
  if (metadata.deletionTimestamp) return "Deleting";
  if (metadata.annotations?.["kubeflow-resource-stopped"] !== undefined) return "Stopped";
  const state = status.containerState ?? {};
  if (state.waiting) return `${state.waiting.reason}: ${state.waiting.message ?? ""}`;
  if (state.terminated) return `${state.terminated.reason}`;
  return state.running ? "Running" : "Waiting";
}

function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (!Number.isFinite(seconds)) return "–";
  return seconds < 3600 ? `${Math.floor(seconds / 60)}m` : seconds < 86400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86400)}d`;
}

const Row = memo(function Row({ item }) {
  const container = item.spec.template.spec.containers[0] ?? {};
  const requests = container.resources?.requests ?? {};
  return (
    <tr>
      <td>{status(item)}</td>
      <td>{item.metadata.name}</td>
      <td>{item.metadata.annotations?.["notebooks.kubeflow.org/server-type"]}</td>
      <td>{container.image?.split("/").at(-1)}</td>
      <td>{requests.cpu}</td>
      <td>{requests.memory}</td>
      <td>{container.resources?.limits?.["nvidia.com/gpu"] ?? "–"}</td>
      <td>{ago(item.metadata.creationTimestamp)}</td>
      <td>{ago(item.metadata.annotations?.["notebooks.kubeflow.org/last-activity"])}</td>
    </tr>
  );
});

function Table() {
  const { data } = useQuery({ queryKey: key, queryFn: list });
  const loaded = data !== undefined;
  useEffect(() => {
    if (!loaded) return undefined;
    const control = new AbortController();
    watch(client.getQueryData(key).metadata.resourceVersion, control.signal).catch(() => {});
    return () => control.abort();
  }, [loaded]);
  const items = data?.items;
  const sorted = useMemo(() => [...(items ?? [])].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)), [items]);
  return (
    <table>
      <thead>
        <tr>{["Status", "Name", "Type", "Image", "CPU", "Memory", "GPU", "Age", "Last activity"].map((title) => <th key={title}>{title}</th>)}</tr>
      </thead>
      <tbody>{sorted.slice(0, rows).map((item) => <Row key={item.metadata.uid} item={item} />)}</tbody>
    </table>
  );
}

createRoot(document.getElementById("root")).render(
  <QueryClientProvider client={client}>
    <Table />
  </QueryClientProvider>,
);
