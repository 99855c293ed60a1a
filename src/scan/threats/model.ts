// The threat model of a System: what may happen to each part of it, how likely that is, what it would cost, and what stands against it.
import type { Evidence } from '../attack/model.ts';

export const STRIDE = [
  'spoofing',
  'tampering',
  'repudiation',
  'information-disclosure',
  'denial-of-service',
  'elevation-of-privilege',
] as const;
export type Stride = (typeof STRIDE)[number];

export const STRIDE_NAMES: Readonly<Record<Stride, string>> = {
  spoofing: 'Spoofing',
  tampering: 'Tampering',
  repudiation: 'Repudiation',
  'information-disclosure': 'Information disclosure',
  'denial-of-service': 'Denial of service',
  'elevation-of-privilege': 'Elevation of privilege',
};

export interface Element {
  /** `workload:shop/cart`, `flow:shop/web>shop/cart:8080`, `internet` */
  readonly id: string;
  readonly kind: 'actor' | 'process' | 'store' | 'flow';
  readonly name: string;
  /** Trust boundary it stands in: `internet`, or a namespace. Of a flow: its target's. */
  readonly boundary: string;
  /** Ends of a flow, by id. */
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
  /** Whether what flows is encrypted. */
  readonly encrypted?: boolean;
  /** Euros, when it is a crown jewel. */
  readonly value?: number;
  readonly evidence: Evidence;
}

export interface Control {
  readonly text: string;
  /** It is there, or it is proposed. */
  readonly exists: boolean;
  /** Euros a year that it takes, or would take, off this threat's expected loss. */
  readonly reduction: number;
  readonly evidence?: Evidence;
  /** Id of the fix that makes it (`cullis fix`), or of the finding whose fix does. */
  readonly fix?: string;
}

export interface Threat {
  /** Stable: hex, over the element, the category and the weakness. */
  readonly id: string;
  readonly element: string;
  readonly stride: Stride;
  /** Which row of the table made it: `open-callers`. */
  readonly rule: string;
  readonly title: string;
  readonly description: string;
  /** Within a year, 0 to 1. */
  readonly likelihood: number;
  /** Euros, when it happens. */
  readonly impact: number;
  /** Euros a year: likelihood times impact. */
  readonly loss: number;
  readonly severity: 'high' | 'medium' | 'low';
  /** `mitigated`: a control that exists answers it; what is left is the loss. */
  readonly status: 'open' | 'mitigated';
  readonly controls: readonly Control[];
  readonly evidence: readonly Evidence[];
}

export interface ThreatModel {
  readonly title: string;
  readonly boundaries: readonly string[];
  readonly elements: readonly Element[];
  /** Most expected loss first. */
  readonly threats: readonly Threat[];
  readonly total: {
    /** Euros a year over the crown jewels (not the sum of the threats, which share ways). */
    readonly expectedLoss: number;
    /** Euros: what the crown jewels are worth. */
    readonly value: number;
    /** Euros a year that the proposed fixes take off together. */
    readonly reducible: number;
  };
  /** Version of the tables of figures. */
  readonly version: string;
}

/** Figures that are no steps of an attack: yearly likelihoods and shares of a value. Orders of magnitude, as in attack/probabilities.ts. */
export const FIGURES = {
  version: '2026.11',
  /** Somebody who is in the network reads or changes what passes in the clear. */
  sniff: 0.3,
  /** The same on the open internet. */
  sniffOutside: 0.2,
  /** Of what encryption leaves. */
  encryptedLeft: 0.02,
  /** Share of a value that one flow shows. */
  flowShare: 0.1,
  /** An image is replaced by another one under the same name. */
  imageByLatest: 0.05,
  imageByTag: 0.02,
  imageByDigest: 0.002,
  /** A flood that gets through. */
  flood: 0.4,
  floodLimited: 0.05,
  /** Memory runs out, by mistake or on purpose. */
  exhaustion: 0.2,
  exhaustionLimited: 0.03,
  /** Share of all value that an hour of standstill costs. */
  outageShare: 0.005,
  /** Nobody can say who did it. */
  noTrace: 0.1,
  noTraceLogged: 0.01,
  traceShare: 0.02,
  /** Of a finding that no path explains, by its severity. */
  finding: { critical: 0.3, high: 0.15, medium: 0.04, low: 0.01, info: 0.001 },
} as const;
