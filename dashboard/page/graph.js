// The service graph as SVG. It is laid out anew only when services or links come or go; between, only texts and classes change.
import { duration, millis, perSecond, s, setText, whole } from './dom.js';
import { LABEL_HEIGHT, LABEL_WIDTH, NODE_HEIGHT, NODE_WIDTH, layout } from './layout.js';
import { edgeKind, namer } from './model.js';

const CLIENT_WIDTH = 92;
const LOCK = 'M-3.6 -0.6h7.2v5h-7.2zM-2.2 -0.6v-1.6a2.2 2.2 0 0 1 4.4 0v1.6';
const OPEN_LOCK = 'M-3.6 -0.6h7.2v5h-7.2zM-2.2 -0.6v-1.6a2.2 2.2 0 0 1 4.2 -0.9';

/** @returns a function that draws a graph (model.js graphOf) into `host` */
export function graphDrawer(host) {
  let drawn = { key: '', update: () => {} };
  return (graph, nowMs) => {
    const key = JSON.stringify([
      graph.nodes.map((node) => node.id).sort(),
      graph.edges.map((edge) => [edge.key, edgeKind(edge) === 'denied']),
      host.clientWidth,
    ]);
    if (key !== drawn.key) drawn = { key, update: build(host, graph) };
    drawn.update(graph, nowMs);
  };
}

function build(host, graph) {
  // A call that is mostly refused is no part of how the system is built, so it does not shape the picture.
  const edgesToPlace = graph.edges.map((edge) => ({ from: edge.from, to: edge.to, weak: edgeKind(edge) === 'denied' }));
  const placed = layout(graph.nodes, edgesToPlace, Math.max(720, host.clientWidth));
  const name = namer(graph.nodes.map((node) => node.id));
  const { width, height } = placed;
  // The world is narrower than a service; what it does not need is cut off at the left.
  const left =
    graph.nodes.some((node) => node.kind === 'client') && placed.nodes.get('client').x < NODE_WIDTH
      ? NODE_WIDTH - CLIENT_WIDTH
      : 0;
  const svg = s('svg', {
    viewBox: `${left} 0 ${width - left} ${height}`,
    role: 'img',
    'aria-label': 'Services and the calls between them; the table Links below says the same in words',
  });
  svg.append(s('defs', {}, ...['mtls', 'plain', 'outside', 'denied'].map(arrow)));
  const edges = new Map(placed.edges.map((edge) => [`${edge.from} ${edge.to}`, drawEdge(edge)]));
  const nodes = new Map(graph.nodes.map((node) => [node.id, drawNode(node, placed.nodes.get(node.id), name(node.id))]));
  for (const { line, flow } of edges.values()) svg.append(line, flow);
  for (const { group } of nodes.values()) svg.append(group);
  for (const { label } of edges.values()) svg.append(label);
  connectHover(svg, nodes, edges);
  host.replaceChildren(svg);
  return (next, nowMs) => {
    for (const edge of next.edges) updateEdge(edges.get(edge.key), edge, name);
    for (const node of next.nodes) updateNode(nodes.get(node.id), node, nowMs);
  };
}

function arrow(kind) {
  return s(
    'marker',
    {
      id: `arrow-${kind}`,
      class: `arrow ${kind}`,
      viewBox: '0 0 8 8',
      refX: 1,
      refY: 4,
      markerWidth: 6,
      markerHeight: 6,
      orient: 'auto',
    },
    s('path', { d: 'M0 0L8 4L0 8z' }),
  );
}

function drawEdge(edge) {
  const line = s('path', { d: edge.path, class: 'edge' });
  const flow = s('path', { d: edge.path, class: 'flow' });
  const box = s('rect', { x: -LABEL_WIDTH / 2, y: -LABEL_HEIGHT / 2, width: LABEL_WIDTH, height: LABEL_HEIGHT, rx: 6 });
  const lock = s('path', { class: 'lock', transform: `translate(${-LABEL_WIDTH / 2 + 10} ${-LABEL_HEIGHT / 4 + 0.5})` });
  const rate = s('text', { class: 'rate', x: -LABEL_WIDTH / 2 + 18, y: -LABEL_HEIGHT / 4 + 4 });
  const errors = s('text', { class: 'errors', x: LABEL_WIDTH / 2 - 6, y: -LABEL_HEIGHT / 4 + 4, 'text-anchor': 'end' });
  const detail = s('text', { class: 'detail', x: -LABEL_WIDTH / 2 + 7, y: LABEL_HEIGHT / 4 + 3 });
  const title = s('title');
  const label = s(
    'g',
    { class: 'label', transform: `translate(${edge.label.x} ${edge.label.y})` },
    title,
    box,
    lock,
    rate,
    errors,
    detail,
  );
  return { line, flow, label, lock, rate, errors, detail, title, from: edge.from, to: edge.to };
}

