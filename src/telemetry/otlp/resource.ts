// Who a span or log record is of: one resource a workload, so that a backend draws services and not proxies.
import { attributes, type KeyValue, type Resource } from './message.ts';

export class Resources {
  readonly #version: string;
  readonly #extra: readonly KeyValue[];
  readonly #known = new Map<string, Resource>();

  /** @param extra attributes of every resource (OTEL_RESOURCE_ATTRIBUTES) */
  constructor(version: string, extra: Readonly<Record<string, string>>) {
    this.#version = version;
    this.#extra = attributes(Object.entries(extra).filter(([key]) => key !== 'service.name'));
  }

  /** @param id workload or gateway `namespace/name`, or the name of a process of Cullis */
  of(id: string): Resource {
    const known = this.#known.get(id);
    if (known) return known;
    const slash = id.indexOf('/');
    const own = attributes([
      ['service.name', slash < 0 ? id : id.slice(slash + 1)],
      ['service.namespace', slash < 0 ? undefined : id.slice(0, slash)],
      ['k8s.namespace.name', slash < 0 ? undefined : id.slice(0, slash)],
      ['telemetry.sdk.name', 'cullis'],
      ['telemetry.sdk.language', 'nodejs'],
      ['telemetry.sdk.version', this.#version],
    ]);
    const keys = new Set(own.map(({ key }) => key));
    const resource = { attributes: [...own, ...this.#extra.filter(({ key }) => !keys.has(key))] };
    // Workloads come from the plan, so there are not many.
    if (this.#known.size < 10_000) this.#known.set(id, resource);
    return resource;
  }
}
