import { unreachable } from '#base/assert.ts';
import type { HttpRouteFilter } from '#model/gateway.ts';
import type { RouteRulePlan } from '#plan/plan.ts';
import { injectFault } from '../fault.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import { changesOf, changeHeaders } from '../route-headers.ts';
import { redirect, rewrite } from '../route-target.ts';
import { respond } from '../respond.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/**
 * The rule's filters and its backend, after authorization, so that policy judges what the client asked for. The next hop judges the
 * rewritten request itself. A rule that cannot be honoured whole answers 500 (Gateway API, HTTPRouteFilter and HTTPBackendRef).
 */
export function applyRoute(x: Exchange): Step | Promise<Step> {
  if (!x.route) return 'next';
  const { rule, match } = x.route;
  const { timeouts, filters } = rule.rule;
  x.requestTimeoutMs = timeouts?.requestMs ?? 0;
  x.backendTimeoutMs = timeouts?.backendRequestMs ?? 0;
  for (const filter of filters) {
    if (filter.type === 'Unsupported') return broken(x, `the filter \`${filter.name}\` is not supported`);
  }
  for (const filter of filters) {
    const step = applyFilter(x, filter, match.path.value);
    if (step !== 'next') return step;
  }
  const { virtual } = rule;
  if (virtual?.direct) return respond(x, virtual.direct.status, ['content-type', 'text/plain'], virtual.direct.body);
  const step = virtual?.fault ? injectFault(x, virtual.fault) : 'next';
  if (step === 'next') return chooseBackend(x, rule);
  if (step === 'done') return step;
  return step.then((settled) => (settled === 'next' ? chooseBackend(x, rule) : settled));
}

function chooseBackend(x: Exchange, rule: RouteRulePlan): Step | Promise<Step> {
  const backends = x.service.config.backends.get(rule);
  if (backends?.retry) x.retry = backends.retry;
  const choice = backends?.choose(x.runtime.ports.random.unit());
  if (choice === undefined)
    return broken(x, rule.backends.length === 0 ? 'the rule has no backend' : 'the backend cannot be resolved');
  x.destination = choice;
  return 'next';
}

function applyFilter(x: Exchange, filter: HttpRouteFilter, matchedPrefix: string): Step | Promise<Step> {
  switch (filter.type) {
    case 'RequestHeaderModifier': {
      changeHeaders(x.headers, filter.change);
      const host = filter.change.set.find(({ name }) => name.toLowerCase() === 'host');
      if (host) x.authority = host.value;
      return 'next';
    }
    case 'ResponseHeaderModifier':
      x.responseChanges = [...x.responseChanges, ...changesOf(filter.change)];
      return 'next';
    case 'URLRewrite': {
      const target = rewrite(x.path, x.query, filter.path, matchedPrefix, x.service.config.mesh.pathNormalization);
      if (target === undefined) return broken(x, 'the rewritten path is not a valid one');
      x.target = target;
      if (filter.hostname !== undefined) x.authority = filter.hostname;
      return 'next';
    }
    case 'RequestRedirect':
      return respond(x, filter.statusCode, ['location', redirect(x, filter, matchedPrefix)], '');
    case 'Unsupported':
      return broken(x, `the filter \`${filter.name}\` is not supported`);
    default:
      return unreachable(filter);
  }
}

function broken(x: Exchange, text: string): Step | Promise<Step> {
  const { rule } = x.route!;
  return refuse(x, { status: 500, code: 'config.closed', reasons: [reason('DEFAULT', 'route', [], rule.id, rule.at, text)] });
}