function updateEdge(drawn, edge, name) {
  if (!drawn) return;
  const kind = edgeKind(edge);
  drawn.line.setAttribute('class', `edge ${kind}`);
  drawn.line.setAttribute('marker-end', `url(#arrow-${kind})`);
  drawn.flow.setAttribute('class', `flow ${kind}${edge.rate > 0 ? ' live' : ''}`);
  drawn.label.setAttribute('class', `label ${kind}${edge.denied > 0 ? ' has-denied' : edge.failed > 0 ? ' has-failed' : ''}`);
  drawn.lock.setAttribute('d', edge.mtls ? LOCK : OPEN_LOCK);
  setText(drawn.rate, perSecond(edge.rate));
  const isHttp = edge.protocols.has('http');
  setText(drawn.errors, edge.failed > 0 ? share(edge.failed, edge.requests) : '');
  setText(
    drawn.detail,
    edge.denied > 0 ? `${whole(edge.denied)} denied` : isHttp ? `p99 ${millis(edge.p99Ms)}` : `${whole(edge.requests)} conn`,
  );
  const transport = edge.mtls ? 'mutual TLS' : 'plaintext';
  setText(
    drawn.title,
    `${name(edge.from)} → ${name(edge.to)}: ${transport}, ${whole(edge.requests)} calls, ${perSecond(edge.rate)}, p50 ${millis(edge.p50Ms)}, p99 ${millis(edge.p99Ms)}, ${whole(edge.denied)} denied (${whole(edge.mtlsDenied)} for want of mutual TLS, ${whole(edge.policyDenied)} by policy), ${whole(edge.failed)} failed`,
  );
}

/** Of all, those that failed: `3 %`, `0.4 %`. */
function share(part, all) {
  const percent = (part / Math.max(all, part)) * 100;
  return `${percent < 1 ? Math.max(0.1, percent).toFixed(1) : Math.round(percent)} %`;
}

function drawNode(node, at, label) {
  const isClient = node.kind === 'client';
  const width = isClient ? CLIENT_WIDTH : NODE_WIDTH;
  const x = isClient ? NODE_WIDTH / 2 - width : -width / 2;
  const box = s('rect', { x, y: -NODE_HEIGHT / 2, width, height: NODE_HEIGHT, rx: isClient ? NODE_HEIGHT / 2 : 9 });
  const middle = x + width / 2;
  const short = label.length > 20 ? `${label.slice(0, 19)}…` : label;
  const first = s(
    'text',
    { class: 'name', x: isClient ? middle : x + 12, y: -4, 'text-anchor': isClient ? 'middle' : 'start' },
    isClient ? 'the world' : short,
  );
  const second = s('text', { class: 'sub', x: isClient ? middle : x + 24, y: 14, 'text-anchor': isClient ? 'middle' : 'start' });
  const dot = s('circle', { class: 'dot', cx: x + 16, cy: 10, r: 3.6 });
  const title = s('title');
  const group = s(
    'g',
    { class: `node ${node.kind}`, transform: `translate(${at.x} ${at.y})` },
    title,
    box,
    first,
    second,
    ...(isClient ? [] : [dot]),
  );
  return { group, second, dot, title, id: node.id };
}

function updateNode(drawn, node, nowMs) {
  if (!drawn) return;
  const { workload } = node;
  if (node.kind === 'client') return setText(drawn.second, 'no identity');
  if (node.kind === 'gateway') {
    drawn.dot.setAttribute('class', 'dot ready');
    setText(drawn.title, `gateway ${node.id} at ${node.url}`);
    return setText(drawn.second, `gateway ${node.url.replace(/^https?:\/\//, '').replace('127.0.0.1', '')}`);
  }
  const state = workload?.state ?? 'declared';
  drawn.dot.setAttribute('class', `dot ${state}`);
  const left = workload?.certificate ? workload.certificate.notAfterMs - nowMs : undefined;
  setText(
    drawn.second,
    state === 'ready' || state === 'external' ? (left === undefined ? 'no certificate' : `cert ${duration(left)}`) : state,
  );
  setText(drawn.title, workload ? `${workload.id}: ${workload.state}, ${workload.identity}` : node.id);
}

/** A service under the pointer shows its own calls; the rest steps back. */
function connectHover(svg, nodes, edges) {
  const show = (id) => {
    svg.classList.toggle('focus', id !== undefined);
    for (const [nodeId, { group }] of nodes) {
      const near = [...edges.values()].some(
        (edge) => (edge.from === id && edge.to === nodeId) || (edge.to === id && edge.from === nodeId),
      );
      group.classList.toggle('near', nodeId === id || near);
    }
    for (const edge of edges.values())
      for (const part of [edge.line, edge.flow, edge.label]) part.classList.toggle('near', edge.from === id || edge.to === id);
  };
  for (const [id, { group }] of nodes) {
    group.addEventListener('pointerenter', () => show(id));
    group.addEventListener('pointerleave', () => show(undefined));
  }
}
