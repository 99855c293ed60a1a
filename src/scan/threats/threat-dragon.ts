// The threat model as OWASP Threat Dragon 2 reads it (its JSON schema, version 2): one STRIDE diagram, threats at each element.
import { placeOf } from '../attack/evidence.ts';
import { formatEuros, formatLikelihood } from './markdown.ts';
import { STRIDE_NAMES } from './model.ts';
import type { Element, Threat, ThreatModel } from './model.ts';

const VERSION = '2.4.0';
const CELL = { width: 150, height: 70, gapX: 90, gapY: 60, columns: 3, margin: 50 } as const;
const SEVERITIES = { high: 'High', medium: 'Medium', low: 'Low' } as const;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** @returns plain data for JSON */
export function threatDragon(model: ThreatModel, owner = ''): Readonly<Record<string, unknown>> {
  const numbers = new Map(model.threats.map(({ id }, i) => [id, i + 1]));
  const threats = Map.groupBy(model.threats, ({ element }) => element);
  const cells = layout(model).map(({ element, cell }) =>
    withThreats(element, cell, threats.get(element?.id ?? '') ?? [], numbers),
  );
  return {
    version: VERSION,
    summary: {
      title: model.title,
      owner,
      description: `Expected loss ${formatEuros(model.total.expectedLoss)} a year of ${formatEuros(model.total.value)}.`,
      id: 0,
    },
    detail: {
      contributors: [],
      diagrams: [
        {
          id: 0,
          title: 'Data flows',
          diagramType: 'STRIDE',
          placeholder: 'Generated from the manifests',
          thumbnail: './public/content/images/thumbnail.stride.jpg',
          version: VERSION,
          cells,
        },
      ],
      diagramTop: 1,
      reviewer: '',
      threatTop: model.threats.length,
    },
  };
}

interface Drawn {
  readonly element: Element | undefined;
  readonly cell: Record<string, unknown>;
}

/** Boundaries side by side, the elements of each in a grid, flows between them. */
function layout(model: ThreatModel): readonly Drawn[] {
  const drawn: Drawn[] = [];
  let left: number = CELL.margin;
  for (const boundary of model.boundaries) {
    const own = model.elements.filter((element) => element.kind !== 'flow' && element.boundary === boundary);
    if (own.length === 0) continue;
    const columns = Math.min(CELL.columns, own.length);
    const rows = Math.ceil(own.length / columns);
    const [width, height] = [columns * (CELL.width + CELL.gapX) + CELL.gapX, rows * (CELL.height + CELL.gapY) + CELL.gapY];
    drawn.push({
      element: undefined,
      cell: {
        id: uuid(`boundary:${boundary}`),
        shape: 'trust-boundary-box',
        zIndex: -1,
        position: { x: left, y: CELL.margin },
        size: { width, height },
        attrs: { label: { text: boundary } },
        data: { type: 'tm.BoundaryBox', name: boundary, description: '', isTrustBoundary: true, hasOpenThreats: false },
      },
    });
    for (const [i, element] of own.entries()) {
      const at: Place = {
        x: left + CELL.gapX + (i % columns) * (CELL.width + CELL.gapX),
        y: CELL.margin + CELL.gapY + Math.floor(i / columns) * (CELL.height + CELL.gapY),
      };
      drawn.push({ element, cell: node(element, at) });
    }
    left += width + CELL.margin;
  }
  for (const element of model.elements) if (element.kind === 'flow') drawn.push({ element, cell: flow(element) });
  return drawn;
}

function node({ id, kind, name, value }: Element, position: Place): Record<string, unknown> {
  const type = kind === 'actor' ? 'tm.Actor' : kind === 'store' ? 'tm.Store' : 'tm.Process';
  return {
    id: uuid(id),
    shape: kind,
    zIndex: 1,
    position: { ...position },
    size: { width: CELL.width, height: CELL.height },
    attrs: { text: { text: name } },
    data: {
      type,
      name,
      description: value === undefined ? '' : `Crown jewel worth ${formatEuros(value)}`,
      outOfScope: false,
      reasonOutOfScope: '',
    },
  };
}

function flow({ id, name, from, to, port, encrypted, evidence }: Element): Record<string, unknown> {
  return {
    id: uuid(id),
    shape: 'flow',
    zIndex: 10,
    connector: 'smooth',
    labels: [String(port)],
    source: { cell: uuid(from!) },
    target: { cell: uuid(to!) },
    vertices: [],
    data: {
      type: 'tm.Flow',
      name,
      description: evidence.text,
      outOfScope: false,
      reasonOutOfScope: '',
      protocol: encrypted === true ? 'TLS' : 'TCP',
      isBidirectional: false,
      isEncrypted: encrypted === true,
      isPublicNetwork: from === 'internet',
    },
  };
}

function withThreats(
  element: Element | undefined,
  cell: Record<string, unknown>,
  threats: readonly Threat[],
  numbers: ReadonlyMap<string, number>,
): Record<string, unknown> {
  if (!element) return cell;
  const open = threats.some(({ status }) => status === 'open');
  const written = threats.map((threat) => ({
    id: uuid(threat.id),
    title: threat.title,
    status: threat.status === 'open' ? 'Open' : 'Mitigated',
    severity: SEVERITIES[threat.severity],
    type: STRIDE_NAMES[threat.stride],
    description: [threat.description, ...threat.evidence.map((evidence) => `${evidence.text} ${placeOf(evidence)}`.trim())].join(
      '\n',
    ),
    mitigation: threat.controls
      .map(({ text, exists, reduction }) => `${exists ? 'In place' : 'Proposed'}: ${text} (${formatEuros(reduction)} a year)`)
      .join('\n'),
    modelType: 'STRIDE',
    new: false,
    number: numbers.get(threat.id) ?? 0,
    score: `${formatLikelihood(threat.likelihood)} x ${formatEuros(threat.impact)}`,
  }));
  const data = cell['data'] as Record<string, unknown>;
  const stroke = { stroke: open ? '#ff0000' : '#333333', strokeWidth: open ? 2.5 : 1.5, strokeDasharray: null };
  const attrs =
    element.kind === 'flow'
      ? { line: { ...stroke, targetMarker: { name: 'classic' }, sourceMarker: { name: '' } } }
      : { ...(cell['attrs'] as object), body: stroke };
  return { ...cell, attrs, data: { ...data, hasOpenThreats: open, threats: written } };
}

/** A UUID that stays the same for the same thing (version 8, RFC 9562 section 5.8: bits of our own making). */
function uuid(name: string): string {
  const digits = Array.from({ length: 4 }, (_, i) => fnv(`${i}:${name}`).toString(16).padStart(8, '0')).join('');
  const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

/** FNV-1a, 32 bits. */
function fnv(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
