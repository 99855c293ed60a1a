// A small layered layout (after Sugiyama, Tagawa, Toda 1981): callers at the left, what they call at the right. Pure: numbers in, numbers out.

export const NODE_WIDTH = 160;
export const NODE_HEIGHT = 52;
const ROW_GAP = 34;
const GAP_MIN = 82;
const GAP_MAX = 190;
const MARGIN = 8;
export const LABEL_WIDTH = 78;
export const LABEL_HEIGHT = 32;

/**
 * @param {{ id: string }[]} nodes
 * @param {{ from: string, to: string, weak?: boolean }[]} edges ends that are no node are left out; a weak one is drawn but moves nothing
 * @param {number} wantedWidth units to fill when the graph is narrower
 * @returns {{ width: number, height: number, nodes: Map<string, {x: number, y: number}>, edges: {from: string, to: string, path: string, label: {x: number, y: number}}[] }}
 */
export function layout(nodes, edges, wantedWidth = 1200) {
  const ids = nodes.map((node) => node.id);
  const known = new Set(ids);
  const real = edges.filter((edge) => known.has(edge.from) && known.has(edge.to) && edge.from !== edge.to);
  const layerOf = layers(
    ids,
    real.filter((edge) => !edge.weak),
  );
  const columns = Math.max(0, ...layerOf.values()) + 1;
  const gap = Math.min(GAP_MAX, Math.max(GAP_MIN, (wantedWidth - MARGIN * 2 - columns * NODE_WIDTH) / Math.max(1, columns - 1)));
  const { order, chains } = withWaypoints(ids, real, layerOf, columns);
  sortLayers(order, chains);
  const y = rows(order, chains);
  const x = (layer) => MARGIN + NODE_WIDTH / 2 + layer * (NODE_WIDTH + gap);
  const bottom = Math.max(NODE_HEIGHT, ...[...y.values()].map((value) => value + NODE_HEIGHT / 2));
  const place = (id) => ({ x: x(order.findIndex((layer) => layer.includes(id))), y: y.get(id) });
  const placed = new Map(ids.map((id) => [id, place(id)]));
  const routes = chains.map((chain) => ({ ...chain, points: chain.via.map(place) }));
  const drawn = draw(routes, placed, layerOf, bottom);
  separate(drawn);
  const height = Math.max(bottom, ...drawn.map((edge) => Math.max(edge.label.y + LABEL_HEIGHT / 2, edge.lowest))) + MARGIN;
  return { width: x(columns - 1) + NODE_WIDTH / 2 + MARGIN, height, nodes: placed, edges: drawn };
}

/** Steps from the entrances; what calls nothing stands right of all its callers, so that databases and logs end up at the edge. */
function layers(ids, edges) {
  const out = new Map(ids.map((id) => [id, []]));
  const into = new Map(ids.map((id) => [id, []]));
  for (const { from, to } of edges) {
    out.get(from).push(to);
    into.get(to).push(from);
  }
  const layer = new Map();
  const walk = (queue) => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      for (const to of out.get(next)) {
        if (layer.has(to)) continue;
        layer.set(to, layer.get(next) + 1);
        queue.push(to);
      }
    }
  };
  const start = (id, at) => {
    layer.set(id, at);
    walk([id]);
  };
  const sources = ids.filter((id) => into.get(id).length === 0 && out.get(id).length > 0);
  for (const id of sources) layer.set(id, 0);
  walk([...sources]);
  // A ring without an entrance begins at its first member.
  for (const id of ids) if (!layer.has(id) && out.get(id).length > 0) start(id, 0);
  const last = Math.max(0, ...layer.values());
  for (const id of ids) {
    const callers = into.get(id);
    if (!layer.has(id)) layer.set(id, last);
    else if (out.get(id).length === 0 && callers.length > 0)
      layer.set(id, 1 + Math.max(...callers.map((caller) => layer.get(caller))));
  }
  return layer;
}

/** An edge over several layers gets a waypoint in each, so that it is led between the nodes and not through them. */
function withWaypoints(ids, edges, layerOf, columns) {
  const order = Array.from({ length: columns }, () => []);
  for (const id of ids) order[layerOf.get(id)].push(id);
  const chains = edges.map(({ from, to }, index) => {
    const via = [from];
    for (let layer = layerOf.get(from) + 1; layer < layerOf.get(to); layer++) {
      const id = `\0${index}.${layer}`;
      order[layer].push(id);
      via.push(id);
    }
    via.push(to);
    return { from, to, via };
  });
  return { order, chains };
}

