// Who is bound to what: RoleBindings and ClusterRoleBindings with their subjects made uniform.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { listAt, objectAt, textAt } from '#base/raw.ts';
import { rbacResources } from './roles.ts';
import type { EffectiveRole, Roles } from './roles.ts';

/** A user `system:serviceaccount:ns:name` is given as the service account that it is. */
export type Subject =
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string; readonly path: Path }
  | { readonly kind: 'User' | 'Group'; readonly name: string; readonly path: Path };

export interface Binding {
  readonly resource: Resource;
  /** Where what it gives holds; undefined for the whole cluster. */
  readonly namespace: string | undefined;
  readonly roleKind: 'Role' | 'ClusterRole';
  readonly roleName: string;
  /** Undefined when no document and no built-in role has the name. */
  readonly role: EffectiveRole | undefined;
  readonly subjects: readonly Subject[];
}

/** Every binding of the system, in order. */
export function bindingsOf(system: System, roles: Roles): readonly Binding[] {
  return rbacResources(system, 'RoleBinding', 'ClusterRoleBinding').map((resource) => {
    const { namespace } = resource.metadata;
    const ref = objectAt(resource.body, 'roleRef');
    const roleKind = textAt(ref, 'kind') === 'Role' ? 'Role' : 'ClusterRole';
    const roleName = textAt(ref, 'name') ?? '';
    return {
      resource,
      namespace: resource.kind === 'ClusterRoleBinding' ? undefined : namespace,
      roleKind,
      roleName,
      role: roles.find(roleKind, namespace, roleName),
      subjects: listAt(resource.body, 'subjects').flatMap((raw, index) => subjectOf(raw, ['subjects', index], namespace)),
    };
  });
}

function subjectOf(raw: unknown, path: Path, namespace: string): readonly Subject[] {
  const name = textAt(raw, 'name');
  if (name === undefined) return [];
  switch (textAt(raw, 'kind')) {
    case 'ServiceAccount':
      return [{ kind: 'ServiceAccount', namespace: textAt(raw, 'namespace') ?? namespace, name, path }];
    case 'Group':
      return [{ kind: 'Group', name, path }];
    case 'User': {
      const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
      return account
        ? [{ kind: 'ServiceAccount', namespace: account[1]!, name: account[2]!, path }]
        : [{ kind: 'User', name, path }];
    }
    default:
      return [];
  }
}
