// Conditions as Gateway API names them (GatewayConditionType, ListenerConditionType, RouteConditionType), made from what the plan does.
import type { Gateway, GatewayListener, ParentRef, Route } from '#model/gateway.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { ListenerFault } from './gateway-listeners.ts';
import type { Condition, ResourceStatus } from './plan.ts';

function condition(type: Condition['type'], status: boolean, reason: string, message = ''): Condition {
  return { type, status, reason, message };
}

/** @param open how many of its listeners serve */
export function gatewayStatus(gateway: Gateway, open: number): ResourceStatus {
  const { namespace, name } = gateway.metadata;
  const all = gateway.spec.listeners.length;
  return {
    resource: `Gateway ${namespace}/${name}`,
    part: '',
    conditions: [
      open === all || open > 0
        ? condition(
            'Accepted',
            true,
            open === all ? 'Accepted' : 'ListenersNotValid',
            open === all ? '' : `${all - open} of ${all} listeners are closed`,
          )
        : condition('Accepted', false, 'ListenersNotValid', 'every listener is closed'),
      open > 0 ? condition('Programmed', true, 'Programmed') : condition('Programmed', false, 'Invalid', 'no listener serves'),
    ],
    at: formatLocation(originOf(gateway)),
  };
}

/** @param placed whether it has an address @param attached routes it takes */
export function listenerStatus(
  gateway: Gateway,
  listener: GatewayListener,
  fault: ListenerFault | undefined,
  placed: boolean,
  attached: number,
): ResourceStatus {
  const { namespace, name } = gateway.metadata;
  const of = (type: Condition['type'], good: string): Condition =>
    fault?.type === type ? condition(type, false, fault.reason, fault.message) : condition(type, true, good);
  const conflicted = fault?.type === 'Conflicted';
  const routes = `${attached} ${attached === 1 ? 'route' : 'routes'} attached`;
  return {
    resource: `Gateway ${namespace}/${name}`,
    part: listener.name,
    conditions: [
      conflicted ? condition('Accepted', false, fault.reason, fault.message) : of('Accepted', 'Accepted'),
      of('ResolvedRefs', 'ResolvedRefs'),
      conflicted ? condition('Conflicted', true, fault.reason, fault.message) : condition('Conflicted', false, 'NoConflicts'),
      fault || !placed
        ? condition('Programmed', false, fault ? 'Invalid' : 'Pending', fault?.message ?? 'it has no address')
        : condition('Programmed', true, 'Programmed', routes),
    ],
    at: formatLocation(originOf(gateway, ['spec', 'listeners', gateway.spec.listeners.indexOf(listener)])),
  };
}

/** @param refusal why the parent does not take the route @param unresolved the first reference that leads nowhere */
export function routeStatus(
  route: Route,
  parent: ParentRef,
  refusal: ListenerFault | undefined,
  unresolved: ListenerFault | undefined,
): ResourceStatus {
  const { namespace, name } = route.metadata;
  const section = parent.sectionName === undefined ? '' : `/${parent.sectionName}`;
  const port = parent.port === undefined ? '' : `:${parent.port}`;
  return {
    resource: `${route.kind} ${namespace}/${name}`,
    part: `${parent.kind} ${parent.namespace ?? namespace}/${parent.name}${section}${port}`,
    conditions: [
      refusal ? condition('Accepted', false, refusal.reason, refusal.message) : condition('Accepted', true, 'Accepted'),
      unresolved
        ? condition('ResolvedRefs', false, unresolved.reason, unresolved.message)
        : condition('ResolvedRefs', true, 'ResolvedRefs'),
    ],
    at: formatLocation(originOf(route)),
  };
}