const isWaypoint = (id) => id.startsWith('\0');

/** Barycentre sweeps, there and back: every node moves to the mean place of its neighbours, which takes most crossings out. */
function sortLayers(order, chains) {
  const neighbours = neighbourMap(chains);
  for (let sweep = 0; sweep < 8; sweep++) {
    const forward = sweep % 2 === 0;
    for (let step = 1; step < order.length; step++) {
      const layer = forward ? step : order.length - 1 - step;
      const fixed = order[forward ? layer - 1 : layer + 1];
      const position = new Map(fixed.map((id, i) => [id, i]));
      const own = new Map(order[layer].map((id, i) => [id, i]));
      const weight = (id) => {
        const seen = neighbours
          .get(id)
          .filter((other) => position.has(other))
          .map((other) => position.get(other));
        return seen.length === 0 ? own.get(id) : seen.reduce((sum, value) => sum + value, 0) / seen.length;
      };
      const weights = new Map(order[layer].map((id) => [id, weight(id)]));
      order[layer].sort((a, b) => weights.get(a) - weights.get(b) || own.get(a) - own.get(b));
    }
  }
}

function neighbourMap(chains) {
  const neighbours = new Map();
  const add = (a, b) => (neighbours.get(a) ?? neighbours.set(a, []).get(a)).push(b);
  for (const { via } of chains) {
    for (let i = 1; i < via.length; i++) {
      add(via[i - 1], via[i]);
      add(via[i], via[i - 1]);
    }
  }
  return { get: (id) => neighbours.get(id) ?? [] };
}

/** Heights: rows first, then every node is drawn to the middle of its neighbours as far as the others in its layer leave room. */
function rows(order, chains) {
  const neighbours = neighbourMap(chains);
  const room = (id) => (isWaypoint(id) ? 30 : NODE_HEIGHT + ROW_GAP);
  const y = new Map();
  for (const layer of order) {
    const total = layer.reduce((sum, id) => sum + room(id), 0);
    let at = -total / 2;
    for (const id of layer) {
      y.set(id, at + room(id) / 2);
      at += room(id);
    }
  }
  for (let round = 0; round < 24; round++) {
    for (const layer of round % 2 === 0 ? order : order.toReversed()) {
      const wanted = layer.map((id) => {
        const seen = neighbours.get(id).map((other) => y.get(other));
        return seen.length === 0 ? y.get(id) : seen.reduce((sum, value) => sum + value, 0) / seen.length;
      });
      settle(layer, wanted, room, y);
    }
  }
  const top = Math.min(...[...y].map(([id, value]) => value - (isWaypoint(id) ? 15 : NODE_HEIGHT / 2)));
  for (const [id, value] of y) y.set(id, value - top + MARGIN);
  return y;
}

/** Puts a layer as near to the wanted heights as its order and distances allow: neighbours that collide form a block that sits at its mean. */
function settle(layer, wanted, room, y) {
  const blocks = [];
  for (const [i, id] of layer.entries()) {
    let block = { ids: [id], offsets: [0], sum: wanted[i], size: 1, start: wanted[i], end: wanted[i] };
    for (let before = blocks.at(-1); before; before = blocks.at(-1)) {
      const distance = (room(before.ids.at(-1)) + room(block.ids[0])) / 2;
      if (before.end + distance <= block.start) break;
      blocks.pop();
      const shift = before.end - before.start + distance;
      const offsets = [...before.offsets, ...block.offsets.map((offset) => offset + shift)];
      const sum = before.sum + block.sum - block.size * shift;
      const size = before.size + block.size;
      const start = sum / size;
      block = { ids: [...before.ids, ...block.ids], offsets, sum, size, start, end: start + offsets.at(-1) };
    }
    blocks.push(block);
  }
  for (const block of blocks) for (const [i, id] of block.ids.entries()) y.set(id, block.start + block.offsets[i]);
}

