import { Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, UseGuards } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Caller, KeyChange, NewKey, StoredKey } from '@switchyard/identity';
import { DEFAULT_TENANT } from '../config/callers.js';
import { compatFlags } from '../config/caller-sections.js';
import { RequestBody } from '../control/admission.js';
import { QueryPipe } from '../control/query.pipe.js';
import { AdminBodyPipe } from './admin-body.pipe.js';
import { AdminGuard, Administrator } from './admin.guard.js';
import { AdminStores } from './admin-stores.js';
import { KeyChangeForm, KeyListQuery, NewKeyForm, RotationForm } from './caller-forms.js';
import { configKeyJson, storedKeyJson } from './caller-json.js';
import { CallerIdPipe } from './caller-id.pipe.js';
import { refuseUncountableLimits } from './countable-limits.js';
import { mergedPage } from './merged-page.js';
import type { Page } from './merged-page.js';
import { momentOf } from '../config/moment.js';
import { OPS_PARTS } from './ops-parts.js';
import type { OpsParts } from './ops-parts.js';
import { readForm } from './read-form.js';

const PAGE_SIZE = 100;

interface KeyAnswer {
  readonly data: JsonObject;
}

/** The only answers that ever carry a secret. */
interface IssuedAnswer extends KeyAnswer {
  readonly secret: string;
}

/** Keys: those of the database can be made, changed, rotated and revoked, those of the configuration file only seen. */
@Controller('admin/v1/keys')
@UseGuards(AdminGuard)
export class KeysController {
  constructor(
    @Inject(OPS_PARTS) private readonly parts: OpsParts,
    private readonly stores: AdminStores,
  ) {}

  @Post()
  async create(@Administrator() by: Caller, @RequestBody(AdminBodyPipe) body: JsonObject): Promise<IssuedAnswer> {
    const form = readForm(NewKeyForm, body);
    const config = this.parts.config();
    refuseUncountableLimits(form.limits, config);
    const input = newKey(form, body, config.security.defaultPermissions);
    if (input.id !== null && this.isConfigured(input.id)) {
      throw new GatewayError('conflict', `A key of the configuration file has the id "${input.id}".`, { param: 'id' });
    }
    const { key, secret } = await this.stores.change(
      (store) => store.create(input, (tenant) => config.tenants.has(tenant)),
      (issued) => ({ by, what: 'key created', id: issued.key.id }),
    );
    return { data: view(key), secret };
  }

  @Get()
  async list(@Query(new QueryPipe(KeyListQuery, 'refused')) query: KeyListQuery): Promise<Page> {
    const { tenant, cursor } = query;
    const limit = Number(query.limit ?? PAGE_SIZE);
    const stored = await this.stores.identity((store) =>
      store.list({
        limit: limit + 1,
        ...(tenant !== undefined && { tenant }),
        ...(cursor !== undefined && { afterId: cursor }),
      }),
    );
    const configured = this.parts.config().keys.filter(({ tenantId }) => tenant === undefined || tenantId === tenant);
    return mergedPage(
      configured.map((key) => ({ id: key.keyId, view: configKeyJson(key, Date.now()) })),
      stored.map((key) => ({ id: key.id, view: view(key) })),
      { limit, cursor },
    );
  }

  @Get(':id')
  async find(@Param('id', CallerIdPipe) id: string): Promise<KeyAnswer> {
    const configured = this.parts.config().keys.find(({ keyId }) => keyId === id);
    if (configured !== undefined) return { data: configKeyJson(configured, Date.now()) };
    const key = await this.stores.identity((store) => store.find(id));
    if (key === null) throw new GatewayError('not_found', 'No key has this id.');
    return { data: view(key) };
  }

  @Patch(':id')
  async update(
    @Administrator() by: Caller,
    @Param('id', CallerIdPipe) id: string,
    @RequestBody(AdminBodyPipe) body: JsonObject,
  ): Promise<KeyAnswer> {
    this.refuseConfigured(id);
    const form = readForm(KeyChangeForm, body);
    const config = this.parts.config();
    refuseUncountableLimits(form.limits, config);
    const change = keyChange(form, body, id, config.security.defaultPermissions);
    const key = await this.stores.change(
      (store) => store.update(id, change),
      () => ({ by, what: 'key changed', id }),
    );
    return { data: view(key) };
  }

  /** Revokes the key. Doing it again answers the same. */
  @Delete(':id')
  async revoke(@Administrator() by: Caller, @Param('id', CallerIdPipe) id: string): Promise<KeyAnswer> {
    this.refuseConfigured(id);
    const key = await this.stores.change(
      (store) => store.revoke(id),
      () => ({ by, what: 'key revoked', id }),
    );
    return { data: view(key) };
  }

  @Post(':id/rotate')
  @HttpCode(200)
  async rotate(
    @Administrator() by: Caller,
    @Param('id', CallerIdPipe) id: string,
    @RequestBody(AdminBodyPipe) body: JsonObject,
  ): Promise<IssuedAnswer> {
    this.refuseConfigured(id);
    const { grace_s: graceS } = readForm(RotationForm, body);
    const { key, secret } = await this.stores.change(
      (store) => store.rotate(id, (graceS ?? 0) * 1_000),
      () => ({ by, what: 'key rotated', id }),
    );
    return { data: view(key), secret };
  }

  private isConfigured(id: string): boolean {
    return this.parts.config().keys.some(({ keyId }) => keyId === id);
  }

  private refuseConfigured(id: string): void {
    if (!this.isConfigured(id)) return;
    throw new GatewayError('conflict', `The key "${id}" is one of the configuration file, and is changed there.`);
  }
}

function view(key: StoredKey): JsonObject {
  return storedKeyJson(key, Date.now());
}

/** Rules are stored as they were sent: the form has only checked them. */
function newKey(form: NewKeyForm, body: JsonObject, defaults: NewKey['permissions']): NewKey {
  return {
    id: form.id ?? null,
    tenant: form.tenant ?? DEFAULT_TENANT,
    label: form.label ?? null,
    permissions: form.permissions ?? defaults,
    policy: rulesIn(body, 'policy'),
    limits: rulesIn(body, 'limits'),
    compat: compatFlags(form.compat),
    expiresAtMs: expiryOf(form),
  };
}

function keyChange(form: KeyChangeForm, body: JsonObject, id: string, defaults: NewKey['permissions']): KeyChange {
  return {
    ...(form.label !== undefined && { label: form.label ?? id }),
    ...(form.permissions !== undefined && { permissions: form.permissions ?? defaults }),
    ...(form.policy !== undefined && { policy: rulesIn(body, 'policy') }),
    ...(form.limits !== undefined && { limits: rulesIn(body, 'limits') }),
    ...(form.expires_at !== undefined && { expiresAtMs: expiryOf(form) }),
  };
}

function rulesIn(body: JsonObject, name: 'policy' | 'limits'): JsonObject | null {
  return (body[name] ?? null) as JsonObject | null;
}

function expiryOf({ expires_at: expiresAt }: KeyChangeForm): number | null {
  return expiresAt === undefined || expiresAt === null ? null : momentOf(expiresAt);
}
