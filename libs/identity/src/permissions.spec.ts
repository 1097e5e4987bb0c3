import type { Caller, Permission } from './caller.js';
import { PERMISSIONS } from './caller.js';
import { requirePermission } from './permissions.js';

function caller(...permissions: Permission[]): Caller {
  return {
    keyId: 'ci',
    tenantId: 'acme',
    label: 'ci',
    permissions: new Set(permissions),
    keyPolicy: null,
    tenantPolicy: null,
    compat: new Set(),
  };
}

describe('a permission check', () => {
  it.each(PERMISSIONS)('lets through who has %s', (permission) => {
    expect(() => requirePermission(caller(permission), permission)).not.toThrow();
  });

  it.each(PERMISSIONS)('refuses who has everything but %s, and names it', (permission) => {
    const others = PERMISSIONS.filter((other) => other !== permission);

    expect(() => requirePermission(caller(...others), permission)).toThrow(
      expect.objectContaining({ code: 'permission', message: expect.stringContaining(`"${permission}"`) }),
    );
  });

  it('does not take admin for everything', () => {
    expect(() => requirePermission(caller('admin'), 'inference')).toThrow();
  });
});