/** Lines, with their ends spread along the sides of the nodes in the order in which they go apart. */
function draw(routes, placed, layerOf, bottom) {
  const ends = new Map();
  const side = (id, name, route, towards) => {
    const key = `${id} ${name}`;
    (ends.get(key) ?? ends.set(key, []).get(key)).push({ route, towards });
  };
  for (const route of routes) {
    const [from, to] = [layerOf.get(route.from), layerOf.get(route.to)];
    if (from < to) {
      side(route.from, 'right', route, route.points[1].y);
      side(route.to, 'left', route, route.points.at(-2).y);
    } else if (from === to) {
      side(route.from, 'right', route, placed.get(route.to).y);
      side(route.to, 'right', route, placed.get(route.from).y);
    }
  }
  const offset = (id, name, route) => {
    const all = ends.get(`${id} ${name}`).sort((a, b) => a.towards - b.towards);
    const index = all.findIndex((one) => one.route === route);
    const step = Math.min(13, (NODE_HEIGHT - 14) / all.length);
    return (index - (all.length - 1) / 2) * step;
  };
  let under = 0;
  return routes.map((route) => {
    const [a, b] = [placed.get(route.from), placed.get(route.to)];
    const [from, to] = [layerOf.get(route.from), layerOf.get(route.to)];
    const half = NODE_WIDTH / 2;
    if (from < to) {
      const points = route.points.map((point) => ({ ...point }));
      points[0] = { x: a.x + half, y: a.y + offset(route.from, 'right', route) };
      points[points.length - 1] = { x: b.x - half - 7, y: b.y + offset(route.to, 'left', route) };
      return { from: route.from, to: route.to, path: curve(points), label: middle(points), lowest: 0 };
    }
    if (from === to) {
      const start = { x: a.x + half, y: a.y + offset(route.from, 'right', route) };
      const end = { x: b.x + half + 7, y: b.y + offset(route.to, 'right', route) };
      const out = Math.max(start.x, end.x) + 44;
      const path = `M${start.x} ${start.y}C${out} ${start.y} ${out} ${end.y} ${end.x} ${end.y}`;
      return { from: route.from, to: route.to, path, label: { x: (start.x + out * 3) / 4, y: (start.y + end.y) / 2 }, lowest: 0 };
    }
    const depth = bottom + 26 + under++ * 22;
    const [sx, ex] = [a.x - 18, b.x + 18];
    const path = `M${sx} ${a.y + NODE_HEIGHT / 2}C${sx} ${depth} ${sx} ${depth} ${sx - 40} ${depth}L${ex + 40} ${depth}C${ex} ${depth} ${ex} ${depth} ${ex} ${b.y + NODE_HEIGHT / 2 + 7}`;
    return { from: route.from, to: route.to, path, label: { x: (sx + ex) / 2, y: depth }, lowest: depth + LABEL_HEIGHT / 2 };
  });
}

function curve(points) {
  let path = `M${points[0].x} ${points[0].y}`;
  for (let i = 1; i < points.length; i++) {
    const [p, q] = [points[i - 1], points[i]];
    const bend = (q.x - p.x) / 2;
    path += `C${p.x + bend} ${p.y} ${q.x - bend} ${q.y} ${q.x} ${q.y}`;
  }
  return path;
}

/** The label sits in the gap before the target's layer, or at the middle waypoint of a long line, where there is room. */
function middle(points) {
  if (points.length === 2) return { x: (points[0].x + points[1].x) / 2, y: (points[0].y + points[1].y) / 2 };
  const point = points[Math.floor(points.length / 2)];
  return { x: point.x, y: point.y };
}

/** Labels that lie on each other are moved apart, up and down. */
function separate(edges) {
  for (let round = 0; round < 40; round++) {
    let moved = false;
    for (const [i, a] of edges.entries()) {
      for (const b of edges.slice(i + 1)) {
        if (Math.abs(a.label.x - b.label.x) >= LABEL_WIDTH || Math.abs(a.label.y - b.label.y) >= LABEL_HEIGHT) continue;
        const push = (LABEL_HEIGHT - Math.abs(a.label.y - b.label.y)) / 2 + 0.5;
        const [upper, lower] = a.label.y <= b.label.y ? [a, b] : [b, a];
        upper.label.y -= push;
        lower.label.y += push;
        moved = true;
      }
    }
    if (!moved) return;
  }
}
