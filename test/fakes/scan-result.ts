// A scan result with one of everything, for tests of reports and verdicts.
import type { JudgedFinding, ScanResult } from '#scan/result.ts';

export function judgedFinding(change: Partial<JudgedFinding> = {}): JudgedFinding {
  return {
    id: '0123456789abcdef',
    code: 'network.cidr-too-wide',
    severity: 'high',
    title: '`10.0.0.0/8` lets in more than `shop/cart` means',
    message: 'whoever gets an address in it reaches the cart',
    location: { file: 'deploy/shop & co.yaml', line: 12, column: 9 },
    path: 'spec.ingress[0].from[0].ipBlock.cidr',
    subject: 'NetworkPolicy shop/cart',
    related: [{ location: { file: 'deploy/nodes.yaml', line: 3, column: 1 }, message: 'the pods have 10.4.0.0/14' }],
    cwe: [284],
    tags: ['pci-dss:1.3.1', 'nsa-k8s:network'],
    fix: { text: 'name the pods by their labels', yaml: 'from:\n  - podSelector: {}' },
    references: ['https://kubernetes.io/docs/concepts/services-networking/network-policies/'],
    firstSeen: '2026-11-20',
    due: '2026-12-04',
    overdue: false,
    known: false,
    ...change,
  };
}

export function scanResult(change: Partial<ScanResult> = {}): ScanResult {
  return {
    version: '1.2.3',
    target: 'deploy',
    at: '2026-11-24T12:00:00.000Z',
    files: 2,
    bytes: 100,
    packages: 0,
    units: [{ name: 'deploy', files: 2, documents: 3, workloads: 2, services: 1, hash: 'h' }],
    findings: [judgedFinding()],
    paths: [
      {
        id: 'p1',
        unit: 'deploy',
        from: 'internet',
        to: 'shop/db',
        hops: [
          { text: 'the internet reaches `shop/cart`', file: 'deploy/ingress.yaml', line: 4 },
          { text: 'it holds the password of `shop/db`' },
        ],
        risk: 0.12,
      },
    ],
    diagnostics: [
      {
        code: 'syntax.yaml',
        severity: 'error',
        message: 'a `:` is missing',
        location: { file: 'deploy/bad.yaml', line: 2, column: 1 },
      },
    ],
    notAnalysed: [{ file: 'deploy/chart', what: 'helm-template', message: 'a template', help: 'render it' }],
    ...change,
  };
}
