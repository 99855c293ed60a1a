import { unreachable } from '#base/assert.ts';
import type { HttpRouteFilter } from '#model/gateway.ts';
import type { RouteChoice } from '#plan/route.ts';
import { corsChanges, isPreflight, preflightHeaders } from '../cors.ts';
import { injectFault } from '../fault.ts';
import { chooseMirrors } from '../mirror.ts';
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
  const { route } = x;
  const { rule, match } = route;
  const { timeouts, filters } = rule.rule;
  x.requestTimeoutMs = timeouts?.requestMs ?? 0;
  x.backendTimeoutMs = timeouts?.backendRequestMs ?? 0;
  const refused = applyAll(x, filters, match.path.value);
  if (refused !== 'next') return refused;
  const { virtual } = rule;
  if (virtual?.direct) return respond(x, virtual.direct.status, ['content-type', 'text/plain'], virtual.direct.body);
  const step = virtual?.fault ? injectFault(x, virtual.fault) : 'next';
  if (step === 'next') return chooseBackend(x, route);
  if (step === 'done') return step;
  return step.then((settled) => (settled === 'next' ? chooseBackend(x, route) : settled));
}

function chooseBackend(x: Exchange, { rule, match }: RouteChoice): Step | Promise<Step> {
  const { config } = x.service;
  const { random } = x.runtime.ports;
  const backends = config.backends.get(rule);
  if (backends?.retry) x.retry = backends.retry;
  const choice = backends?.choose(random.unit());
  if (choice?.destination === undefined)
    return broken(x, rule.backends.length === 0 ? 'the rule has no backend' : 'the backend cannot be resolved');
  x.destination = choice.destination;
  const targets = config.mirrors.get(rule);
  if (targets !== undefined) x.mirrors = chooseMirrors(targets, () => random.unit());
  return choice.filters.length === 0 ? 'next' : applyAll(x, choice.filters, match.path.value);
}

/** All or none: a list with a filter that cannot be applied refuses before any of it is. */
function applyAll(x: Exchange, filters: readonly HttpRouteFilter[], matchedPrefix: string): Step | Promise<Step> {
  for (const filter of filters) {
    if (filter.type === 'Unsupported') return broken(x, `the filter \`${filter.name}\` is not supported`);
  }
  for (const filter of filters) {
    const step = applyFilter(x, filter, matchedPrefix);
    if (step !== 'next') return step;
  }
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
    case 'RequestRedirect': {
      const location = redirect(x, filter, matchedPrefix);
      if (location === undefined) return broken(x, 'the redirect leads to no valid place');
      return respond(x, filter.statusCode, ['location', location], '');
    }
    case 'RequestMirror':
      // Chosen with the backend, sent with the request.
      return 'next';
    case 'CORS':
      if (isPreflight(x)) return respond(x, 204, preflightHeaders(x, filter.cors), '');
      x.responseChanges = [...x.responseChanges, ...corsChanges(x.header('origin'), filter.cors)];
      return 'next';
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
