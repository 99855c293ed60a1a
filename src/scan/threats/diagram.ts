// The data-flow diagram: Mermaid for pages, DOT for everything else. Trust boundaries are namespaces; what has open high threats is marked.
import type { Element, ThreatModel } from './model.ts';

/** Elements drawn at most: a diagram of more is read by nobody. */
const ELEMENTS_MAX = 400;

interface Drawing {
  readonly nodes: readonly Element[];
  readonly flows: readonly Element[];
  readonly names: ReadonlyMap<string, string>;
  readonly threatened: ReadonlySet<string>;
}

function drawing(model: ThreatModel): Drawing {
  const threatened = new Set(
    model.threats.flatMap(({ element, severity, status }) => (severity === 'high' && status === 'open' ? [element] : [])),
  );
  const nodes = model.elements.filter(({ kind }) => kind !== 'flow').slice(0, ELEMENTS_MAX);
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const flows = model.elements.filter(({ kind, from, to }) => kind === 'flow' && names.has(from ?? '') && names.has(to ?? ''));
  return { nodes, flows, names, threatened };
}

/** Mermaid `flowchart`; processes round, stores as cylinders, actors as boxes. */
export function renderMermaid(model: ThreatModel): string {
  const { nodes, flows, names, threatened } = drawing(model);
  const lines = ['flowchart LR'];
  for (const [b, boundary] of model.boundaries.entries()) {
    const own = nodes.filter((node) => node.boundary === boundary);
    if (own.length === 0) continue;
    lines.push(`  subgraph b${b}["${quoteMermaid(boundary)}"]`);
    for (const { id, kind, name } of own) {
      const label = `"${quoteMermaid(shortName(name))}"`;
      lines.push(`    ${names.get(id)}${kind === 'store' ? `[(${label})]` : kind === 'actor' ? `[${label}]` : `(${label})`}`);
    }
    lines.push('  end');
  }
  for (const { from, to, port, encrypted } of flows)
    lines.push(
      `  ${names.get(from!)} ${encrypted === true ? '-->' : '-.->'}|"${port}${encrypted === true ? ' encrypted' : ''}"| ${names.get(to!)}`,
    );
  const marked = nodes.filter(({ id }) => threatened.has(id)).map(({ id }) => names.get(id));
  lines.push('  classDef threatened stroke:#c00,stroke-width:3px');
  if (marked.length > 0) lines.push(`  class ${marked.join(',')} threatened`);
  return `${lines.join('\n')}\n`;
}

/** Graphviz DOT with a cluster for each boundary. */
export function renderDot(model: ThreatModel): string {
  const { nodes, flows, names, threatened } = drawing(model);
  const lines = ['digraph threats {', '  rankdir=LR;', '  node [fontname="sans-serif"];'];
  for (const [b, boundary] of model.boundaries.entries()) {
    const own = nodes.filter((node) => node.boundary === boundary);
    if (own.length === 0) continue;
    lines.push(`  subgraph cluster_${b} {`, `    label="${quoteDot(boundary)}"; style=dashed;`);
    for (const { id, kind, name } of own) {
      const shape = kind === 'store' ? 'cylinder' : kind === 'actor' ? 'box' : 'ellipse';
      lines.push(
        `    ${names.get(id)} [label="${quoteDot(shortName(name))}", shape=${shape}${threatened.has(id) ? ', color=red, penwidth=2' : ''}];`,
      );
    }
    lines.push('  }');
  }
  for (const { id, from, to, port, encrypted } of flows)
    lines.push(
      `  ${names.get(from!)} -> ${names.get(to!)} [label="${port}"${encrypted === true ? '' : ', style=dashed'}${threatened.has(id) ? ', color=red' : ''}];`,
    );
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

function quoteMermaid(text: string): string {
  return text.replaceAll(/[\u0000-\u001f"<>&#`|]/g, (c) => `#${c.charCodeAt(0)};`);
}

function quoteDot(text: string): string {
  return text.replaceAll(/[\u0000-\u001f]/g, ' ').replaceAll(/["\\]/g, String.raw`\$&`);
}
